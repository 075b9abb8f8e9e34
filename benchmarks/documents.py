"""The document rows of design 17, on one database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks import databases
from benchmarks.doctypes.bench_invoice import BenchCustomer, BenchInvoice, BenchItem, BenchLinkedInvoice, BenchNote
from benchmarks.harness import Measure, Timed
from benchmarks.tables import DAY, ROWS, YardstickTables
from benchmarks.yardsticks import Yardstick, per_call
from doclife.core.config import write_site_config
from doclife.core.context import Context
from doclife.events.dispatch import fire
from doclife.events.registry import connected
from doclife.model.access import get_doc
from doclife.model.bulk import insert_many
from doclife.schema.tables import metadata
from doclife.site.load import forget_site, load_site
from doclife.site.runtime import Site
from doclife.site.setup import new_site
from doclife.uow.unit import current_unit


@contextmanager
def bench_site(database: str = "sqlite") -> Iterator[Site]:
    """Makes a site with the benchmarks' document types in a temporary folder, on a database of its own."""
    with tempfile.TemporaryDirectory() as folder, databases.fresh(database, Path(folder)) as url:
        new_site("bench", folder, db_url=url)
        settings = {"db_url": url, "installed_apps": ["benchmarks"], "queue": "memory"}
        write_site_config(Path(folder), "bench", settings)
        forget_site(load_site("bench", folder))
        site = load_site("bench", folder)
        tables = [cls.__table__ for cls in site.doctypes.values() if cls.meta.app == "benchmarks"]
        metadata.create_all(site.database.engine, tables=tables)
        try:
            yield site
        finally:
            forget_site(site)


def yardstick(site: Site) -> Yardstick:
    """Makes the yardsticks' tables in the site's database, shaped as the documents' are."""
    engine = databases.plain_engine(site.database.engine)
    shapes = (BenchInvoice.__table__, BenchItem.__table__, BenchNote.__table__)
    return Yardstick(engine, YardstickTables(engine, *shapes))


def _rows() -> list[dict[str, Any]]:
    return [
        {"item_code": f"ITEM-{n + 1}", "description": "a thing", "qty": 2, "rate": 5, "amount": 10} for n in range(ROWS)
    ]


def invoice(cls: Any = BenchInvoice, customer: str = "C1") -> Any:
    """Returns an unsaved invoice with five rows."""
    return cls({"customer": customer, "posting_date": DAY, "net_total": 50, "items": _rows()})


def _inserts(site: Site, make: Any) -> Timed:
    """Inserts in one transaction, documents built inside the time."""

    def way(count: int) -> float:
        with site.work():
            _settle()
            begun = perf_counter()
            for _ in range(count):
                make().insert()
            return perf_counter() - begun

    return way


def _settle() -> None:
    """Writes once, so that every measured operation has its savepoint as in the middle of a transaction."""
    BenchNote(title="first write").insert()


def _stored(site: Site, count: int) -> list[str]:
    with site.work():
        return [invoice().insert().name for _ in range(count)]


def _loads(site: Site, names: list[str]) -> Timed:
    def way(count: int) -> float:
        with site.work():
            begun = perf_counter()
            for n in range(count):
                get_doc(BenchInvoice, names[n % len(names)])
            return perf_counter() - begun

    return way


def _load_and_save(site: Site, names: list[str]) -> Timed:
    def way(count: int) -> float:
        with site.work():
            _settle()
            begun = perf_counter()
            for n in range(count):
                doc = get_doc(BenchInvoice, names[n % len(names)])
                doc.remark = f"remark {n}"
                doc.save()
            return perf_counter() - begun

    return way


def _submits(site: Site) -> Timed:
    def way(count: int) -> float:
        with site.work():
            drafts = [invoice().insert() for _ in range(count)]
            begun = perf_counter()
            for draft in drafts:
                draft.submit()
            return perf_counter() - begun

    return way


def _many(site: Site, size: int) -> Timed:
    """`insert_many` of documents without rows."""

    def way(count: int) -> float:
        with site.work():
            _settle()
            begun = perf_counter()
            for _ in range(count):
                insert_many([BenchNote(title="note", body="text", amount=5) for _ in range(size)])
            return perf_counter() - begun

    return way


def _one_more_handler(site: Site) -> Timed:
    """What one handler adds to an event: the time with eleven less that with one, shared by ten."""

    def way(count: int) -> float:
        with site.work() as context:
            return (fire_chain(context, 11, count) - fire_chain(context, 1, count)) / 10

    return way


def fire_chain(context: Context, handlers: int, count: int) -> float:
    doc = invoice()
    with ExitStack() as stack:
        for _ in range(handlers):
            stack.enter_context(connected("Bench Invoice", "on_update", _make_handler()))
        chain = context.site.registry.chain("on_update", "Bench Invoice")
        begun = perf_counter()
        for _ in range(count):
            fire(context, doc, "on_update", None, chain)
        return perf_counter() - begun


def _make_handler() -> Any:
    def handler(doc: Any, method: str) -> None:
        return None

    return handler


def measures(site: Site, yards: Yardstick, *, quick: bool) -> Iterator[Measure]:
    """Yields the measures one by one; each prepares what it needs."""
    count = 20 if quick else 50
    local = site.database.dialect == "sqlite"
    yield Measure(
        "insert of an invoice with 5 rows",
        _inserts(site, invoice),
        {
            "ORM add + flush": (yards.orm(), 0.3 if local else 0.6),
            "two Core executes in begin_nested": (yards.core(), 0.8 if local else 1.0),
            "raw DB-API with a savepoint": (yards.raw(), 5.0 if local else 1.4),
        },
        count,
    )
    with site.work():
        customer = BenchCustomer(customer_name="Ann").insert().name
    yield Measure(
        "the same, one link checked",
        _linked_inserts(site, customer),
        {"ORM add + flush": (yards.orm(), 0.7)},
        count,
    )
    yield Measure(
        "load of an invoice with 5 rows",
        _loads(site, _stored(site, count)),
        {"two Core selects": (yards.core_load(count), 0.9), "raw DB-API": (yards.raw_load(count), 0)},
        count,
    )
    yield Measure(
        "load and save of one field",
        _load_and_save(site, _stored(site, count)),
        {"two Core selects, update in begin_nested": (yards.core_load_and_save(count), 0)},
        count,
    )
    yield Measure(
        "submit of an invoice with 5 rows",
        _submits(site),
        {"two Core updates in begin_nested": (yards.core_submit(), 0)},
        count,
    )
    size = 100 if quick else 1000
    yield Measure(
        f"insert_many of {size:,} simple documents",
        _many(site, size),
        {"one Core executemany": (yards.core_many(size), 1.25), "raw executemany": (yards.raw_many(size), 0)},
        1,
        per=size,
    )


def one_more_handler(site: Site, *, quick: bool) -> Measure:
    """Returns the measure of dispatch, which no database has a part in."""
    return Measure(
        "one more handler on an event (budget: 0.5 µs more than the call)",
        _one_more_handler(site),
        {"a plain call": (per_call(_make_handler(), None), 0)},
        1_000 if quick else 10_000,
        rounds=9,
    )


def _linked_inserts(site: Site, customer: str) -> Timed:
    def make() -> Any:
        current_unit().verified.clear()  # each insert asks for its link anew
        return invoice(BenchLinkedInvoice, customer)

    return _inserts(site, make)
