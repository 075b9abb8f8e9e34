"""What only MariaDB does: it commits by itself around changes of the schema, and takes backslashes for escapes."""

from datetime import date, datetime

import pytest

from doclife.core.errors import TransactionControlError
from doclife.query.db import db
from tests.unit.query.kit import QueryTestInvoice, store

INVOICE = "Query Test Invoice"

pytestmark = [pytest.mark.mariadb, pytest.mark.parametrize("engine", ["mariadb"], indirect=True, scope="module")]


@pytest.fixture(autouse=True)
def invoices(context):
    store(context, QueryTestInvoice, {"name": "A", "visits": 1})


def test_what_would_commit_is_refused_after_a_write():
    db.set_value(INVOICE, "A", "visits", 9)
    for define in (lambda: db.sql("CREATE TABLE query_extra (a int)"), lambda: db.add_index(INVOICE, ["visits"])):
        with pytest.raises(TransactionControlError, match="commit first"):
            define()
    db.rollback()
    with db.savepoint(), pytest.raises(TransactionControlError, match="commit first"):
        db.sql("CREATE TABLE query_extra (a int)")
    assert db.get_value(INVOICE, "A", "visits") == 1
    db.sql("CREATE TABLE query_extra (a int)")
    db.sql("DROP TABLE query_extra")


def test_backslashes_are_escapes():
    assert db.escape("back\\slash") == "'back\\\\slash'"
    assert db.sql("SELECT 'it\\'s', \"update\" # delete") == (("it's", "update"),)


def test_dates_that_no_date_can_be_come_as_text():
    mode = db.sql("SELECT @@sql_mode")[0][0]
    db.sql("SET SESSION sql_mode = ''")
    try:
        dates = "CAST('0000-00-00' AS DATE), CAST('2026-00-00 10:00:00' AS DATETIME(6)), DATE '2026-01-31'"
        row = db.sql(f"SELECT {dates}")[0]
    finally:
        db.sql("SET SESSION sql_mode = %s", mode)
    assert row[:2] == ("0000-00-00", "2026-00-00 10:00:00.000000")
    assert row[2] == date(2026, 1, 31)


@pytest.mark.parametrize(
    "moment", [datetime(1, 1, 1), datetime(2026, 1, 31, 12, 30, 15, 10), datetime(9999, 12, 31, 23)]
)
def test_dates_and_times_come_back_as_they_were_sent(moment):
    text = "SELECT CAST(%s AS DATETIME(6)), CAST(%s AS DATE)"
    assert db.sql(text, (moment, moment.date())) == ((moment, moment.date()),)
