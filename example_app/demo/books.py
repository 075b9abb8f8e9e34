"""The books as the database has them: every figure is read by SQL and added up exactly.

The database does not add: SQLite's own sum is a float.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import doclife
from doclife import Amount

#: what must agree, each from a table of its own
SOURCES = ("invoice rows", "submitted invoices", "royalty entries", "monthly summaries")


class Sums(NamedTuple):
    """What was sold, and the royalty for it."""

    net_total: Amount = Amount(0)
    royalty: Amount = Amount(0)

    def plus(self, net_total: Any, royalty: Any) -> Sums:
        """Returns the sums with two numbers from the database added."""
        return Sums(self.net_total + Amount(net_total), self.royalty + Amount(royalty))


@dataclass
class OutletFigures:
    """One outlet."""

    invoices: int = 0
    returns: int = 0
    net_total: Amount = field(default_factory=Amount)
    royalty: Amount = field(default_factory=Amount)


@dataclass(frozen=True)
class Jobs:
    """The jobs of the site, by status and by method."""

    by_status: Mapping[str, int]
    by_method: Mapping[str, int]

    @property
    def enqueued(self) -> int:
        """All there are."""
        return sum(self.by_status.values())

    @property
    def open(self) -> int:
        """Those that have not ended."""
        return self.by_status.get("queued", 0) + self.by_status.get("started", 0)


@dataclass(frozen=True)
class Books:
    """Everything the main job reports."""

    #: by the outlet's name for people
    outlets: Mapping[str, OutletFigures]
    lines: int
    #: source -> outlet -> sums
    ledger: Mapping[str, Mapping[str, Sums]]
    jobs: Jobs

    def total(self, source: str) -> Sums:
        """Returns the sums of one source over all outlets."""
        result = Sums()
        for sums in self.ledger[source].values():
            result = result.plus(*sums)
        return result

    def disagreements(self) -> list[str]:
        """Returns a line for each outlet about which the sources do not agree."""
        lines = []
        for outlet in self.outlets:
            found = {source: self.ledger[source].get(outlet, Sums()) for source in SOURCES}
            if len(set(found.values())) > 1:
                told = "; ".join(f"{source}: {sums.net_total}, {sums.royalty}" for source, sums in found.items())
                lines.append(f"{outlet}: {told}")
        return lines


def read_books() -> Books:
    """Reads the books. Order: inside a context."""
    names = dict(doclife.db.sql("SELECT name, outlet_name FROM `tabSJ Outlet` ORDER BY creation, name"))
    rates = dict(doclife.db.sql("SELECT name, royalty_percentage FROM `tabSJ Outlet`"))
    figures = {name: OutletFigures() for name in names.values()}
    rows = doclife.db.sql(
        """
        SELECT invoice.franchise_outlet, item.qty, item.rate
        FROM `tabSales Invoice Item` item JOIN `tabSales Invoice` invoice ON invoice.name = item.parent
        WHERE item.docstatus = 1
        """
    )
    invoices = doclife.db.sql(
        """
        SELECT franchise_outlet, net_total, franchise_royalty, is_return FROM `tabSales Invoice` WHERE docstatus = 1
        """
    )
    for outlet, net_total, royalty, is_return in invoices:
        of_outlet = figures[names[outlet]]
        of_outlet.returns += bool(is_return)
        of_outlet.invoices += not is_return
        of_outlet.net_total += Amount(net_total)
        of_outlet.royalty += Amount(royalty)
    sold = ((outlet, Amount(rate) * qty) for outlet, qty, rate in rows)
    ledger = {
        "invoice rows": _by_outlet(names, ((o, amount, amount * Amount(rates[o]) / 100) for o, amount in sold)),
        "submitted invoices": _by_outlet(names, (each[:3] for each in map(tuple, invoices))),
        "royalty entries": _by_outlet(
            names,
            doclife.db.sql("SELECT franchise_outlet, sales_amount, royalty_amount FROM `tabFranchise Royalty Entry`"),
        ),
        "monthly summaries": _by_outlet(
            names,
            doclife.db.sql("SELECT franchise_outlet, total_sales, total_royalty FROM `tabFranchise Sales Summary`"),
        ),
    }
    return Books(figures, len(rows), ledger, read_jobs())


def _by_outlet(names: Mapping[str, str], rows: Iterable[tuple[str, Any, Any]]) -> dict[str, Sums]:
    sums: defaultdict[str, Sums] = defaultdict(Sums)
    for outlet, net_total, royalty in rows:
        sums[names[outlet]] = sums[names[outlet]].plus(net_total, royalty)
    return dict(sums)


def read_jobs() -> Jobs:
    """Counts the jobs. Order: inside a context."""
    by_status: Counter[str] = Counter()
    by_method: Counter[str] = Counter()
    for status, method, count in doclife.db.sql(
        "SELECT status, method, count(*) FROM `tabBackground Job` GROUP BY status, method ORDER BY method"
    ):
        by_status[status] += count
        by_method[method] += count
    return Jobs(by_status, by_method)
