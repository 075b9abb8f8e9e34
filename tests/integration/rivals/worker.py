"""One of two processes that submit invoices of the same outlets at the same time.

Prints `ready`, waits for a line, works, and prints what it has met as JSON.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import doclife
from doclife.core.clock import monotonic
from doclife.site.load import load_site
from doclife.site.runtime import Site
from example_app.doctypes.sales_invoice import SalesInvoice

OUTLETS = ("HARBOUR", "MARKET")

#: how often a unit is run at most: with two that go on as fast as they can, one may lose many times in a row
ATTEMPTS = 200


class Worker:
    """Transactions of one kind, or of all kinds in turn."""

    def __init__(self, site: Site, mode: str, label: str) -> None:
        """Prepares it.

        Args:
            site: to work on.
            mode: a key of KINDS, or "mixed" for all of them in turn.
            label: of this process: A or B; what A does from front to back, B does from back to front.
        """
        self.site = site
        self.mode = mode
        self.label = label
        self.runs = 0
        self.met: Counter[str] = Counter()
        #: invoices of this attempt, and those that are committed
        self.made: list[str] = []
        self.committed: list[str] = []

    def work(self, transactions: int) -> dict[str, Any]:
        """Commits so many transactions and returns what it has met."""
        start = monotonic()
        kinds = list(KINDS.values()) if self.mode == "mixed" else [KINDS[self.mode]]
        surfaced: list[str] = []
        for n in range(transactions):
            with doclife.connect(self.site):
                try:
                    doclife.retry_on_conflict(
                        partial(self.attempt, kinds[n % len(kinds)], n), attempts=ATTEMPTS, pause=0.002
                    )
                    self.committed += self.made
                except Exception as error:  # whatever a user would have seen
                    surfaced.append(f"{type(error).__name__}: {error}")
        return {
            "transactions": transactions,
            "runs": self.runs,
            "met": dict(self.met),
            "surfaced": surfaced,
            "committed": self.committed,
            "seconds": round(monotonic() - start, 2),
        }

    def attempt(self, kind: Callable[[Worker, int], None], n: int) -> None:
        self.runs += 1
        self.made = []
        try:
            kind(self, n)
        except doclife.DoclifeError as error:
            self.met[type(error).__name__] += 1
            raise

    def submit(self, outlet: str, n: int) -> None:
        invoice = SalesInvoice(
            invoice_no=f"{outlet} {self.label} {n}",
            franchise_outlet=outlet,
            posting_date="2025-10-04",
            items=[
                {"item_code": "CUP", "qty": n % 3 + 1, "rate": "0.1"},
                {"item_code": "CONE", "qty": 1, "rate": "2.55"},
            ],
        )
        invoice.insert()
        invoice.submit()
        self.made.append(invoice.name)

    def one(self, n: int) -> None:
        """Submits an invoice of the one outlet."""
        self.submit(OUTLETS[0], n)

    def crossing(self, n: int) -> None:
        """Submits invoices of two outlets, the other process in the other order: they lock each other out."""
        for outlet in OUTLETS if self.label == "A" else reversed(OUTLETS):
            self.submit(outlet, n)

    def careless(self, n: int) -> None:
        """Changes a document that it has read before without a lock."""
        outlet = doclife.get_doc("SJ Outlet", OUTLETS[0])
        self.submit(OUTLETS[0], n)
        outlet.owner_name = str(int(outlet.owner_name or 0) + 1)
        outlet.save()


KINDS: dict[str, Callable[[Worker, int], None]] = {
    "one": Worker.one,
    "crossing": Worker.crossing,
    "careless": Worker.careless,
}


def main(sites_dir: str, mode: str, label: str, transactions: str) -> None:
    """Runs as a process."""
    site = load_site("test", sites_dir)
    with doclife.connect(site):
        doclife.get_all("SJ Outlet")
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(Worker(site, mode, label).work(int(transactions))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
