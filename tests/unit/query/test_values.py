"""get_value, get_values, exists, count: forms, singles, locks, and what they cost."""

from datetime import date, datetime

import pytest

from doclife.core import clock
from doclife.core.amount import Amount
from doclife.core.errors import QueryTimeoutError, UnknownDoctypeError, UnknownFieldError, ValidationError
from doclife.query.db import db
from tests.unit.query.kit import QueryTestInvoice, QueryTestItem, QueryTestOutlet, another_unit, count_statements, store

INVOICE, SETTINGS = "Query Test Invoice", "Query Test Settings"


@pytest.fixture(autouse=True)
def invoices(context):
    store(
        context,
        QueryTestInvoice,
        {"name": "A", "customer": "x", "net_total": 10, "creation": datetime(2026, 1, 1), "extra": {"k": [1]}},
        {"name": "B", "customer": "x", "net_total": 20, "creation": datetime(2026, 1, 2), "visits": 3},
        {"name": "C", "customer": "y", "net_total": 30, "creation": datetime(2026, 1, 3)},
    )
    row = {"parent": "A", "parenttype": INVOICE, "parentfield": "items"}
    store(context, QueryTestItem, {"name": "1", "qty": 1, **row}, {"name": "2", "qty": 2, **row})
    return context


def test_one_field_is_a_value_a_list_a_tuple():
    assert db.get_value(INVOICE, "A") == "A"
    assert db.get_value(INVOICE, "A", "net_total") == Amount(10)
    assert type(db.get_value(INVOICE, "A", "net_total")) is Amount
    assert db.get_value(QueryTestInvoice, "A", ["customer", "net_total"]) == ("x", Amount(10))
    assert db.get_value(INVOICE, "A", ("customer", "customer")) == ("x", "x")
    assert db.get_value(INVOICE, "A", ["customer"]) == ("x",)
    assert db.get_value(INVOICE, "A", "customer, name") == ("x", "A")
    assert db.get_value(INVOICE, "A", "customer", as_dict=True) == {"customer": "x"}
    assert db.get_value(INVOICE, "A", ["customer", "name"], as_dict=1).customer == "x"
    assert db.get_value(INVOICE, "A", "*").net_total == Amount(10)
    assert db.get_value(INVOICE, "A", "*", as_dict=True) == db.get_value(INVOICE, "A", "*")
    assert db.get_value(INVOICE, "A", QueryTestInvoice.net_total) == Amount(10)
    assert db.get_value(INVOICE, "A", "extra") == {"k": [1]}
    assert db.get_value(INVOICE, {"name": "A"}, "extra") == {"k": [1]}


def test_the_first_that_filters_match():
    assert db.get_value(INVOICE, {"customer": "x"}) == "B"  # the type's order: the latest first
    assert db.get_value(INVOICE, {"customer": "x"}, "name", order_by="net_total asc") == "A"
    assert db.get_value(INVOICE, [["net_total", ">", 15]], ["name"], order_by="name") == ("B",)
    assert db.get_value(INVOICE, {}, "name") == "C"
    assert db.get_value(INVOICE, {"items.qty": 2}, ["name", "items.qty"]) == ("A", 2)


def test_aggregates_are_values():
    assert db.get_value(INVOICE, {"customer": "x"}, "sum(net_total)") == Amount(30)
    assert db.get_value(INVOICE, {"customer": "x"}, ["sum(net_total) as t", "count(name) as n"], as_dict=True) == {
        "t": Amount(30),
        "n": 2,
    }
    assert db.get_value(INVOICE, {"customer": "x"}, {"MAX": "visits"}) == 3
    assert db.get_value(INVOICE, {"customer": "nobody"}, "sum(net_total)") is None


@pytest.mark.parametrize("nothing", [None, "", "Z", {"customer": "z"}, '{"customer": "z"}'], ids=str)
def test_nothing_found_is_none(nothing):
    assert db.get_value(INVOICE, nothing, "customer") is None
    assert db.get_value(INVOICE, nothing, ["customer", "name"]) is None
    assert db.get_value(INVOICE, nothing, "*", as_dict=True) is None
    assert db.exists(INVOICE, nothing) is None


def test_unknown_names_are_reported():
    with pytest.raises(UnknownFieldError, match="Did you mean 'customer'"):
        db.get_value(INVOICE, "A", "custmer")
    with pytest.raises(UnknownFieldError, match="Did you mean 'customer'"):
        db.get_value(INVOICE, "A", ["name", "custmer"])
    with pytest.raises(UnknownDoctypeError, match="Did you mean 'Query Test Invoice'"):
        db.exists("Query Test Invoic", "A")
    with pytest.raises(ValidationError, match=r"from get_all\(\)"):
        db.get_values(INVOICE, {}, [{"items": ["qty"]}])


def test_values_of_many():
    assert db.get_values(INVOICE, {"customer": "x"}, ["name", "net_total"]) == [("B", Amount(20)), ("A", Amount(10))]
    assert db.get_values(INVOICE, {"customer": "x"}, "name") == [("B",), ("A",)]
    assert db.get_values(INVOICE, ["A", "C"], "name", pluck=True) == ["C", "A"]
    assert db.get_values(INVOICE, {}, "name", as_dict=True, limit=1) == [{"name": "C"}]
    assert sorted(db.get_values(INVOICE, {}, "customer", distinct=True, pluck=True)) == ["x", "y"]
    assert db.get_values(INVOICE, {}, "name", order_by="name", pluck=True) == ["A", "B", "C"]


def test_exists_takes_both_forms_and_leaves_the_dict_alone():
    assert db.exists(INVOICE, "A") == "A"
    assert db.exists(INVOICE, {"customer": "y"}) == "C"
    given = {"doctype": INVOICE, "customer": "y"}
    assert db.exists(given) == "C"
    assert given == {"doctype": INVOICE, "customer": "y"}
    assert db.exists(SETTINGS, SETTINGS) == SETTINGS
    assert db.exists(INVOICE, INVOICE) is None
    with pytest.raises(ValidationError, match="the key 'doctype'"):
        db.exists({"customer": "y"})


def test_count_counts_documents_once():
    assert db.count(INVOICE) == 3
    assert db.count(INVOICE, {"customer": "x"}) == 2
    assert db.count(INVOICE, {"items.qty": [">", 0]}) == 1  # two rows of one document
    assert db.count(INVOICE, "A") == 1


def test_a_single_that_nobody_saved_has_its_defaults(context):
    with clock.travel(datetime(2026, 3, 9, 20, 0), tick=False):
        assert db.get_single_value(SETTINGS, "limit") == Amount(100)
        assert db.get_value(SETTINGS, None, ["company", "opened"]) == ("ScoopJoy", date(2026, 3, 10))
        assert db.get_value(SETTINGS, SETTINGS, "*").company == "ScoopJoy"
        db.set_single_value(SETTINGS, "limit", "250.5")
    assert db.get_single_value(SETTINGS, "limit") == Amount("250.5")
    assert db.get_value(SETTINGS, None, ["company", "opened", "name"]) == ("ScoopJoy", date(2026, 3, 10), SETTINGS)
    db.set_value(SETTINGS, SETTINGS, {"company": "Other"})
    db.set_value(SETTINGS, None, "company", "Third")
    assert db.get_single_value(SETTINGS, "company") == "Third"
    assert db.count(SETTINGS) == 1
    assert db.get_value(SETTINGS, None, "count(name)") == 1
    assert db.get_value(SETTINGS, None, "company", for_update=True) == "Third"
    assert context.unit.link.writing


def test_a_lock_is_a_write_and_wait_false_does_not_wait(context):
    assert db.get_value(INVOICE, "A", "customer") == "x"
    assert not context.unit.link.writing
    assert db.get_value(INVOICE, "A", "customer", for_update=True) == "x"
    assert context.unit.link.writing
    with another_unit(context):
        started = clock.monotonic()
        with pytest.raises(QueryTimeoutError):
            db.get_value(INVOICE, "A", "customer", for_update=True, wait=False)
        assert clock.monotonic() - started < 2  # SQLite would wait for 5 s, MariaDB for 50
        assert db.get_value(INVOICE, "A", "customer") == "x"  # the transaction goes on, and reading needs no lock
    context.unit.commit()
    with another_unit(context):
        assert db.get_values(INVOICE, ["A", "B"], "name", for_update=True, wait=False, pluck=True) == ["B", "A"]


def test_values_by_name_are_one_compiled_statement(context):
    db.get_value(INVOICE, "A", "customer")
    lookups = QueryTestInvoice._blueprint.statements(context.unit.database.engine.dialect)._lookups
    before = len(lookups)
    for name in "ABC":
        db.get_value(INVOICE, name, "customer")
    assert len(lookups) == before
    texts = count_statements(context)
    context.unit.rollback()
    context.unit.link.close()  # the next connection is observed
    db.get_value(INVOICE, "A", "customer")
    db.get_value(INVOICE, {"customer": "x"}, "customer")
    db.exists(INVOICE, "A")
    assert len(texts) == 3


def test_linked_values(context):
    store(context, QueryTestOutlet, {"name": "PUNE", "city": "Pune"})
    db.set_value(INVOICE, "A", "outlet", "PUNE")
    assert db.get_value(INVOICE, "A", ["name", "outlet.city"]) == ("A", "Pune")
    assert db.get_value(INVOICE, "A", "outlet.city") == "Pune"
