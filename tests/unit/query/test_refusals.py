"""What is no type, no filter, no field, no number and no row is refused by name, on every database alike."""

from __future__ import annotations

import pytest

from doclife.core.errors import DataError, ValidationError
from doclife.query.db import db
from doclife.query.lists import get_all
from tests.unit.query.kit import QueryTestInvoice, store

INVOICE = "Query Test Invoice"


class NoDocument:
    pass


@pytest.fixture(autouse=True)
def invoices(context):
    store(context, QueryTestInvoice, *({"name": name, "visits": 1, "customer": name} for name in "ABC"))


REFUSED = {
    "a number for a type": (lambda: get_all(5), "a document type is its name or its class, not 5"),
    "nothing for a type": (lambda: db.get_value(None, "A"), "not None"),
    "another class for a type": (lambda: db.count(NoDocument), "a document type is its name or its class"),
    "a dict for a type": (lambda: db.delete({"doctype": INVOICE}, {}), "a document type is its name or its class"),
    "an object for filters": (lambda: get_all(INVOICE, NoDocument()), "is no form of filters"),
    "a number for a field of a filter": (lambda: get_all(INVOICE, {5: 1}), "names its field by text, not 5"),
    "a number for fields": (lambda: get_all(INVOICE, fields=5), "5 is no field"),
    "nothing for a field": (lambda: get_all(INVOICE, fields=[None]), "None is no field"),
    "no fields of a value": (lambda: db.get_value(INVOICE, "A", []), "no field was asked for"),
    "a number for a field of a value": (lambda: db.get_value(INVOICE, "A", 5), "5 is no field"),
    "a number for pluck": (lambda: get_all(INVOICE, pluck=5), "5 is no field"),
    "a word for a limit": (
        lambda: get_all(INVOICE, limit="all"),
        "limit is a whole number of rows, or None, not 'all'",
    ),
    "a limit below 0": (lambda: get_all(INVOICE, limit=-1), "limit is a whole number"),
    "a start below 0": (lambda: get_all(INVOICE, start="-5"), "start is a whole number"),
    "a limit without end": (lambda: get_all(INVOICE, limit=2**63), "limit is a whole number"),
    "an infinite limit": (lambda: db.select(QueryTestInvoice).limit(float("inf")).all(), "limit is a whole number"),
    "a text for update": (lambda: get_all(INVOICE, update="x"), "update takes a dict"),
    "a number for an order": (lambda: get_all(INVOICE, order_by=5), "5 is no field to group or order by"),
    "nothing for a column": (lambda: db.set_value(INVOICE, "A", None, 1), "a column is named by text, not None"),
    "a number for a column": (lambda: db.bulk_insert(INVOICE, ["name", 5], [["N", 1]]), "a column is named by text"),
    "a list for a value": (lambda: db.set_value(INVOICE, "A", "customer", ["x"]), "a list is no single value"),
    "chunks of nothing": (lambda: db.bulk_insert(INVOICE, ["name"], [["N"]], chunk_size=0), "chunk_size=0"),
    "nothing for a row": (lambda: db.bulk_insert(INVOICE, ["name"], [None]), "None is no row"),
    "a text for a row": (lambda: db.bulk_insert(INVOICE, ["name"], ["N"]), "'N' is no row"),
    "a number for rows": (lambda: db.bulk_insert(INVOICE, ["name"], 5), "5 are no rows"),
    "a list for updates": (lambda: db.bulk_update(INVOICE, [("A", {"visits": 1})]), "bulk_update takes"),
    "nothing for a table": (lambda: db.table_exists(None), "a document type is its name or its class"),
    "a NUL in a pattern": (lambda: get_all(INVOICE, {"customer": ["like", "A\0"]}), "cannot have a NUL"),
    "a NUL in an expression": (lambda: get_all(INVOICE, {"customer": ["regex", "A\0"]}), "cannot have a NUL"),
    "every letter there is": (
        lambda: get_all(INVOICE, {"customer": ["not like", "".join(map(chr, range(0x370, 0x590)))]}),
        "too many different letters",
    ),
    "no columns of an index": (lambda: db.add_index(INVOICE, []), "an index needs a column"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_by_name(what):
    refused, message = REFUSED[what]
    with pytest.raises(ValidationError, match=message):
        refused()
    assert db.count(INVOICE) == 3


@pytest.mark.parametrize(
    ("values", "message"),
    [(({"a": 1},), "a dict is no value of a statement"), (([[1]],), "a list is no value of a statement")],
)
def test_a_value_of_a_text_is_a_single_one(values, message):
    with pytest.raises(DataError, match=message):
        db.sql("SELECT %s", values)


@pytest.mark.parametrize("text", [None, 5, ["SELECT 1"]], ids=str)
def test_a_statement_is_a_text(text):
    with pytest.raises(DataError, match=r"sql\(\) runs a text"):
        db.sql(text)


def test_bytes_that_are_no_text_cannot_be_escaped():
    with pytest.raises(DataError, match="bytes of UTF-8"):
        db.escape(b"\xff")


@pytest.mark.parametrize("nobody", [[], (), set(), "[]", " [] "], ids=repr)
def test_an_empty_list_of_names_writes_nothing(nobody):
    assert db.set_value(INVOICE, nobody, "visits", 9) == 0
    assert db.delete(INVOICE, nobody) == 0
    assert db.get_values(INVOICE, {}, "visits", pluck=True) == [1, 1, 1]
    assert len(get_all(INVOICE, nobody)) == 3  # as filters of a list they are no condition
    assert db.set_value(INVOICE, {}, "visits", 9) == 3


def test_numbers_that_are_texts_are_numbers():
    assert get_all(INVOICE, limit="2", start="1", order_by="name", pluck="name") == ["B", "C"]
    assert get_all(INVOICE, limit_page_length=0, limit_start=None, order_by="name", pluck="name") == ["A", "B", "C"]


def test_whether_the_site_has_a_document_type():
    assert db.exists("DocType", INVOICE) == INVOICE
    assert db.exists("DocType", "Query Test Absent") is None
    assert get_all(INVOICE, {"customer": ["regex", None]}) == []
