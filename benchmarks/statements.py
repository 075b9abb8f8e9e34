"""How many statements an operation sends, and how many round trips that takes: counted, not timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from benchmarks.doctypes.bench_invoice import BenchCustomer, BenchInvoice, BenchLinkedInvoice, BenchNote
from benchmarks.documents import Site, invoice, yardstick
from benchmarks.roundtrips import relay
from benchmarks.yardsticks import Yardstick
from doclife.model.access import get_doc
from doclife.model.bulk import insert_many
from doclife.site.load import load_site
from doclife.uow.unit import current_unit

_CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")

Work = Callable[[], object]


@contextmanager
def counted(site: Site) -> Iterator[list[str]]:
    """Lists the statements that are sent inside the block; savepoint control too."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(site.database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(site.database.engine, "before_cursor_execute", note)


def _operations() -> Iterator[tuple[str, int | None, Work]]:
    """Yields operations in the middle of a transaction, and how many statements each may send."""
    customer = BenchCustomer(customer_name="Ann").insert().name
    name = invoice().insert().name
    draft = get_doc(BenchInvoice, name)

    def save() -> None:
        draft.remark = "changed"
        draft.save()

    def linked() -> None:
        current_unit().verified.clear()
        invoice(BenchLinkedInvoice, customer).insert()

    yield "insert simple", 1, lambda: BenchNote(title="n").insert()
    yield "insert with 5 rows", 2, lambda: invoice().insert()
    yield "insert with 5 rows, one link checked", 3, linked
    yield "load with 5 rows", 2, lambda: get_doc(BenchInvoice, name)
    yield "save of one field", 1, save
    yield "submit with 5 rows", 2, draft.submit
    yield "insert_many of 1,000 simple documents", 1, lambda: insert_many([BenchNote(title="n") for _ in range(1000)])


def is_control(statement: str) -> bool:
    """Tells whether a statement begins or ends a transaction or a savepoint."""
    return statement.startswith(_CONTROL)


def statements(site: Site) -> list[tuple[str, int | None, int, int]]:
    """Returns for each operation its budget, the statements it sent, and those of savepoint control among them."""
    found = []
    with counted(site) as sent, site.work():
        for name, budget, work in _operations():
            sent.clear()
            work()
            control = sum(1 for each in sent if is_control(each))
            found.append((name, budget, len(sent) - control, control))
    return found


def round_trips(site: Site) -> dict[str, int]:
    """Returns the round trips of each operation, and of the yardsticks, on a server."""
    url = site.database.engine.url.render_as_string(hide_password=False)
    with relay(url) as (through, counter):
        behind = load_site(site.name, site.sites_dir, flags={"db_url": through})
        try:
            found = _trips(behind, counter)
        finally:
            behind.close()
            load_site(site.name, site.sites_dir, flags={"db_url": url})
    return found


def _trips(site: Site, counter: Any) -> dict[str, int]:
    found = {}
    with site.work():
        for name, _, work in _operations():
            for _ in range(7 if "insert" in name else 1):  # drivers prepare a statement when they have seen it
                before = counter.trips
                work()
                found[name] = counter.trips - before
    with site.work():
        stored = invoice().insert().name
    for name, work in _whole(stored):
        for _ in range(7):
            before = counter.trips
            with site.work():
                work()
            found[name] = counter.trips - before
    for name, way in _yardsticks(yardstick(site)):
        way(10)
        first, _ = counter.trips, way(10)
        second, _ = counter.trips, way(20)
        found[name] = (counter.trips - second - (second - first)) // 10
    return found


def _whole(name: str) -> Iterator[tuple[str, Work]]:
    """Yields what a request or a job does in a transaction of its own, which is committed."""

    def save() -> None:
        draft = get_doc(BenchInvoice, name)
        draft.remark = f"{draft.modified}"
        draft.save()

    yield "a transaction with one insert with 5 rows", lambda: invoice().insert()
    yield "a transaction with one load with 5 rows", lambda: get_doc(BenchInvoice, name)
    yield "a transaction with a load and a save", save


def _yardsticks(yards: Yardstick) -> Iterator[tuple[str, Callable[[int], float]]]:
    yield "insert with 5 rows by ORM add + flush", yards.orm()
    yield "insert with 5 rows by two Core executes in begin_nested", yards.core()
    yield "insert with 5 rows by raw DB-API with a savepoint", yards.raw()


def table(counts: dict[str, list[tuple[str, int | None, int, int]]], trips: dict[str, dict[str, int]]) -> str:
    """Returns the counts of design 17 as a Markdown table, with the round trips on each server.

    Args:
        counts: database -> what `statements` gave.
        trips: database -> what `round_trips` gave.
    """
    lines = ["| operation | budget |" + "".join(f" {name} |" for name in counts), "|---" * (2 + len(counts)) + "|"]
    for position, (operation, budget, _, _) in enumerate(next(iter(counts.values()))):
        cells = ""
        for name, rows in counts.items():
            _, _, sent, control = rows[position]
            known = operation in trips.get(name, {})
            cells += f" {sent} + {control}" + (f", {trips[name][operation]} trips |" if known else " |")
        lines.append(f"| {operation} | {'' if budget is None else budget} |{cells}")
    counted = {row[0] for row in next(iter(counts.values()))}
    for operation in [each for each in next(iter(trips.values()), {}) if each not in counted]:
        cells = "".join(f" {trips[name][operation]} trips |" if name in trips else " |" for name in counts)
        lines.append(f"| {operation} | |{cells}")
    return "\n".join(
        [
            *lines,
            "",
            "Statements + savepoint control, and round trips to the server; a transaction begins with a ping.",
        ]
    )
