"""What must be true of the database whenever it was that somebody was killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from doclife.core import json
from doclife.doctypes.deleted_document import DeletedDocument
from doclife.doctypes.version import Version
from doclife.schema.tables import background_job, series
from doclife.site.runtime import Site
from tests.integration.crash.documents import SERIES, CrashEntry, CrashLedger, CrashOrder, CrashRow


class Outcome:
    """What the victims have said about their transactions."""

    def __init__(self) -> None:
        #: tag -> orders it was to make
        self.planned: dict[str, int] = {}
        self.committed: set[str] = set()
        self.rolled_back: set[str] = set()


def examine(site: Site, outcome: Outcome) -> tuple[dict[str, int], list[str]]:
    """Returns how much there is, and what is wrong with it, in words; nothing: all is well."""
    with site.database.reading() as connection:
        if site.database.outer is None and connection.dialect.name != "sqlite":
            connection.execution_options(isolation_level="REPEATABLE READ")  # all of it at one moment
        state = _State(connection)
    faults = [
        *state.rows(),
        *state.entries(),
        *state.jobs(),
        *state.numbers(),
        *state.ledger(),
        *state.versions(),
        *state.transactions(outcome),
    ]
    return state.sizes, faults


class _State:
    """The database at one moment."""

    def __init__(self, connection: sa.Connection) -> None:
        def read(cls: Any, *columns: str) -> list[Any]:
            table = cls.__table__
            return list(connection.execute(sa.select(*(table.c[name] for name in ("name", *columns)))))

        self.orders = read(CrashOrder, "tag", "row_count", "entry_count", "saves", "amount", "docstatus")
        self.entry_rows = read(CrashEntry, "order", "row_count", "docstatus")
        self.child_rows = read(CrashRow, "parent", "parenttype", "idx", "docstatus")
        self.totals = read(CrashLedger, "total")
        self.kept = read(DeletedDocument, "deleted_doctype", "deleted_name")
        self.changes = read(Version, "ref_doctype", "docname")
        self.counters = dict(connection.execute(sa.select(series.c.name, series.c.current)).all())
        job = background_job.c
        self.job_rows = [
            (method.rpartition(".")[2], json.unpack(kwargs), status)
            for method, kwargs, status in connection.execute(sa.select(job.method, job.kwargs, job.status))
        ]

    @property
    def sizes(self) -> dict[str, int]:
        """How much was looked at."""
        return {
            "orders": len(self.orders),
            "entries": len(self.entry_rows),
            "rows": len(self.child_rows),
            "jobs": len(self.job_rows),
        }

    def rows(self) -> Iterable[str]:
        """Every parent has exactly the rows it says, numbered from 1, and no row is without its parent."""
        found: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for row in self.child_rows:
            found.setdefault((row.parenttype, row.parent), []).append((row.idx, row.docstatus))
        parents = [("Crash Order", each) for each in self.orders] + [("Crash Entry", each) for each in self.entry_rows]
        for doctype, parent in parents:
            rows = sorted(found.pop((doctype, parent.name), []))
            if rows != [(n, parent.docstatus) for n in range(1, parent.row_count + 1)]:
                yield f"{doctype} {parent.name} says {parent.row_count} rows and has (idx, docstatus) {rows}"
        yield from (f"rows of {doctype} {name}, which does not exist" for doctype, name in found)

    def entries(self) -> Iterable[str]:
        """What an order's handler has made exists exactly when the order does."""
        found = Counter(entry.order for entry in self.entry_rows)
        for order in self.orders:
            if found.pop(order.name, 0) != order.entry_count:
                yield f"{order.name} says {order.entry_count} entries and does not have so many"
        yield from (f"{number} entries of {name}, which does not exist" for name, number in found.items())

    def jobs(self) -> Iterable[str]:
        """A job exists exactly when the commit exists of what has asked for it."""
        asked: dict[str, list[str]] = {"order_made": [], "entry_made": [], "entry_gone": []}
        for method, kwargs, status in self.job_rows:
            asked[method].append(*kwargs.values())
            if status != "queued":
                yield f"the job {method}({kwargs}) is {status}"
        gone, there = asked["entry_gone"], [entry.name for entry in self.entry_rows]
        for method, wanted in {
            "order_made": [order.name for order in self.orders],
            "entry_made": [*there, *gone],
            "entry_gone": [row.deleted_name for row in self.kept if row.deleted_doctype == "Crash Entry"],
        }.items():
            if Counter(asked[method]) != Counter(wanted):
                yield f"jobs {method}: {Counter(asked[method]) - Counter(wanted)} too many, " + (
                    f"{Counter(wanted) - Counter(asked[method])} missing"
                )
        if len(gone) != len(self.kept):
            yield f"{len(self.kept)} deleted documents are kept, {len(gone)} were deleted"

    def numbers(self) -> Iterable[str]:
        """No number is missing, none was given out twice, and the counter stands where the last one is."""
        gone = [row.deleted_name for row in self.kept]
        for prefix, cls in SERIES.items():
            rows = self.orders if cls is CrashOrder else self.entry_rows
            names = sorted([row.name for row in rows] + [name for name in gone if name.startswith(prefix)])
            if names != [f"{prefix}{n:06}" for n in range(1, len(names) + 1)]:
                yield f"the numbers of {prefix} are not 1 to {len(names)}: {names}"
            if self.counters.get(prefix, 0) != len(names):
                yield f"the counter {prefix} is at {self.counters.get(prefix)}, there were {len(names)}"

    def ledger(self) -> Iterable[str]:
        """What every order changes says what all of them say."""
        ((_, total),) = self.totals
        expected = sum(order.amount for order in self.orders)
        if total != expected:
            yield f"the ledger says {total}, the orders {expected}"

    def versions(self) -> Iterable[str]:
        """Every save has its Version."""
        found = Counter(row.docname for row in self.changes if row.ref_doctype == "Crash Order")
        for order in self.orders:
            if found[order.name] != order.saves:
                yield f"{order.name} was saved {order.saves} times and has {found[order.name]} versions"

    def transactions(self, outcome: Outcome) -> Iterable[str]:
        """A transaction is there as a whole or not at all, and there when its commit has returned."""
        found = Counter(order.tag for order in self.orders)
        for tag, planned in outcome.planned.items():
            number = found.pop(tag, 0)
            allowed = {0, planned}
            if tag in outcome.committed:
                allowed = {planned}
            if tag in outcome.rolled_back:
                allowed = {0}
            if number not in allowed:
                yield f"of the transaction {tag} {number} orders are there, of {planned}"
        yield from (f"{number} orders of {tag}, which nobody has planned" for tag, number in found.items())
