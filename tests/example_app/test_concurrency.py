"""Summaries are exact although several submit at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from threading import Barrier
from typing import Any

import pytest

import doclife
from example_app.doctypes.franchise_royalty_invoice import FranchiseRoyaltyInvoice
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


@pytest.mark.slow_on_servers
def test_a_month_is_closed_between_two_submits(committed_site: Any) -> None:
    with doclife.connect(committed_site):
        add_outlet("HARBOUR")
        submitted("first", ("CUP", 1, "0.1"))
    together = Barrier(THREADS)
    refusals: list[str] = []

    def submit(first: int) -> list[bool]:
        with doclife.connect(committed_site):
            together.wait(30)
            return [goes_in(str(number)) for number in range(first, first + EACH)]

    def goes_in(number: str) -> bool:
        try:
            doclife.retry_on_conflict(partial(submitted, number, ("CUP", 1, "0.1")), attempts=20)
        except doclife.ValidationError as error:
            refusals.append(str(error))
            doclife.rollback()
            return False
        return True

    def close() -> list[bool]:
        with doclife.connect(committed_site):
            together.wait(30)
            doclife.retry_on_conflict(invoice, attempts=20)
        return []

    def invoice() -> None:
        FranchiseRoyaltyInvoice(franchise_outlet="HARBOUR", month="2025-10").submit()

    with ThreadPoolExecutor(THREADS) as pool:
        work = [pool.submit(submit, first) for first in range(0, (THREADS - 1) * EACH, EACH)] + [pool.submit(close)]
        went_in = [each for done in work for each in done.result()]
    with doclife.connect(committed_site):
        closed = doclife.get_doc(FranchiseRoyaltyInvoice, "HARBOUR-2025-10")
        entered = set(doclife.get_all("Franchise Royalty Entry", pluck="sales_invoice"))
    # what went in, and that alone, is invoiced
    assert {row.sales_invoice for row in closed.items} == entered
    assert len(entered) == 1 + sum(went_in)
    assert all("are invoiced by HARBOUR-2025-10" in refusal for refusal in refusals)
