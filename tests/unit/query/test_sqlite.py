"""What only SQLite does: one lock for the whole database, amounts of 15 digits, texts for dates."""

from datetime import date

import pytest

from doclife.core.amount import Amount
from doclife.core.errors import DataError, QueryTimeoutError
from doclife.query.db import db
from tests.unit.query.kit import QueryTestInvoice, another_unit, store

INVOICE = "Query Test Invoice"

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True, scope="module")


@pytest.fixture(autouse=True)
def invoices(context):
    store(
        context, QueryTestInvoice, {"name": "A", "net_total": "0.1", "posting_date": date(2026, 1, 31)}, {"name": "B"}
    )


def test_wait_false_does_not_wait_for_the_database_and_later_calls_do(context):
    db.set_value(INVOICE, "A", "customer", "y")
    with another_unit(context) as other:
        with pytest.raises(QueryTimeoutError):
            db.get_value(INVOICE, "B", "customer", for_update=True, wait=False)
        assert other.link.rows("PRAGMA busy_timeout") == [(5000,)]


def test_amounts_it_cannot_keep_are_refused():
    with pytest.raises(DataError, match="15 significant digits"):
        db.get_all(INVOICE, {"net_total": Amount("1234567890123.123456")})
    assert db.count(INVOICE) == 2


def test_raw_rows_are_what_the_driver_gives():
    assert db.sql("SELECT posting_date, net_total FROM `tabQuery Test Invoice` WHERE name = 'A'") == (
        ("2026-01-31", 0.1),
    )


def test_a_backslash_needs_no_escape():
    assert db.escape("back\\slash") == "'back\\slash'"
