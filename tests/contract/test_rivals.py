"""Two processes that submit invoices of the same outlets at once: a little of `make rivals`."""

from __future__ import annotations

import pytest

from tests.contract.databases import MARKED
from tests.integration.rivals.run import compete
from tests.servers import server_url

#: of each process: so many of each of the three kinds
TRANSACTIONS, EACH = 24, 8


@pytest.mark.parametrize("database", MARKED)
def test_the_books_are_exact_and_nobody_has_seen_a_conflict(database, tmp_path):
    server = "" if database == "sqlite" else server_url(database)
    found = compete(tmp_path, server, "mixed", TRANSACTIONS, reader=True)
    assert (found["surfaced"], found["faults"]) == ([], [])
    assert found["transactions"] == 2 * TRANSACTIONS
    assert set(found["met"]) <= {"QueryDeadlockError", "TimestampMismatchError", "TransactionAborted"}
    assert found["conflicts_retried"] >= sum(found["met"].values())
    # n = 0, 1, 2, ... by turns one invoice of HARBOUR for 2.65, one of each outlet for 2.75, one of HARBOUR for 2.85
    assert found["summaries"] == {
        "HARBOUR": [pytest.approx(2 * EACH * (2.65 + 2.75 + 2.85)), 2 * EACH * 3],
        "MARKET": [pytest.approx(2 * EACH * 2.75), 2 * EACH],
    }
    assert found["careless_count"] == 2 * EACH, "no increment was lost that was made without a lock"
    assert found["reader_saw"] == [0, 0], "a transaction that only reads blocks nobody and sees one state"
