"""What the main job says of the scheduled tasks: right where they came out well, and a problem where not."""

from __future__ import annotations

from decimal import Decimal

import pytest

import doclife
from doclife.testing import make_user, run_due, travel_to
from example_app.demo import scheduled
from example_app.demo.story import MANAGER
from example_app.demo.tasks import Month, read_done
from tests.example_app.conftest import add_outlet, submitted

pytestmark = pytest.mark.slow_on_servers


@pytest.fixture
def after_new_year(harbour: str) -> None:
    """New year's night: HARBOUR has sold 8.90 in October and 100 in December, AIRPORT (7.5 %, 1 %) 40 in October."""
    make_user(MANAGER, "Franchise Manager")
    add_outlet("AIRPORT", "7.5", 1)
    submitted("1", ("CUP", 2, "4.45"))
    submitted("2", ("CUP", 1, "40"), outlet="AIRPORT")
    submitted("3", ("CUP", 1, "100"), date="2025-12-31")
    with travel_to("2026-01-01 00:00"):
        run_due(since="2025-12-31 23:30")


@pytest.mark.usefixtures("after_new_year")
def test_all_is_well() -> None:
    with travel_to("2026-01-01 00:00"):
        done = read_done()
    assert done.problems() == []
    assert done.months == {
        "2025-10": Month(2, Decimal("48.90"), Decimal("3.445"), Decimal("0.578")),
        "2025-12": Month(1, Decimal(100), Decimal(5), Decimal(2)),
    }
    assert (done.royalty, done.open_royalty, done.digest) == (Decimal("8.445"), 0, "")
    assert {log.status for log in done.logs} == {"complete"}
    assert scheduled.royalty_invoices(done) == [
        "  month    invoices   sales  royalty  marketing fee",
        "  -------------------------------------------------",
        "  2025-10         2   48.90    3.445          0.578",
        "  2025-12         1  100.00        5              2",
        "  Each is the sum of its royalty entries: 8.445 invoiced, 0 of the month that is not over, 8.445 in all.",
    ]
    assert scheduled.made(done)[-2:] == [
        "  the dashboard, as of 2026-01-01 00:00:00:",
        "    sales this month 0.00 in 0 invoices; 0 agreements in force, 0 of them end within 30 days; 0 failed jobs",
    ]
    assert scheduled.made(done)[1:4] == [
        f"  2 notices to {MANAGER}:",
        "    Airport (AIRPORT) is Inactive: its agreement AGR-00002 ended on 2025-12-31",
        "    Harbour (HARBOUR) is Inactive: its agreement AGR-00001 ended on 2025-12-31",
    ]


@pytest.mark.usefixtures("after_new_year")
def test_the_month_that_is_not_over_is_told_apart() -> None:
    with travel_to("2025-12-31 23:00"):
        doclife.get_doc("Franchise Royalty Invoice", "HARBOUR-2025-12").cancel()
        done = read_done()
    assert (done.royalty, done.open_royalty, done.problems()) == (Decimal("3.445"), 5, [])


@pytest.mark.usefixtures("after_new_year")
@pytest.mark.parametrize(
    ("falsified", "problem"),
    [
        (
            "UPDATE `tabFranchise Royalty Invoice` SET total_royalty = 3.01 WHERE franchise_outlet = 'AIRPORT'",
            "royalty invoices: AIRPORT 2025-10: entries 3, invoiced 3.01",
        ),
        (
            "UPDATE `tabFranchise Royalty Invoice` SET docstatus = 2 WHERE franchise_outlet = 'AIRPORT'",
            "royalty invoices: AIRPORT 2025-10: entries 3, invoiced nothing",
        ),
        (
            "DELETE FROM `tabFranchise Royalty Entry` WHERE franchise_outlet = 'AIRPORT'",
            "royalty invoices: AIRPORT 2025-10: entries nothing, invoiced 3",
        ),
        (
            "UPDATE `tabScheduled Job Log` SET status = 'failed' WHERE scheduled_job_type LIKE '%.follow_agreements'",
            "example_app.tasks.outlets.follow_agreements is failed",
        ),
    ],
)
def test_a_difference_is_a_problem(falsified: str, problem: str) -> None:
    doclife.db.sql(falsified)
    with travel_to("2026-01-01 00:00"):
        assert read_done().problems() == [problem]
