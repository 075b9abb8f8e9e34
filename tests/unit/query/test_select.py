"""Typed queries: documents with their rows, columns, aggregates."""

from datetime import datetime
from typing import assert_type

import pytest

from doclife.core.amount import Amount
from doclife.core.errors import UnknownFieldError, ValidationError
from doclife.query.db import db
from tests.unit.query.kit import (
    QueryTestInvoice,
    QueryTestItem,
    QueryTestOutlet,
    QueryTestReturn,
    QueryTestSettings,
    count_statements,
    store,
)


@pytest.fixture(autouse=True)
def invoices(context):
    store(
        context,
        QueryTestInvoice,
        {"name": "A", "customer": "x", "net_total": "10.10", "outlet": "PUNE", "extra": {"a": [1]}},
        {"name": "B", "customer": "y", "net_total": "20.20", "outlet": "PUNE", "creation": datetime(2026, 1, 2)},
        {"name": "C", "customer": "x", "net_total": "30.30", "visits": 3, "creation": datetime(2026, 1, 1)},
    )
    store(context, QueryTestOutlet, {"name": "PUNE", "city": "Pune"})
    row = {"parenttype": "Query Test Invoice", "parentfield": "items"}
    store(
        context,
        QueryTestItem,
        {"name": "1", "idx": 2, "parent": "A", "item_code": "TUB", "qty": 5, **row},
        {"name": "2", "idx": 1, "parent": "A", "item_code": "CONE", "qty": 1, **row},
        {"name": "3", "idx": 1, "parent": "C", "item_code": "CONE", "qty": 9, **row},
    )
    row = {"parenttype": "Query Test Invoice", "parentfield": "returns", "parent": "A"}
    store(context, QueryTestReturn, {"name": "1", "idx": 1, "reason": "melted", **row})
    return context


def names(query):
    return [doc.name for doc in query]


def test_documents_as_get_doc_gives_them(context):
    (doc,) = db.select(QueryTestInvoice).where(QueryTestInvoice.name == "A")
    assert type(doc) is QueryTestInvoice
    assert doc.net_total == Amount("10.10")
    assert type(doc.net_total) is Amount
    assert doc.extra == {"a": [1]}
    assert [row.item_code for row in doc.items] == ["CONE", "TUB"]
    assert doc.items[0].parent_doc is doc
    assert [row.reason for row in doc.returns] == ["melted"]
    assert not doc.is_new()
    assert doc._state.loaded_in == context.unit.serial


def test_all_documents_cost_one_statement_and_one_per_table_field(context):
    texts = count_statements(context)
    context.unit.link.close()
    assert [len(doc.items) for doc in db.select(QueryTestInvoice).order_by("name")] == [2, 0, 1]
    assert len(texts) == 3
    texts.clear()
    assert db.select(QueryTestInvoice).where({"customer": "nobody"}).all() == []
    assert len(texts) == 1


def test_conditions_add_up():
    query = db.select(QueryTestInvoice)
    assert names(query.order_by(QueryTestInvoice.name)) == ["A", "B", "C"]
    narrow = query.where(QueryTestInvoice.customer == "x", QueryTestInvoice.net_total > 10.05).order_by("name desc")
    assert names(narrow) == ["C", "A"]
    assert names(narrow.where({"visits": [">", 0]})) == ["C"]
    assert names(narrow.where([["name", "like", "a%"]])) == ["A"]
    assert names(narrow) == ["C", "A"]  # each step is a query of its own
    assert names(query.where("B")) == ["B"]
    assert names(query.where((QueryTestInvoice.customer == "y") | (QueryTestInvoice.visits == 3)).order_by("name")) == [
        "B",
        "C",
    ]


def test_order_limit_and_first():
    query = db.select(QueryTestInvoice)
    assert names(query.where({"name": ["!=", "A"]})) == ["B", "C"]  # the type's order
    by_total = query.order_by(QueryTestInvoice.net_total.desc())
    assert names(by_total.limit(2)) == ["C", "B"]
    assert names(by_total.limit(2).offset(1)) == ["B", "A"]
    first = by_total.first()
    assert first is not None
    assert first.name == "C"
    assert query.where(QueryTestInvoice.customer == "nobody").first() is None
    assert len(query.order_by().all()) == 3


def test_conditions_on_rows_and_links_hold_for_a_document_once():
    query = db.select(QueryTestInvoice).order_by("name")
    assert names(query.where(QueryTestItem.qty > 0)) == ["A", "C"]
    assert query.where(QueryTestItem.qty > 0).count() == 2
    assert query.where(QueryTestItem.qty > 0).sum(QueryTestInvoice.net_total) == Amount("40.40")
    # of one row both must hold
    assert names(query.where(QueryTestItem.item_code == "CONE", QueryTestItem.qty > 5)) == ["C"]
    assert names(query.where({"items.item_code": "TUB"})) == ["A"]
    assert names(query.where(QueryTestOutlet.city == "Pune")) == ["A", "B"]
    with pytest.raises(ValidationError, match="nothing here links it"):
        query.where(QueryTestSettings.company == "x").all()
    with pytest.raises(ValidationError, match="cannot be ordered by their rows"):
        query.order_by("items.qty").all()


def test_subqueries_stay_what_they_are():
    from sqlalchemy import select

    pune = select(QueryTestOutlet.name).where(QueryTestOutlet.city == "Pune")
    assert names(db.select(QueryTestInvoice).where(QueryTestInvoice.outlet.in_(pune)).order_by("name")) == ["A", "B"]


def test_columns_without_documents():
    query = db.select(QueryTestInvoice).order_by("name")
    assert query.rows(QueryTestInvoice.name, QueryTestInvoice.net_total)[0] == ("A", Amount("10.10"))
    assert query.rows(QueryTestInvoice.name, QueryTestItem.item_code) in (
        [("A", "CONE"), ("A", "TUB"), ("B", None), ("C", "CONE")],
        [("A", "TUB"), ("A", "CONE"), ("B", None), ("C", "CONE")],
    )
    assert query.where({"customer": "x"}).limit(1).rows(QueryTestInvoice.extra) == [({"a": [1]},)]
    assert query.names() == ["A", "B", "C"]


def test_aggregates_have_the_columns_types():
    query = db.select(QueryTestInvoice)
    assert query.count() == 3
    assert query.limit(1).count() == 3
    total = query.sum(QueryTestInvoice.net_total)
    assert (total, type(total)) == (Amount("60.60"), Amount)
    assert query.sum(QueryTestInvoice.visits) == 3
    assert query.max(QueryTestInvoice.creation) == datetime(2026, 1, 2)
    assert query.min(QueryTestInvoice.customer) == "x"
    assert query.avg(QueryTestInvoice.net_total) == Amount("20.20")
    none = query.where(QueryTestInvoice.customer == "nobody")
    assert (none.sum(QueryTestInvoice.net_total), type(none.sum(QueryTestInvoice.net_total))) == (0, Amount)
    assert none.max(QueryTestInvoice.visits) is None
    with pytest.raises(ValidationError, match="is for numbers"):
        query.sum(QueryTestInvoice.customer)
    with pytest.raises(UnknownFieldError):
        query.where({"nothing": 1}).count()


def test_a_lock_is_a_write(context):
    query = db.select(QueryTestInvoice)
    query.all()
    assert not context.unit.link.writing
    assert names(query.where({"outlet.city": "Pune"}).order_by("name").for_update()) == ["A", "B"]
    assert context.unit.link.writing


def test_the_type_checker_knows_the_documents():
    query = db.select(QueryTestInvoice)
    assert_type(query.all(), list[QueryTestInvoice])
    assert_type(query.first(), QueryTestInvoice | None)
    assert_type(query.sum(QueryTestInvoice.net_total), Amount)
    assert_type(query.rows(QueryTestInvoice.visits, QueryTestInvoice.customer), list[tuple[int, str | None]])
    for doc in query:
        assert_type(doc, QueryTestInvoice)
