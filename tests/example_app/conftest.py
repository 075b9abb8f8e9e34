"""What the tests of the example app begin with: a site that has it, an outlet, and invoices by the handful."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import doclife
from example_app.doctypes.sales_invoice import SalesInvoice

#: item code, quantity, price
Row = tuple[str, int, str]
MakeInvoice = Callable[..., SalesInvoice]


@pytest.fixture
def doclife_apps() -> tuple[str, ...]:
    return ("example_app",)


def add_outlet(code: str, royalty: Any = 5, marketing_fee: Any = 2) -> str:
    """Makes an outlet with an agreement for 2025; returns its name."""
    doclife.get_doc(
        {
            "doctype": "SJ Outlet",
            "franchise_code": code,
            "outlet_name": code.title(),
            "royalty_percentage": royalty,
            "marketing_fee_percentage": marketing_fee,
        }
    ).insert()
    add_agreement(code, "2025-01-01", "2025-12-31")
    return code


def add_agreement(outlet: str, start: str, end: str) -> str:
    """Submits an agreement; returns its name."""
    agreement = doclife.new_doc("Franchise Agreement", franchise_outlet=outlet, start_date=start, expiry_date=end)
    agreement.insert()
    agreement.submit()
    return str(agreement.name)


def draft(number: str, *rows: Row, outlet: str = "HARBOUR", date: str = "2025-10-04") -> SalesInvoice:
    """Builds an invoice that is not inserted."""
    return SalesInvoice(
        invoice_no=number,
        franchise_outlet=outlet,
        posting_date=date,
        is_return=number.startswith("C"),
        items=[{"item_code": code, "qty": qty, "rate": rate} for code, qty, rate in rows],
    )


def submitted(number: str, *rows: Row, **terms: Any) -> SalesInvoice:
    """Inserts and submits an invoice."""
    doc = draft(number, *rows, **terms)
    doc.insert()
    doc.submit()
    return doc


@pytest.fixture
def harbour(site: Any) -> str:
    """An outlet that owes 5 % royalty and 2 % marketing fee, with an agreement for 2025."""
    return add_outlet("HARBOUR")
