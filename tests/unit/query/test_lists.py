"""get_all and get_list: limits, forms of the answer, permissions."""

from datetime import datetime

import pytest

from doclife.core.errors import PermissionDenied, UnknownDoctypeError, UnknownFieldError, ValidationError
from doclife.query.lists import get_all, get_list
from tests.unit.query.kit import (
    QueryTestInvoice,
    QueryTestItem,
    QueryTestOutlet,
    QueryTestSettings,
    count_statements,
    give,
    store,
)

INVOICE = "Query Test Invoice"


@pytest.fixture(autouse=True)
def invoices(context):
    store(
        context,
        QueryTestInvoice,
        {
            "name": "A",
            "customer": "x",
            "creation": datetime(2026, 1, 1),
            "owner": "asha",
            "outlet": "PUNE",
            "margin": 7,
        },
        {"name": "B", "customer": "x", "creation": datetime(2026, 1, 3), "owner": "ben", "outlet": "PUNE", "margin": 8},
        {"name": "C", "customer": "y", "creation": datetime(2026, 1, 2), "owner": "asha", "outlet": None, "margin": 9},
    )
    store(context, QueryTestOutlet, {"name": "PUNE", "city": "Pune"})
    row = {"parenttype": INVOICE, "parentfield": "items"}
    store(
        context,
        QueryTestItem,
        {"name": "1", "parent": "A", "item_code": "CONE", **row},
        {"name": "2", "parent": "B", "item_code": "TUB", **row},
    )
    give(context, asha="Query Clerk", ben="Query Clerk", mira="Query Manager")
    return context


def test_the_types_order_limits_and_offsets():
    assert get_all(INVOICE) == [{"name": "B"}, {"name": "C"}, {"name": "A"}]
    assert get_all(QueryTestInvoice, pluck="name") == ["B", "C", "A"]
    for limit in ("limit", "page_length", "limit_page_length"):
        assert get_all(INVOICE, pluck="name", **{limit: 2}) == ["B", "C"]
        assert len(get_all(INVOICE, **{limit: 0})) == 3
    for start in ("start", "limit_start"):
        assert get_all(INVOICE, pluck="name", **{start: 1}) == ["C", "A"]
        assert get_all(INVOICE, pluck="name", limit=1, **{start: 1}) == ["C"]
    assert get_all(INVOICE, pluck="name", order_by="creation") == ["A", "C", "B"]
    assert sorted(get_all(INVOICE, pluck="name", order_by=None)) == ["A", "B", "C"]


def test_forms_of_the_answer():
    assert get_all(INVOICE, {"customer": "x"}, ["name", "customer"], as_list=True) == (("B", "x"), ("A", "x"))
    assert get_all(INVOICE, fields=["name", "customer as c"], pluck="c") == ["x", "y", "x"]
    with pytest.raises(ValidationError, match="pluck='customer' is not among the fields name"):
        get_all(INVOICE, fields=["name"], pluck="customer")
    row = get_all(INVOICE, "A", ["name"])[0]
    assert (row.name, row.nothing) == ("A", None)


def test_filters_and_fields_may_change_places():
    expected = [{"name": "C", "customer": "y"}]
    assert get_all(INVOICE, {"customer": "y"}, ["name", "customer"]) == expected
    assert get_all(INVOICE, ["name", "customer"], {"customer": "y"}) == expected
    assert get_all(INVOICE, ["name", "customer"], [["customer", "=", "y"]]) == expected
    assert get_all(INVOICE, ["name", "customer"])[1] == expected[0]
    assert get_all(INVOICE, ["A", "C"]) == [{"name": "C"}, {"name": "A"}]  # names of documents


def test_one_statement_reads_a_list(context):
    get_all(INVOICE)
    texts = count_statements(context)
    context.unit.rollback()
    get_all(INVOICE, {"outlet.city": "Pune"}, ["name", "outlet.city", "items.item_code"])
    assert len(texts) == 1


def test_unknown_names():
    with pytest.raises(UnknownDoctypeError, match="Did you mean 'Query Test Invoice'"):
        get_all("Query Test Invoce")
    with pytest.raises(UnknownFieldError, match="Did you mean 'customer'"):
        get_all(INVOICE, order_by="custmer")


def test_lists_show_what_the_rules_grant(context):
    assert len(get_list(INVOICE)) == 3  # Administrator
    context.user = "mira"
    assert len(get_list(INVOICE)) == 3
    context.user = "asha"
    assert get_list(INVOICE, pluck="name") == ["C", "A"]  # her own
    assert get_list(INVOICE, {"customer": "x"}, pluck="name") == ["A"]
    assert get_list(INVOICE, or_filters=[["name", "A"], ["name", "B"]], pluck="name") == ["A"]
    assert get_list(INVOICE, user="ben", pluck="name") == ["B"]
    assert get_list(INVOICE, ignore_permissions=True, fields=["count(name) as n"])[0].n == 3
    assert len(get_all(INVOICE)) == 3
    context.user = "nobody"
    with pytest.raises(
        PermissionDenied, match="nobody may not read Query Test Invoice; Query Clerk, Query Manager may"
    ):
        get_list(INVOICE)


def test_linked_documents_need_a_right_of_their_own(context):
    context.user = "asha"
    assert get_list(INVOICE, fields=["name", "outlet.city"], order_by="name") == [
        {"name": "A", "city": "Pune"},
        {"name": "C", "city": None},
    ]
    context.user = "mira"
    with pytest.raises(PermissionDenied, match="mira may not read Query Test Outlet"):
        get_list(INVOICE, {"outlet.city": "Pune"})
    with pytest.raises(PermissionDenied, match="mira may not read Query Test Settings"):
        get_list(QueryTestSettings)


def test_hidden_fields_are_left_out_and_cannot_be_asked_about(context):
    context.user = "asha"
    assert get_list(INVOICE, {"name": "A"}, ["name", "margin", "sum(margin) as m"]) == [{"name": "A"}]
    assert "margin" not in get_list(INVOICE, {"name": "A"}, "*")[0]
    assert get_list(INVOICE, fields=["margin"]) == []
    assert get_list(INVOICE, fields=[QueryTestInvoice.margin], as_list=True) == ()
    for question in (
        {"filters": {"margin": [">", 5]}},
        {"order_by": "margin"},
        {"filters": {"secret": ["like", "a%"]}},
    ):
        with pytest.raises(PermissionDenied, match=r"you may not read Query Test Invoice|secret is a password"):
            get_list(INVOICE, **question)
    with pytest.raises(PermissionDenied):
        get_list(INVOICE, filters=QueryTestInvoice.margin > 5)
    context.user = "mira"
    assert get_list(INVOICE, {"margin": [">", 8]}, ["name", "margin", "secret"]) == [{"name": "C", "margin": 9}]


def test_child_rows_are_seen_with_their_documents(context):
    context.user = "asha"
    with pytest.raises(PermissionDenied, match="parent_doctype="):
        get_list("Query Test Item")
    assert get_list("Query Test Item", parent_doctype=INVOICE, pluck="item_code") == ["CONE"]
    assert get_list("Query Test Item", parent_doctype=INVOICE, user="mira", pluck="item_code", order_by="name") == [
        "CONE",
        "TUB",
    ]
    with pytest.raises(ValidationError, match="has no rows of Query Test Item"):
        get_list("Query Test Item", parent_doctype="Query Test Outlet")
