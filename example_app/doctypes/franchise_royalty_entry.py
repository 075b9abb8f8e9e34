"""Franchise Royalty Entry: the royalty of one invoice, and its marketing fee."""

from __future__ import annotations

from typing import Any

from doclife import Document, Meta, Permission
from doclife.fields import Currency, Date, Link, Percent
from doclife.utils import get_last_day, getdate


class FranchiseRoyaltyEntry(Document):
    """What one invoice brings the franchisor; negative for a return. There is one at most per invoice."""

    meta = Meta(
        permissions=[
            Permission("Franchise Manager", read=True, report=True),
            Permission("Franchise Auditor", read=True, report=True),
        ],
    )

    franchise_outlet = Link("SJ Outlet", reqd=True, index=True, in_list_view=True)
    sales_invoice = Link("Sales Invoice", reqd=True, unique=True, in_list_view=True)
    posting_date = Date(reqd=True)
    sales_amount = Currency()
    royalty_percentage = Percent()
    royalty_amount = Currency(in_list_view=True)
    marketing_fee_amount = Currency()


def of_month(outlet: str, month: str) -> dict[str, Any]:
    """Returns the filters of the entries of one outlet and month, YYYY-MM."""
    first = getdate(f"{month}-01")
    return {"franchise_outlet": outlet, "posting_date": ["between", [first, get_last_day(first)]]}
