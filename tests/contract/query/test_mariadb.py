"""What only MariaDB does: it commits by itself around changes of the schema, and takes backslashes for escapes."""

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
