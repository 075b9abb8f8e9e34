"""Royalty invoices: what the outlets owe for a month, made once, whatever happens on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import doclife
from doclife.testing import as_user, assert_enqueued, make_user, run_due, run_jobs, travel_to
from example_app.doctypes.franchise_royalty_invoice import FranchiseRoyaltyInvoice
from example_app.tasks.royalty_invoices import invoice_royalties, make_invoices
from tests.example_app.conftest import add_outlet, draft, submitted

pytestmark = pytest.mark.slow_on_servers

Figures = dict[str, tuple[Decimal, Decimal, Decimal, Decimal]]


@pytest.fixture
def two_months(harbour: str) -> None:
    """October of two outlets, November of one, and a December that is not over.

    HARBOUR (5 %, 2 %) in October: 8.90 less a return of 4.45; royalty 0.445 - 0.2225, fee 0.178 - 0.089.
    AIRPORT (7.5 %, 1 %) in October: 17.80; royalty 1.335, fee 0.178. HARBOUR in November: 44.50; 2.225, 0.89.
    """
    add_outlet("AIRPORT", "7.5", 1)
    submitted("1", ("CUP", 2, "4.45"), date="2025-10-01")
    submitted("C2", ("CUP", -1, "4.45"), date="2025-10-31")
    submitted("3", ("CUP", 4, "4.45"), outlet="AIRPORT")
    submitted("4", ("GIFT", 4, "0"), outlet="AIRPORT")
    submitted("5", ("CUP", 999, "1")).cancel()
    submitted("6", ("CUP", 10, "4.45"), date="2025-11-30")
    submitted("7", ("CUP", 1, "100"), date="2025-12-01")


BY_HAND: Figures = {
    "AIRPORT-2025-10": (Decimal("17.80"), Decimal("1.335"), Decimal("0.178"), Decimal("1.513")),
    "HARBOUR-2025-10": (Decimal("4.45"), Decimal("0.2225"), Decimal("0.089"), Decimal("0.3115")),
    "HARBOUR-2025-11": (Decimal("44.50"), Decimal("2.225"), Decimal("0.89"), Decimal("3.115")),
}


def figures(**filters: Any) -> Figures:
    """Returns the totals of the submitted royalty invoices by name."""
    fields = ["name", "total_sales", "total_royalty", "total_marketing_fee", "grand_total"]
    rows = doclife.get_all("Franchise Royalty Invoice", filters={"docstatus": 1} | filters, fields=fields, as_list=True)
    return {name: tuple(rest) for name, *rest in rows}


def invoice(outlet: str = "HARBOUR", month: str = "2025-10") -> FranchiseRoyaltyInvoice:
    return doclife.new_doc(FranchiseRoyaltyInvoice, franchise_outlet=outlet, month=month)


@pytest.mark.usefixtures("two_months")
def test_each_outlet_and_month_that_is_over_gets_one() -> None:
    assert make_invoices("2025-11") == {"last_month": "2025-11", "made": 3}
    assert figures() == BY_HAND
    rows = doclife.get_doc(FranchiseRoyaltyInvoice, "HARBOUR-2025-10").items
    assert [(row.sales_invoice, str(row.posting_date), row.sales_amount, row.royalty_amount) for row in rows] == [
        ("1", "2025-10-01", Decimal("8.90"), Decimal("0.445")),
        ("C2", "2025-10-31", Decimal("-4.45"), Decimal("-0.2225")),
    ]


@pytest.mark.usefixtures("two_months")
def test_another_run_makes_no_second() -> None:
    make_invoices("2025-10")
    assert figures() == {name: BY_HAND[name] for name in ("AIRPORT-2025-10", "HARBOUR-2025-10")}
    assert make_invoices("2025-11")["made"] == 1  # the month that had been left out
    assert make_invoices("2025-11")["made"] == 0
    assert figures() == BY_HAND


@pytest.mark.usefixtures("two_months")
def test_a_cancelled_one_is_made_anew() -> None:
    make_invoices("2025-10")
    for old, new in (("HARBOUR-2025-10", "HARBOUR-2025-10-1"), ("HARBOUR-2025-10-1", "HARBOUR-2025-10-2")):
        doclife.get_doc(FranchiseRoyaltyInvoice, old).cancel()
        submitted(f"for {new}", ("CUP", 1, "10"))
        assert make_invoices("2025-10")["made"] == 1
        assert doclife.db.get_value("Franchise Royalty Invoice", new, "amended_from") == old
    # two more invoices of 10
    assert figures(franchise_outlet="HARBOUR") == {
        "HARBOUR-2025-10-2": (Decimal("24.45"), Decimal("1.2225"), Decimal("0.489"), Decimal("1.7115"))
    }


@pytest.mark.usefixtures("two_months")
def test_a_draft_of_a_person_is_left_to_them() -> None:
    invoice().insert()
    assert make_invoices("2025-10")["made"] == 1
    assert list(figures()) == ["AIRPORT-2025-10"]


@pytest.mark.usefixtures("two_months")
def test_a_draft_follows_the_books_until_it_is_submitted() -> None:
    doc = invoice().insert()
    submitted("8", ("CUP", 1, "10"))
    doc.submit()
    assert doc.total_sales == Decimal("14.45")


@pytest.mark.usefixtures("two_months")
def test_a_month_has_one() -> None:
    invoice().insert()
    with pytest.raises(doclife.ValidationError, match="2025-10 of HARBOUR is invoiced by HARBOUR-2025-10; cancel"):
        invoice().insert()


@pytest.mark.usefixtures("two_months")
@pytest.mark.parametrize("month", ["2025-09", "2025-1", "October", "2025-10%"])
def test_a_month_without_sales_has_none(month: str) -> None:
    with pytest.raises(doclife.ValidationError, match=f"HARBOUR has no invoices in {month}; write the month as"):
        invoice(month=month).insert()


def test_an_outlet_that_owes_nothing_gets_none(harbour: str) -> None:
    submitted("1", ("GIFT", 1, "0"))
    with pytest.raises(doclife.ValidationError, match="HARBOUR owes nothing for 2025-10"):
        invoice().insert()
    assert make_invoices("2025-10")["made"] == 0
    doclife.commit()
    assert doclife.get_all("Error Log") == []  # it is no error, and would be one every month


def test_a_fee_is_invoiced_without_a_royalty(site: Any) -> None:
    add_outlet("AIRPORT", 0, 3)
    submitted("1", ("CUP", 1, "50"), outlet="AIRPORT")
    make_invoices("2025-10")
    assert figures() == {"AIRPORT-2025-10": (Decimal(50), Decimal(0), Decimal("1.5"), Decimal("1.5"))}


@pytest.mark.usefixtures("two_months")
def test_the_month_is_closed_until_its_invoice_is_cancelled() -> None:
    doc = invoice().submit()
    late = draft("8", ("CUP", 1, "10")).insert()
    with pytest.raises(doclife.ValidationError, match=r"Sales Invoice 8: .* 2025-10 are invoiced by HARBOUR-2025-10;"):
        late.submit()
    with pytest.raises(doclife.LinkExistsError, match="Franchise Royalty Invoice HARBOUR-2025-10 links to it"):
        doclife.get_doc("Sales Invoice", "1").cancel()
    assert doclife.db.count("Franchise Royalty Entry", {"sales_invoice": ["in", ["1", "8"]]}) == 1
    doc.cancel()
    late.submit()
    doclife.get_doc("Sales Invoice", "1").cancel()
    make_invoices("2025-10")
    # 10 less the return of 4.45
    assert figures(franchise_outlet="HARBOUR")["HARBOUR-2025-10-1"][0] == Decimal("5.55")


@pytest.mark.usefixtures("two_months")
def test_a_person_amends_a_cancelled_one_with_the_books_of_today() -> None:
    make_user("ann@example.com", "Franchise Manager")
    invoice().submit()
    with as_user("ann@example.com"):
        doc = doclife.get_doc(FranchiseRoyaltyInvoice, "HARBOUR-2025-10")
        doc.cancel()
        doclife.get_doc("Sales Invoice", "C2").cancel()
        amended = doclife.copy_doc(doc, ignore_no_copy=False)
        amended.amended_from = doc.name
        amended.submit()
    # without the return
    assert figures(franchise_outlet="HARBOUR") == {
        "HARBOUR-2025-10-1": (Decimal("8.90"), Decimal("0.445"), Decimal("0.178"), Decimal("0.623"))
    }


@pytest.mark.usefixtures("two_months")
def test_the_scheduled_function_hands_over_to_the_long_queue() -> None:
    with travel_to("2025-12-01 00:00"):
        answer = invoice_royalties()
        assert answer["last_month"] == "2025-11"
        job = assert_enqueued(
            "example_app.tasks.royalty_invoices.make_invoices",
            queue="long",
            timeout=3600,
            job_name="royalty-invoices::2025-11",
            last_month="2025-11",
        )
        assert answer["job"] == job.id
        assert invoice_royalties() == {"last_month": "2025-11", "job": None}


@pytest.mark.usefixtures("two_months")
def test_the_first_of_the_month_brings_them() -> None:
    with travel_to("2025-12-01 00:00"):
        run_due(since="2025-11-30 23:30")
    assert figures() == BY_HAND


@pytest.mark.usefixtures("two_months")
def test_a_job_that_breaks_off_goes_on_where_it_was() -> None:
    seen: list[str] = []

    def break_off(doc: Any) -> None:
        seen.append(doc.name)
        if len(seen) == 2:
            raise ConnectionError("the power is gone")

    with travel_to("2025-12-01 00:00"), doclife.events.connected("Franchise Royalty Invoice", "on_submit", break_off):
        job = doclife.enqueue(make_invoices, queue="long", last_month="2025-11", retry=1)
        run_jobs()
        assert job.status() == "queued"
        assert list(figures()) == ["AIRPORT-2025-10"]
        run_jobs(with_scheduled=True)
    assert job.status() == "finished"
    # the second was undone with its attempt, and came first in the next
    assert seen == ["AIRPORT-2025-10", "HARBOUR-2025-10", "HARBOUR-2025-10", "HARBOUR-2025-11"]
    assert figures() == BY_HAND
    assert doclife.get_doc("Background Job", job.id).result == '{"last_month":"2025-11","made":3}'


@pytest.mark.usefixtures("two_months")
def test_an_outlet_that_is_refused_holds_up_none() -> None:
    # as an import by SQL may leave it: an entry of an invoice that is not there
    doclife.db.sql("UPDATE `tabFranchise Royalty Entry` SET sales_invoice = 'gone' WHERE sales_invoice = '3'")
    assert make_invoices("2025-11")["made"] == 2
    doclife.commit()
    assert doclife.get_all("Error Log", pluck="method") == ["Royalty invoice AIRPORT 2025-10"]
    doclife.db.sql("UPDATE `tabFranchise Royalty Entry` SET sales_invoice = '3' WHERE sales_invoice = 'gone'")
    make_invoices("2025-11")
    assert figures() == BY_HAND
