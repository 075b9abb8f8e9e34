"""The weekly digest: figures worked by hand, and nothing sent twice."""

from __future__ import annotations

from typing import Any

import pytest

import doclife
from doclife.testing import as_user, make_user, run_due, travel_to
from example_app.tasks.digest import send_weekly_digest
from tests.example_app.conftest import add_outlet, submitted

pytestmark = pytest.mark.slow_on_servers

# 2025-10-12 is a Sunday
SUNDAY = "2025-10-12 00:00"


@pytest.fixture
def two_weeks(harbour: str) -> None:
    """Two managers, and the sales of two weeks.

    5 to 11 October: HARBOUR 100 + 20 - 10 = 110, AIRPORT (7.5 %) 40, MUSEUM a return of 6, STATION nothing: 144,
    royalties 5.5 + 3 - 0.3 = 8.2, three invoices, two returns. 28 September to 4 October: HARBOUR 120; royalty 6,
    one invoice. Sales + 20 %, royalties + 36.7 %, invoices + 200 %.
    """
    for manager in ("ann", "bob"):
        make_user(f"{manager}@example.com", "Franchise Manager")
    add_outlet("AIRPORT", "7.5", 1)
    for outlet in ("MUSEUM", "STATION", "CLOSED"):
        add_outlet(outlet)
    doclife.set_value("SJ Outlet", "CLOSED", "status", "Inactive")
    submitted("0", ("CUP", 1, "1000"), date="2025-09-27")  # the week before these
    submitted("1", ("CUP", 1, "120"), date="2025-10-04")
    submitted("2", ("CUP", 1, "100"), date="2025-10-05")
    submitted("3", ("CUP", 1, "20"), date="2025-10-11")
    submitted("C4", ("CUP", -1, "10"), date="2025-10-11")
    submitted("5", ("CUP", 1, "40"), outlet="AIRPORT", date="2025-10-08")
    submitted("C6", ("CUP", -1, "6"), outlet="MUSEUM", date="2025-10-08")
    submitted("7", ("CUP", 1, "999"), date="2025-10-08").cancel()
    submitted("8", ("CUP", 1, "500"), date="2025-10-12")  # the week that begins


def digests() -> list[Any]:
    fields = ["for_user", "subject", "email_content"]
    return doclife.get_all("Notification Log", fields=fields, order_by="creation, for_user")


@pytest.mark.usefixtures("two_weeks")
def test_each_manager_reads_the_figures_of_the_week() -> None:
    with travel_to(SUNDAY):
        assert send_weekly_digest() == {"week": "2025-10-05", "told": 2}
    assert [each.for_user for each in digests()] == ["ann@example.com", "bob@example.com"]
    assert digests()[0].subject == ("Franchise week 2025-10-05 to 2025-10-11: sales 144.00 (+20.0 %), royalties 8.20")
    assert digests()[0].email_content.splitlines() == [
        "Sales: 144.00, +20.0 %; the week before 120.00",
        "Royalties: 8.20, +36.7 %; the week before 6.00",
        "Invoices: 3, +200.0 %; the week before 1",
        "Returns: 2; the week before 0",
        "Top outlets: Harbour 110.00, Airport 40.00, Museum -6.00",
        "Outlets without sales: Museum, Station",
    ]


@pytest.mark.usefixtures("two_weeks")
def test_a_week_is_told_once() -> None:
    with travel_to(SUNDAY):
        send_weekly_digest()
    with travel_to("2025-10-15 12:00"):
        assert send_weekly_digest() == {"week": "2025-10-05", "told": 0}
        make_user("eve@example.com", "Franchise Manager")
        assert send_weekly_digest() == {"week": "2025-10-05", "told": 1}
    with travel_to("2025-10-19 00:00"):
        assert send_weekly_digest() == {"week": "2025-10-12", "told": 3}
    assert len(digests()) == 6


def test_a_week_without_sales_says_so(harbour: str) -> None:
    make_user("ann@example.com", "Franchise Manager")
    make_user("former@example.com", "Franchise Manager")
    doclife.set_value("User", "former@example.com", "enabled", 0)
    with travel_to(SUNDAY):
        assert send_weekly_digest()["told"] == 1
    assert digests()[0].email_content.splitlines() == [
        "Sales: 0.00, nothing as before; the week before 0.00",
        "Royalties: 0.00, nothing as before; the week before 0.00",
        "Invoices: 0, nothing as before; the week before 0",
        "Returns: 0; the week before 0",
        "Outlets without sales: Harbour",
    ]


def test_the_first_sales_are_new(harbour: str) -> None:
    make_user("ann@example.com", "Franchise Manager")
    submitted("1", ("CUP", 1, "100"), date="2025-10-05")
    with travel_to(SUNDAY):
        send_weekly_digest()
    assert "sales 100.00 (new), royalties 5.00" in digests()[0].subject


@pytest.mark.usefixtures("two_weeks")
def test_it_comes_on_sunday_and_is_the_managers_to_read() -> None:
    with travel_to(SUNDAY):
        run_due(since="2025-10-11 23:30")
    with as_user("ann@example.com"):
        assert [each.for_user for each in doclife.get_list("Notification Log", fields=["for_user"])] == [
            "ann@example.com"
        ]
    assert {each.for_user for each in digests()} == {"ann@example.com", "bob@example.com"}
