"""What only servers do: rows locked one by one, transactions that a refused statement aborts."""

import pytest

from doclife.core.errors import DataError, DuplicateEntryError
from doclife.database.link import Database
from doclife.query.db import db
from doclife.uow.unit import UnitOfWork
from tests.contract.databases import MARKED
from tests.unit.query.kit import QueryTestInvoice, another_unit, store

INVOICE = "Query Test Invoice"

pytestmark = pytest.mark.parametrize("engine", MARKED[1:], indirect=True, scope="module")


@pytest.fixture(autouse=True)
def invoices(context):
    store(context, QueryTestInvoice, *({"name": name, "customer": "x", "visits": 1} for name in "ABC"))


def test_locked_documents_are_passed_over(context):
    db.get_value(INVOICE, "A", "customer", for_update=True)
    with another_unit(context):
        found = db.get_values(INVOICE, {}, "name", order_by="name", for_update=True, skip_locked=True, pluck=True)
        assert found == ["B", "C"]
        assert db.get_value(INVOICE, "A", "customer", for_update=True, skip_locked=True) is None
        assert [doc.name for doc in db.select(QueryTestInvoice).order_by("name").for_update(skip_locked=True)] == [
            "B",
            "C",
        ]


REFUSED = {
    "raw read": lambda: db.sql("SELECT absent FROM `tabQuery Test Invoice`"),
    "raw write": lambda: db.sql("UPDATE `tabQuery Test Invoice` SET absent = 1"),
    "raw function": lambda: db.sql("SELECT absent(1)"),
    "value": lambda: db.set_value(INVOICE, "A", "name", "n" * 1000),
    "duplicate": lambda: db.bulk_insert(INVOICE, ["name"], [["Z"], ["A"]]),
}


@pytest.mark.parametrize("refused", REFUSED)
def test_a_refused_statement_leaves_the_transaction_usable(refused):
    with pytest.raises((DataError, DuplicateEntryError)):
        REFUSED[refused]()
    assert db.count(INVOICE) == 3
    db.set_value(INVOICE, "A", "visits", 5)
    with pytest.raises((DataError, DuplicateEntryError)):
        REFUSED[refused]()
    db.set_value(INVOICE, "B", "visits", 6)
    db.commit()
    assert db.get_values(INVOICE, {}, "visits", order_by="name", pluck=True) == [5, 6, 1]


def test_a_refused_list_leaves_a_transaction_usable_that_has_not_written():
    with pytest.raises(DataError):
        db.get_all(INVOICE, {"customer": ["regex", "("]})
    db.set_value(INVOICE, "A", "visits", 5)
    assert db.count(INVOICE) == 3


def test_a_refused_text_leaves_a_tests_outer_transaction_usable(context):
    database = Database(context.unit.database.engine)
    with database.engine.connect() as outer, outer.begin():
        database.outer = outer
        own, context.unit = context.unit, UnitOfWork(database)
        with pytest.raises(DataError):
            db.sql("SELECT absent FROM `tabQuery Test Invoice`")
        assert db.count(INVOICE) == 3
        context.unit.close()
        context.unit = own


def test_names_functions_and_signs_are_translated():
    text = "SELECT ifnull(`remarks`, '5%%') FROM `tabQuery Test Invoice` WHERE name = %s AND customer LIKE '%%x'"
    assert db.sql(text, "A") == (("5%",),)
    assert db.sql("SELECT '5%' FROM `tabQuery Test Invoice` WHERE name LIKE 'A%'") == (("5%",),)
