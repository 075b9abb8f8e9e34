"""Cancelling undoes exactly what submitting did; what fails leaves nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import doclife
from doclife.testing import refute_enqueued
from tests.example_app.conftest import draft, submitted

STOCK_JOB = "example_app.tasks.stock.sync_invoice_stock"


def books() -> dict[str, list[Any]]:
    """Returns entries and summaries without names and times."""
    return {
        "entries": doclife.get_all(
            "Franchise Royalty Entry",
            fields=["franchise_outlet", "sales_invoice", "sales_amount", "royalty_amount"],
            order_by="sales_invoice",
        ),
        "summaries": doclife.get_all(
            "Franchise Sales Summary",
            fields=["name", "total_sales", "total_royalty", "total_marketing_fee", "invoice_count"],
            order_by="name",
        ),
    }


def test_cancelling_the_only_invoice_of_a_month_leaves_empty_books(harbour: str) -> None:
    doc = submitted("1", ("CUP", 2, "4.45"))
    assert books() != {"entries": [], "summaries": []}
    doc.cancel()
    assert books() == {"entries": [], "summaries": []}


def test_cancelling_one_of_several_leaves_the_books_as_they_were_before_it(harbour: str) -> None:
    submitted("1", ("CUP", 2, "4.45"))
    submitted("C2", ("CUP", -1, "0.0001"))
    before = books()
    doc = submitted("3", ("CUP", 7, "1.005"))
    assert books() != before
    doc.cancel()
    assert books() == before


def test_cancelling_a_return_gives_the_sales_back(harbour: str) -> None:
    submitted("1", ("CUP", 2, "4.45"))
    back = submitted("C1", ("CUP", -2, "4.45"))
    assert books()["summaries"][0].total_sales == 0
    back.cancel()
    assert books()["summaries"][0].total_sales == Decimal("8.90")


def test_a_cancelled_entry_is_kept_as_a_copy(harbour: str) -> None:
    submitted("1", ("CUP", 2, "4.45")).cancel()
    assert doclife.get_all("Deleted Document", pluck="deleted_doctype") == ["Franchise Royalty Entry"]


def test_an_amended_invoice_takes_the_place_of_the_cancelled_one(harbour: str) -> None:
    first = submitted("536365", ("CUP", 2, "4.45"))
    before = books()["summaries"]
    first.cancel()
    amended = doclife.copy_doc(first, ignore_no_copy=False)
    amended.amended_from = first.name
    amended.insert()
    amended.submit()
    assert (amended.name, amended.invoice_no, amended.items[0].amount) == ("536365-1", "536365-1", Decimal("8.90"))
    assert books()["summaries"] == before
    assert [entry.sales_invoice for entry in books()["entries"]] == ["536365-1"]


def test_two_invoices_cannot_have_one_number(harbour: str) -> None:
    submitted("1", ("CUP", 1, "1"))
    with pytest.raises(doclife.DuplicateEntryError):
        draft("1", ("CUP", 1, "1")).insert()


def test_nothing_is_left_of_a_submit_that_a_handler_refuses(harbour: str) -> None:
    submitted("1", ("CUP", 2, "4.45"))
    before = books()
    doc = draft("2", ("CUP", 1, "5000")).insert()

    def refuse(doc: Any) -> None:
        # by now the others have done their part
        assert doclife.db.count("Franchise Royalty Entry") == 2
        doclife.throw("not today")

    with (
        doclife.events.connected("Sales Invoice", "on_submit", refuse),
        pytest.raises(doclife.ValidationError, match="not today"),
    ):
        doc.submit()
    doclife.db.commit()
    assert books() == before
    assert doclife.db.get_value("Sales Invoice", "2", "docstatus") == 0
    refute_enqueued(STOCK_JOB, invoice="2")
    refute_enqueued("example_app.tasks.notices.send_large_invoice_notice")
    assert doc.docstatus == 0


def test_what_a_handler_has_refused_can_be_submitted_later(harbour: str) -> None:
    doc = draft("1", ("CUP", 1, "1"), date="2026-01-01").insert()
    with pytest.raises(doclife.ValidationError, match="HARBOUR has no submitted Franchise Agreement for 2026-01-01"):
        doc.submit()
    doc.posting_date = "2025-12-31"
    doc.submit()
    assert [summary.name for summary in books()["summaries"]] == ["HARBOUR-2025-12"]


def test_a_draft_agreement_does_not_count(harbour: str) -> None:
    doclife.new_doc(
        "Franchise Agreement", franchise_outlet=harbour, start_date="2026-01-01", expiry_date="2026-12-31"
    ).insert()
    with pytest.raises(doclife.ValidationError, match="no submitted Franchise Agreement"):
        submitted("1", ("CUP", 1, "1"), date="2026-01-01")
    assert books() == {"entries": [], "summaries": []}
