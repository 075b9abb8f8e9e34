"""Two processes at once, and the books afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

import doclife
from doclife.core import config
from doclife.core.clock import monotonic
from doclife.database.engine import create_engine
from doclife.schema.tables import background_job
from doclife.site.load import forget_site, load_site
from doclife.testing.templates import SITE_NAME, Template
from example_app.doctypes.franchise_royalty_entry import FranchiseRoyaltyEntry
from example_app.doctypes.franchise_sales_summary import FranchiseSalesSummary
from example_app.doctypes.sales_invoice import SalesInvoice
from example_app.doctypes.sales_invoice_item import SalesInvoiceItem
from tests.example_app.conftest import add_outlet
from tests.integration.rivals.worker import OUTLETS

ROOT = Path(__file__).parents[3]
LABELS = ("A", "B")


def compete(folder: Path, server: str, mode: str, transactions: int, *, reader: bool = False) -> dict[str, Any]:
    """Lets two processes commit so many transactions each, and returns the figures.

    Args:
        folder: for the site.
        server: URL of the server; empty: SQLite.
        mode: of the workers.
        transactions: of each.
        reader: whether this process holds one read transaction open meanwhile.
    """
    with ExitStack() as stack:
        template = Template(folder / "sites", ("example_app",), server)
        stack.callback(template.drop)
        config.write_site_config(template.sites_dir, SITE_NAME, {"sqlite_busy_timeout": 30})
        if server:
            _notice_deadlocks_soon(template.db_url)
        site = load_site(SITE_NAME, template.sites_dir)
        stack.callback(forget_site, site)
        with doclife.connect(site):
            for outlet in OUTLETS:
                add_outlet(outlet)
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "tests.integration.rivals.worker",
                        str(template.sites_dir),
                        mode,
                        label,
                        str(transactions),
                    ],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for label in LABELS
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        seen = []
        with site.database.engine.connect() as connection:
            if reader:
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("BEGIN")
                else:
                    connection.execution_options(isolation_level="REPEATABLE READ")
                seen.append(_count(connection))
            start = monotonic()
            for process in processes:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
            reports = [json.loads(process.communicate()[0]) for process in processes]
            seconds = monotonic() - start
            if reader:
                seen.append(_count(connection))
            connection.rollback()
        return _figures(site, mode, reports, seconds) | ({"reader_saw": seen} if reader else {})


def _notice_deadlocks_soon(url: str) -> None:
    """PostgreSQL looks for a deadlock after a second of waiting, which is all that these two would do."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"ALTER DATABASE {engine.url.database} SET deadlock_timeout = '20ms'")
    except DBAPIError:
        pass  # its user may not set that: it takes longer, and is as right
    finally:
        engine.dispose()


def _count(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(SalesInvoice.__table__)).scalar_one())


def _figures(site: Any, mode: str, reports: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    with site.database.reading() as connection:

        def read(cls: Any, *columns: str) -> list[Any]:
            return list(connection.execute(sa.select(*(cls.__table__.c[name] for name in columns))))

        invoices = read(SalesInvoice, "name", "franchise_outlet", "net_total", "docstatus", "franchise_royalty")
        rows = Counter(parent for (parent,) in read(SalesInvoiceItem, "parent"))
        entries = Counter(name for (name,) in read(FranchiseRoyaltyEntry, "sales_invoice"))
        summaries = read(FranchiseSalesSummary, "franchise_outlet", "total_sales", "total_royalty", "invoice_count")
        methods = connection.execute(sa.select(background_job.c.method)).scalars().all()
    with doclife.connect(site):
        owner = doclife.db.get_value("SJ Outlet", OUTLETS[0], "owner_name")
    met: Counter[str] = Counter()
    for report in reports:
        met.update(report["met"])
    made = [name for report in reports for name in report["committed"]]
    return {
        "mode": mode,
        "transactions": sum(report["transactions"] for report in reports),
        "runs": sum(report["runs"] for report in reports),
        "conflicts_retried": sum(report["runs"] - report["transactions"] for report in reports),
        "met": dict(met),
        "surfaced": [text for report in reports for text in report["surfaced"]],
        "invoices": len(invoices),
        "faults": [
            *_faults_of_invoices(invoices, made, rows, entries, methods),
            *_faults_of_summaries(invoices, summaries),
        ],
        "summaries": {each.franchise_outlet: [float(each.total_sales), each.invoice_count] for each in summaries},
        "careless_count": int(owner or 0),
        "seconds": round(seconds, 1),
    }


def _faults_of_invoices(
    invoices: list[Any], made: list[str], rows: Counter[str], entries: Counter[str], methods: Sequence[str]
) -> Iterable[str]:
    """Every invoice that was committed is there, whole, with its royalty entry and its job; and no other."""
    names = Counter(invoice.name for invoice in invoices)
    if names != Counter(made):
        yield f"invoices: {names - Counter(made)} too many, {Counter(made) - names} missing"
    yield from (f"{each.name} is not whole" for each in invoices if each.docstatus != 1 or rows[each.name] != 2)
    if entries != names:
        yield f"royalty entries: {entries - names} too many, {names - entries} missing"
    jobs = Counter(methods)["example_app.tasks.stock.sync_invoice_stock"]
    if jobs != len(invoices):
        yield f"{jobs} stock jobs for {len(invoices)} invoices"


def _faults_of_summaries(invoices: list[Any], summaries: list[Any]) -> Iterable[str]:
    """The summary of each outlet says what its invoices say."""
    stated = {each.franchise_outlet: (each.total_sales, each.total_royalty, each.invoice_count) for each in summaries}
    for outlet in {invoice.franchise_outlet for invoice in invoices} | set(stated):
        own = [invoice for invoice in invoices if invoice.franchise_outlet == outlet]
        expected = (
            sum(invoice.net_total for invoice in own),
            sum(invoice.franchise_royalty for invoice in own),
            len(own),
        )
        if stated.get(outlet) != expected:
            yield f"the summary of {outlet} says {stated.get(outlet)}, its invoices {expected}"
