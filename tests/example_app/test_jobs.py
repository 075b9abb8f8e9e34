"""What is left to jobs: stock, notices, reports, snapshots."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

import doclife
from doclife.testing import as_user, assert_enqueued, captured_jobs, make_user, refute_enqueued, travel_to
from example_app import api
from example_app.tasks.notices import send_large_invoice_notice
from example_app.tasks.outlets import follow_agreements
from example_app.tasks.reports import generate_reports_for_month, report_on_last_month
from example_app.tasks.snapshots import sync_outlet_stock_levels, sync_single_outlet_stock
from example_app.tasks.stock import sync_invoice_stock
from tests.example_app.conftest import add_outlet, submitted

STOCK = "example_app.tasks.stock.sync_invoice_stock"
NOTICE = "example_app.tasks.notices.send_large_invoice_notice"
REPORTS = "example_app.tasks.reports.generate_reports_for_month"


def stock() -> dict[str, int]:
    """Returns the quantity in each bin."""
    return {row.name: row.actual_qty for row in doclife.get_all("Bin", fields=["name", "actual_qty"])}


def test_a_submit_asks_for_the_stock_to_follow(harbour: str) -> None:
    with captured_jobs() as jobs:
        submitted("1", ("CUP", 1, "1"))
    assert [(job.method, job.queue, job.kwargs) for job in jobs] == [(STOCK, "short", {"invoice": "1"})]


def test_a_cancel_asks_again(harbour: str) -> None:
    doc = submitted("1", ("CUP", 1, "1"))
    with captured_jobs() as jobs:
        doc.cancel()
    assert [(job.method, job.kwargs) for job in jobs] == [(STOCK, {"invoice": "1"})]


def test_stock_goes_down_by_what_was_sold_and_up_by_what_came_back(harbour: str) -> None:
    submitted("1", ("CUP", 5, "1"), ("CONE", 2, "1"), ("CUP", 1, "1"))
    submitted("C2", ("CUP", -2, "1"))
    sync_invoice_stock("1")
    sync_invoice_stock("C2")
    assert stock() == {"HARBOUR Stores: CONE": -2, "HARBOUR Stores: CUP": -4}


def test_outlets_have_their_own_stock(harbour: str) -> None:
    add_outlet("AIRPORT")
    for number, outlet in (("1", "HARBOUR"), ("2", "AIRPORT")):
        submitted(number, ("CUP", int(number), "1"), outlet=outlet)
        sync_invoice_stock(number)
    assert stock() == {"AIRPORT Stores: CUP": -2, "HARBOUR Stores: CUP": -1}


def test_a_warehouse_stays_so_that_a_cancel_puts_back_what_was_taken(harbour: str) -> None:
    outlet = doclife.get_doc("SJ Outlet", harbour)
    outlet.warehouse = "Elsewhere"
    with pytest.raises(doclife.ValidationError, match="Warehouse"):
        outlet.save()


def test_the_stock_job_may_run_twice(harbour: str) -> None:
    submitted("1", ("CUP", 5, "1"))
    sync_invoice_stock("1")
    sync_invoice_stock("1")
    assert stock() == {"HARBOUR Stores: CUP": -5}


@pytest.mark.parametrize(
    "order", sorted(set(permutations(["submit job", "cancel", "cancel job"]))), ids=lambda order: ", ".join(order)
)
def test_jobs_of_submit_and_cancel_may_run_in_any_order(harbour: str, order: tuple[str, ...]) -> None:
    submitted("1", ("CUP", 5, "1"))
    for step in order:
        if step == "cancel":
            doclife.get_doc("Sales Invoice", "1").cancel()
        else:
            sync_invoice_stock("1")
    sync_invoice_stock("1")  # the cancel's job never runs before the cancel
    assert set(stock().values()) <= {0}


def test_an_invoice_that_is_open_can_be_cancelled_after_its_stock_job(harbour: str) -> None:
    doc = submitted("1", ("CUP", 5, "1"))
    sync_invoice_stock("1")
    doc.cancel()
    sync_invoice_stock("1")
    assert stock() == {"HARBOUR Stores: CUP": 0}


@pytest.mark.parametrize(
    ("amount", "asked"), [("2500", False), ("2500.01", True), ("-2500", False), ("-2500.01", True)]
)
def test_large_invoices_and_returns_ask_for_a_notice(harbour: str, amount: str, asked: bool) -> None:
    submitted("1", ("CAKE", 1, amount))
    (assert_enqueued if asked else refute_enqueued)(NOTICE, invoice="1")


def test_a_notice_is_sent_once(harbour: str) -> None:
    submitted("C1", ("CAKE", -1, "3000"))
    send_large_invoice_notice("C1")
    send_large_invoice_notice("C1")
    assert doclife.get_all("Notification Log", fields=["for_user", "subject"], as_list=True) == (
        ("Administrator", "Large return C1 of HARBOUR: -3,000.00"),
    )


def test_there_is_no_notice_of_an_invoice_cancelled_meanwhile(harbour: str) -> None:
    submitted("1", ("CAKE", 1, "3000")).cancel()
    send_large_invoice_notice("1")
    assert doclife.db.count("Notification Log") == 0


def test_an_invoice_can_be_deleted_after_its_notice(harbour: str) -> None:
    doc = submitted("1", ("CAKE", 1, "3000"))
    send_large_invoice_notice("1")
    doc.cancel()
    doc.delete()
    assert doclife.db.exists("Sales Invoice", "1") is None


def test_reports_repeat_the_summaries(harbour: str) -> None:
    add_outlet("AIRPORT")
    submitted("1", ("CUP", 2, "4.45"))
    assert generate_reports_for_month("2025-10") == 2
    rows = doclife.get_all(
        "Franchise Compliance Report",
        fields=["name", "status", "total_sales", "royalty_due", "marketing_fee_due", "invoice_count"],
        order_by="name",
        as_list=True,
    )
    assert rows == (
        ("AIRPORT-2025-10", "Compliant", 0, 0, 0, 0),
        ("HARBOUR-2025-10", "Compliant", Decimal("8.90"), Decimal("0.445"), Decimal("0.178"), 1),
    )


def test_a_second_run_replaces_the_figures(harbour: str) -> None:
    generate_reports_for_month("2025-10")
    submitted("1", ("CUP", 2, "4.45"))
    generate_reports_for_month("2025-10")
    assert doclife.get_all("Franchise Compliance Report", pluck="total_sales") == [Decimal("8.90")]


@pytest.mark.parametrize(
    ("month", "status"),
    [("2024-12", "No Agreement"), ("2025-01", "Compliant"), ("2025-12", "Compliant"), ("2026-01", "No Agreement")],
)
def test_a_month_without_agreement_is_reported(harbour: str, month: str, status: str) -> None:
    generate_reports_for_month(month)
    assert doclife.get_all("Franchise Compliance Report", pluck="status") == [status]


def test_outlets_that_were_active_or_have_sold_are_reported_on(harbour: str) -> None:
    for outlet in ("AIRPORT", "MUSEUM", "STATION"):
        add_outlet(outlet)
    submitted("1", ("CUP", 2, "4.45"), outlet="MUSEUM")
    with travel_to("2026-01-01"):
        follow_agreements()  # HARBOUR and AIRPORT lapse; the others are closed by a person
    for outlet in ("MUSEUM", "STATION"):
        doclife.db.set_value("SJ Outlet", outlet, {"status": "Inactive", "lapsed_on": None})
    doclife.db.set_value("SJ Outlet", "AIRPORT", "lapsed_on", "2025-10-01")
    generate_reports_for_month("2025-10")
    assert doclife.get_all("Franchise Compliance Report", pluck="franchise_outlet", order_by="name") == [
        "HARBOUR",
        "MUSEUM",
    ]


def test_an_outlet_that_cannot_be_reported_on_does_not_spoil_the_others(harbour: str) -> None:
    add_outlet("AIRPORT")

    def refuse(doc: Any) -> None:
        if doc.franchise_outlet == "AIRPORT":
            doclife.throw("the airport is closed")

    with doclife.events.connected("Franchise Compliance Report", "validate", refuse):
        assert generate_reports_for_month("2025-10") == 1
    assert doclife.get_all("Franchise Compliance Report", pluck="franchise_outlet") == ["HARBOUR"]
    assert doclife.get_all("Error Log", pluck="method") == ["Compliance report AIRPORT 2025-10"]


def test_the_scheduler_reports_on_the_month_before(harbour: str) -> None:
    with travel_to("2026-01-01 00:00:00"):
        report_on_last_month()
    assert doclife.get_all("Franchise Compliance Report", fields=["report_month", "report_date"], as_list=True) == (
        ("2025-12", doclife.utils.getdate("2026-01-01")),
    )


def test_reports_asked_for_twice_are_made_once(harbour: str) -> None:
    with captured_jobs() as jobs:
        first = api.generate_monthly_compliance_reports("2025-10")
        assert api.generate_monthly_compliance_reports("2025-10") is None
        assert api.generate_monthly_compliance_reports("2025-11") not in (None, first)
    assert [(job.method, job.queue, job.timeout, job.kwargs["month"]) for job in jobs] == [
        (REPORTS, "long", 1800, "2025-10"),
        (REPORTS, "long", 1800, "2025-11"),
    ]


def test_reports_are_for_franchise_managers(harbour: str) -> None:
    make_user("clerk@example.com")
    make_user("manager@example.com", "Franchise Manager")
    with as_user("clerk@example.com"), pytest.raises(doclife.PermissionDenied):
        api.generate_monthly_compliance_reports("2025-10")
    with as_user("manager@example.com"):
        assert api.generate_monthly_compliance_reports("2025-10")


def test_metrics_add_up_the_months(harbour: str) -> None:
    submitted("1", ("CUP", 2, "4.45"))
    submitted("2", ("CUP", 1, "4.45"), date="2025-11-01")
    assert api.get_franchise_metrics("HARBOUR") == {
        "outlet": "HARBOUR",
        "total_sales": Decimal("13.35"),
        "total_royalty": Decimal("0.6675"),
        "invoice_count": 2,
    }
    assert api.get_franchise_metrics("HARBOUR", "2025-11")["total_sales"] == Decimal("4.45")


def test_metrics_are_for_those_who_may_read_the_outlet(harbour: str) -> None:
    make_user("clerk@example.com")
    with as_user("clerk@example.com"), pytest.raises(doclife.PermissionDenied):
        api.get_franchise_metrics("HARBOUR")


def test_every_active_outlet_has_its_stock_taken(harbour: str) -> None:
    add_outlet("AIRPORT")
    doclife.set_value("SJ Outlet", "AIRPORT", "status", "Inactive")
    with captured_jobs() as jobs:
        sync_outlet_stock_levels()
    assert [job.kwargs for job in jobs] == [{"outlet": "HARBOUR", "warehouse": "HARBOUR Stores"}]


def test_a_day_has_one_snapshot_of_an_outlet(harbour: str) -> None:
    submitted("1", ("CUP", 5, "1"), ("CONE", 2, "1"))
    with travel_to("2025-10-05 06:00:00"):
        sync_single_outlet_stock("HARBOUR", "HARBOUR Stores")
        sync_invoice_stock("1")
        doclife.db.sql("UPDATE `tabBin` SET reserved_qty = 3 WHERE item_code = %s", "CUP")
        sync_single_outlet_stock("HARBOUR", "HARBOUR Stores")
    assert doclife.get_all("Franchise Stock Snapshot", pluck="name") == ["HARBOUR-2025-10-05"]
    rows = doclife.get_doc("Franchise Stock Snapshot", "HARBOUR-2025-10-05").stock_items
    assert [(row.item_code, row.actual_qty, row.reserved_qty, row.available_qty) for row in rows] == [
        ("CONE", -2, 0, -2),
        ("CUP", -5, 3, -8),
    ]


def test_the_arguments_of_jobs_are_plain_json(harbour: str) -> None:
    submitted("1", ("CAKE", 1, "3000"))
    doclife.db.commit()
    stored = doclife.db.sql("SELECT kwargs FROM `tabBackground Job` WHERE method = %s", NOTICE)
    assert [json.loads(kwargs) for (kwargs,) in stored] == [{"invoice": "1"}]
