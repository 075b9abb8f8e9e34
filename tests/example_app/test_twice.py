"""Every scheduled task may run twice: the second run changes nothing but the time of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import doclife
from doclife.testing import make_user, run_jobs, travel_to
from example_app import hooks
from tests.example_app.conftest import add_agreement, add_outlet, submitted

pytestmark = pytest.mark.slow_on_servers

TYPES = (
    "Bin",
    "Franchise Agreement",
    "Franchise Compliance Report",
    "Franchise Dashboard",
    "Franchise Dashboard Outlet",
    "Franchise Royalty Entry",
    "Franchise Royalty Invoice",
    "Franchise Royalty Invoice Item",
    "Franchise Sales Summary",
    "Franchise Stock Snapshot",
    "Franchise Stock Snapshot Item",
    "Notification Log",
    "Sales Invoice",
    "SJ Outlet",
)
#: what a document that is written again may differ in; rows are named anew
IGNORED = {"creation", "modified", "as_of", "name"}


def methods(entries: Any) -> Iterator[str]:
    """Yields the paths of `scheduler_events`, whatever their form."""
    if isinstance(entries, str):
        yield entries
    elif isinstance(entries, list):
        for entry in entries:
            yield from methods(entry)
    elif "method" in entries:
        yield entries["method"]
    else:
        for entry in entries.values():
            yield from methods(entry)


TASKS = sorted(set(methods(hooks.scheduler_events)))


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Returns all documents of the app, and the notices."""
    found = {}
    for doctype in TYPES:
        rows = doclife.get_all(doctype, fields=["*"])
        found[doctype] = sorted(
            tuple(str(value) for key, value in sorted(row.items()) if key not in IGNORED) for row in rows
        )
    return found


@pytest.fixture
def franchise(harbour: str) -> None:
    """Outlets with agreements that have ended, end soon, and go on; sales; old snapshots; a job that has failed."""
    make_user("ann@example.com", "Franchise Manager")
    for outlet in ("AIRPORT", "MUSEUM"):
        add_outlet(outlet)
        add_agreement(outlet, "2026-01-01", "2026-01-31" if outlet == "AIRPORT" else "2026-12-31")
    for number, day in enumerate(("2025-11-30", "2025-12-28", "2026-01-03"), 1):
        submitted(str(number), ("CUP", number, "4.45"), outlet="AIRPORT", date=day)
    with travel_to("2024-06-01"):
        doclife.enqueue("example_app.tasks.snapshots.sync_outlet_stock_levels")
        run_jobs()
    with travel_to("2026-01-04 00:00"):
        doclife.enqueue("example_app.tasks.snapshots.sync_single_outlet_stock", outlet="GONE", warehouse="x")
        run_jobs(allow_failures=True)


def test_there_are_as_many_as_hooks_declares() -> None:
    assert [task.removeprefix("example_app.tasks.") for task in TASKS] == [
        "agreements.review_agreements",
        "dashboard.refresh_dashboard",
        "digest.send_weekly_digest",
        "failures.tell_of_failed_jobs",
        "outlets.follow_agreements",
        "reports.report_on_last_month",
        "royalty_invoices.invoice_royalties",
        "snapshots.forget_old_snapshots",
        "snapshots.sync_outlet_stock_levels",
    ]


@pytest.mark.usefixtures("franchise")
@pytest.mark.parametrize("task", TASKS)
def test_the_second_run_changes_nothing(task: str) -> None:
    before = everything()
    with travel_to("2026-01-04 00:00"):
        doclife.enqueue(task)
        run_jobs()
        once = everything()
        doclife.enqueue(task)
        run_jobs()
    assert once != before, "the first run has had nothing to do"
    assert everything() == once
