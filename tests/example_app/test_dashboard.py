"""The dashboard, the notice of failed jobs, and the snapshots that go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import doclife
from doclife.testing import as_user, make_user, run_due, run_jobs, travel_to
from example_app import api
from example_app.tasks.dashboard import refresh_dashboard
from example_app.tasks.failures import tell_of_failed_jobs
from example_app.tasks.snapshots import forget_old_snapshots, sync_single_outlet_stock
from tests.example_app.conftest import add_agreement, add_outlet, submitted

pytestmark = pytest.mark.slow_on_servers

NOON = "2025-10-15 12:00"


@pytest.fixture
def a_month(harbour: str) -> None:
    """HARBOUR sells 100 on the 1st and 8.90 on the 15th, AIRPORT 40 less 4 on the 14th; royalties 5.445 + 2.7.

    Both have agreements for 2025, AIRPORT's other one ends on 14 November, 30 days after; a third has not begun.
    """
    make_user("ann@example.com", "Franchise Manager")
    add_outlet("AIRPORT", "7.5", 1)
    add_agreement("AIRPORT", "2025-10-15", "2025-11-14")
    add_agreement("AIRPORT", "2025-10-16", "2025-11-14")
    submitted("0", ("CUP", 1, "1000"), date="2025-09-30")
    submitted("1", ("CUP", 1, "100"), date="2025-10-01")
    submitted("2", ("CUP", 2, "4.45"), date="2025-10-15")
    submitted("3", ("CUP", 1, "40"), outlet="AIRPORT", date="2025-10-14")
    submitted("C4", ("CUP", -1, "4"), outlet="AIRPORT", date="2025-10-14")
    submitted("5", ("CUP", 1, "70"), date="2025-10-16")


BY_HAND = {
    "sales_today": Decimal("8.90"),
    "sales_this_month": Decimal("144.90"),
    "royalty_this_month": Decimal("8.145"),
    "invoices_this_month": 3,
    "open_agreements": 3,
    "ending_agreements": 1,
    "failed_jobs": 0,
    "outlets": [
        {"outlet": "AIRPORT", "outlet_name": "Airport", "sales_today": 0, "sales_this_month": 36},
        {
            "outlet": "HARBOUR",
            "outlet_name": "Harbour",
            "sales_today": Decimal("8.90"),
            "sales_this_month": Decimal("108.90"),
        },
    ],
}


def shown() -> tuple[str, dict[str, Any]]:
    """Returns what a manager sees: as of when, and the figures."""
    with as_user("ann@example.com"):
        found = dict(api.get_dashboard())
    return str(found.pop("as_of")), found


@pytest.mark.usefixtures("a_month")
def test_the_figures_are_those_of_the_last_run() -> None:
    with travel_to(NOON):
        run_due(since="2025-10-15 11:30")
        submitted("6", ("CUP", 1, "1"), date="2025-10-15")
        doclife.commit()
        assert shown() == ("2025-10-15 12:00:00", BY_HAND)
    with travel_to("2025-10-15 13:00"):
        run_due(since="2025-10-15 12:30")
        assert shown()[1]["sales_today"] == Decimal("9.90")


@pytest.mark.usefixtures("a_month")
def test_they_are_there_while_the_broker_is_down(site: Any) -> None:
    site.broker.down = True
    with travel_to(NOON):
        assert shown() == ("2025-10-15 12:00:00", BY_HAND)  # before the first run: those of now
        refresh_dashboard()
        doclife.commit()
    doclife.cache.delete_value("franchise_dashboard")  # this process has none of its own either
    submitted("6", ("CUP", 1, "1"), date="2025-10-15")
    with travel_to("2025-10-15 12:30"):
        assert shown() == ("2025-10-15 12:00:00", BY_HAND)


def test_a_run_while_the_broker_is_down_is_shown_when_it_is_back(committed_site: Any) -> None:
    def run(moment: str) -> None:
        with travel_to(moment), committed_site.work():
            refresh_dashboard()

    run(NOON)
    committed_site.broker.down = True
    run("2025-10-15 13:00")
    committed_site.broker.down = False
    with travel_to("2025-10-15 13:01"), committed_site.work():
        assert str(api.get_dashboard()["as_of"]) == "2025-10-15 13:00:00"


@pytest.mark.usefixtures("a_month")
def test_what_was_rolled_back_is_not_shown() -> None:
    with travel_to(NOON):
        refresh_dashboard()
        doclife.rollback()
        assert doclife.cache.get_value("franchise_dashboard") is None


def test_the_dashboard_is_for_those_who_may_read_it(harbour: str) -> None:
    refresh_dashboard()
    doclife.commit()
    make_user("clerk@example.com")
    with as_user("clerk@example.com"), pytest.raises(doclife.PermissionDenied):
        api.get_dashboard()


def test_an_outlet_on_the_dashboard_can_be_deleted(site: Any) -> None:
    doclife.new_doc("SJ Outlet", franchise_code="NEW", outlet_name="New").insert()
    refresh_dashboard()
    doclife.delete_doc("SJ Outlet", "NEW")
    assert refresh_dashboard()["outlets"] == []


def test_the_operator_is_told_of_failed_jobs_once_a_day(harbour: str) -> None:
    with travel_to("2025-10-04 20:00"):
        assert tell_of_failed_jobs() == 0
        for outlet in ("GONE", "LOST"):  # links to nothing
            doclife.enqueue(sync_single_outlet_stock, outlet=outlet, warehouse="x")
        run_jobs(allow_failures=True)
    with travel_to("2025-10-05 06:00"):  # eight in Berlin
        ran = run_due(since="2025-10-05 05:59:59")
        assert "example_app.tasks.failures.tell_of_failed_jobs" in {job.method for job in ran}
        assert tell_of_failed_jobs() == 0
    with travel_to("2025-10-06 06:00"):
        assert tell_of_failed_jobs() == 0
    [notice] = doclife.get_all("Notification Log", fields=["for_user", "subject", "email_content"])
    assert (notice.for_user, notice.subject) == ("Administrator", "2 jobs have failed")
    assert notice.email_content.startswith("2 x example_app.tasks.snapshots.sync_single_outlet_stock\n")


def test_no_failure_falls_between_two_mornings(harbour: str) -> None:
    """On 26 October 2025 Berlin puts its clocks back: from eight to eight these are 25 hours, 06:00 to 07:00 in UTC."""

    for failure, before, morning in (
        ("2025-10-24 20:00", "2025-10-25 05:59", "2025-10-25 06:00"),
        ("2025-10-25 06:30", "2025-10-26 06:59", "2025-10-26 07:00"),
    ):
        with travel_to(failure):
            doclife.enqueue(sync_single_outlet_stock, outlet="GONE", warehouse="x")
            run_jobs(allow_failures=True)
        with travel_to(morning):
            run_due(since=before)
    notices = doclife.get_all("Notification Log", fields=["creation", "subject"], order_by="creation")
    assert [(str(each.creation), each.subject) for each in notices] == [
        ("2025-10-25 06:00:00", "1 job has failed"),
        ("2025-10-26 07:00:00", "1 job has failed"),
    ]


def test_snapshots_are_kept_for_a_year_and_what_is_begun(harbour: str) -> None:
    for day in ("2023-12-31", "2024-01-01", "2025-01-01"):
        with travel_to(day):
            sync_single_outlet_stock("HARBOUR", "HARBOUR Stores")
    with travel_to("2025-01-01 00:00"):
        run_due(since="2024-12-31 23:59")
        assert forget_old_snapshots() == 0
    assert doclife.get_all("Franchise Stock Snapshot", pluck="name", order_by="name") == [
        "HARBOUR-2024-01-01",
        "HARBOUR-2025-01-01",
    ]
