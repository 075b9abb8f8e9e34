"""December 2025 of the app, from one moment at which something is due to the next: logs and documents, by hand."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

import doclife
from doclife.testing import make_user, run_due, travel_to
from tests.example_app.conftest import add_agreement, submitted

pytestmark = pytest.mark.one_database

MANAGER = "ann@example.com"
TASKS = "example_app.tasks."
#: 31 days from Monday, 1 December; Sundays are the 7th, 14th, 21st and 28th
RUNS = {
    "dashboard.refresh_dashboard": 31 * 24,
    "outlets.follow_agreements": 31,
    "agreements.review_agreements": 31,
    "digest.send_weekly_digest": 4,
    "reports.report_on_last_month": 1,
    "royalty_invoices.invoice_royalties": 1,
    "snapshots.sync_outlet_stock_levels": 31 * 4,
    "failures.tell_of_failed_jobs": 31,
}


@pytest.fixture
def franchise(site: object) -> None:
    """HARBOUR, whose agreement ends with the year, and AIRPORT, whose ends on 14 December; each sells on some days."""
    make_user(MANAGER, "Franchise Manager")
    for code, royalty, fee, end in (("HARBOUR", 5, 2, "2025-12-31"), ("AIRPORT", "7.5", 1, "2025-12-14")):
        doclife.new_doc(
            "SJ Outlet",
            franchise_code=code,
            outlet_name=code.title(),
            royalty_percentage=royalty,
            marketing_fee_percentage=fee,
        ).insert()
        add_agreement(code, "2025-01-01", end)
    for number, (outlet, price, day) in enumerate(
        [
            ("HARBOUR", "100", "2025-11-01"),
            ("HARBOUR", "8.90", "2025-11-30"),
            ("AIRPORT", "40", "2025-11-30"),
            ("HARBOUR", "60", "2025-12-06"),
            ("AIRPORT", "20", "2025-12-07"),
            ("HARBOUR", "100", "2025-12-13"),
            ("HARBOUR", "30", "2025-12-31"),
        ],
        1,
    ):
        submitted(str(number), ("CUP", 1, price), outlet=outlet, date=day)
    doclife.commit()


def subjects() -> list[str]:
    """Returns what the manager has been told, in order."""
    return list(
        doclife.get_all(
            "Notification Log", filters={"for_user": MANAGER}, pluck="subject", order_by="creation, subject"
        )
    )


def runs(logs: list[Any]) -> dict[str, int]:
    """Counts the logs of the app's schedules."""
    return Counter(
        log.scheduled_job_type.removeprefix(TASKS) for log in logs if log.scheduled_job_type.startswith(TASKS)
    )


@pytest.mark.usefixtures("franchise")
def test_new_years_night() -> None:
    with travel_to("2025-12-31 23:30"):
        run_due(until="2026-01-01 01:00")
    assert runs(doclife.get_all("Scheduled Job Log", fields=["scheduled_job_type"])) == {
        "dashboard.refresh_dashboard": 2,
        "outlets.follow_agreements": 1,
        "agreements.review_agreements": 1,
        "reports.report_on_last_month": 1,
        "royalty_invoices.invoice_royalties": 1,
        "snapshots.sync_outlet_stock_levels": 1,
        "snapshots.forget_old_snapshots": 1,
    }
    # November too, which nobody had invoiced
    assert doclife.db.count("Franchise Royalty Invoice", {"docstatus": 1}) == 4
    assert set(doclife.get_all("SJ Outlet", pluck="status")) == {"Inactive"}
    # they were not in December
    assert doclife.get_all("Franchise Compliance Report", pluck="name", order_by="name") == [
        "AIRPORT-2025-12",
        "HARBOUR-2025-12",
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("franchise")
def test_december() -> None:
    with travel_to("2025-11-30 23:59:59"):
        run_due(until="2025-12-31 23:59:59")

    logs = doclife.get_all("Scheduled Job Log", fields=["scheduled_job_type", "due", "status", "started_at", "error"])
    assert runs(logs) == RUNS
    assert {(log.status, log.error) for log in logs} == {("complete", None)}
    assert all(log.due == log.started_at for log in logs)  # nothing was late
    eight_in_berlin = [log.due for log in logs if log.scheduled_job_type == f"{TASKS}failures.tell_of_failed_jobs"]
    assert {f"{due:%H:%M}" for due in eight_in_berlin} == {"07:00"}

    assert subjects() == [
        "Agreement AGR-00001 of HARBOUR ends in 30 days, on 2025-12-31",
        "Agreement AGR-00002 of AIRPORT ends in 13 days, on 2025-12-14",
        "Agreement AGR-00002 of AIRPORT ends in 7 days, on 2025-12-14",
        # 8.90 + 40 + 60; 0.445 + 3 + 3 is 6.445, of which the half cent goes to the even one
        "Franchise week 2025-11-30 to 2025-12-06: sales 108.90 (new), royalties 6.44",
        "Franchise week 2025-12-07 to 2025-12-13: sales 120.00 (+10.2 %), royalties 6.50",
        "Airport (AIRPORT) is Inactive: its agreement AGR-00002 ended on 2025-12-14",
        "Franchise week 2025-12-14 to 2025-12-20: sales 0.00 (-100.0 %), royalties 0.00",
        "Agreement AGR-00001 of HARBOUR ends in 7 days, on 2025-12-31",
        "Franchise week 2025-12-21 to 2025-12-27: sales 0.00 (nothing as before), royalties 0.00",
    ]
    assert doclife.get_all("Franchise Agreement", fields=["name", "status"], order_by="name", as_list=True) == (
        ("AGR-00001", "Active"),
        ("AGR-00002", "Expired"),
    )
    # November: 108.90 x 5 % and 2 %, 40 x 7.5 % and 1 %
    assert doclife.get_all(
        "Franchise Royalty Invoice",
        fields=["name", "docstatus", "total_sales", "total_royalty", "total_marketing_fee"],
        order_by="name",
        as_list=True,
    ) == (
        ("AIRPORT-2025-11", 1, Decimal(40), Decimal(3), Decimal("0.4")),
        ("HARBOUR-2025-11", 1, Decimal("108.90"), Decimal("5.445"), Decimal("2.178")),
    )
    assert doclife.get_all("Franchise Compliance Report", pluck="name", order_by="name") == [
        "AIRPORT-2025-11",
        "HARBOUR-2025-11",
    ]
    snapshots = Counter(doclife.get_all("Franchise Stock Snapshot", pluck="franchise_outlet"))
    assert snapshots == {"HARBOUR": 31, "AIRPORT": 14}
    dashboard = doclife.get_single("Franchise Dashboard")
    assert str(dashboard.as_of) == "2025-12-31 23:00:00"
    assert (dashboard.sales_today, dashboard.sales_this_month) == (30, 210)
    assert (dashboard.open_agreements, dashboard.ending_agreements, dashboard.failed_jobs) == (1, 1, 0)
