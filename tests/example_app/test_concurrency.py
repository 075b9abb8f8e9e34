"""Summaries are exact although several submit at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from threading import Barrier
from typing import Any

import doclife
from tests.example_app.conftest import add_outlet, submitted

THREADS, EACH = 4, 5


def test_no_invoice_is_lost_from_a_summary(committed_site: Any) -> None:
    with doclife.connect(committed_site):
        add_outlet("HARBOUR")
    together = Barrier(THREADS)

    def submit(first: int) -> None:
        with doclife.connect(committed_site):
            together.wait(30)
            for number in range(first, first + EACH):
                doclife.retry_on_conflict(partial(submitted, str(number), ("CUP", 1, "0.1")), attempts=20)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(submit, range(0, THREADS * EACH, EACH)))
    with doclife.connect(committed_site):
        [summary] = doclife.get_all("Franchise Sales Summary", fields=["total_sales", "total_royalty", "invoice_count"])
    # 20 invoices of 0.10 each
    assert (summary.invoice_count, summary.total_sales, summary.total_royalty) == (20, 2, Decimal("0.1"))
