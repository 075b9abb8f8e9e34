"""Franchise Sales Summary: the month of an outlet."""

from __future__ import annotations

from doclife import Document, Meta, Permission
from doclife.fields import Currency, Data, Int, Link


class FranchiseSalesSummary(Document):
    """The sums over the submitted invoices of one outlet and month; there is none for a month without invoices."""

    meta = Meta(
        autoname="format:{franchise_outlet}-{month}",
        permissions=[
            Permission("Franchise Manager", read=True, report=True),
            Permission("Franchise Auditor", read=True, report=True),
        ],
    )

    franchise_outlet = Link("SJ Outlet", reqd=True, set_only_once=True, in_list_view=True)
    month = Data(reqd=True, set_only_once=True, index=True, in_list_view=True, description="YYYY-MM")
    total_sales = Currency(in_list_view=True)
    total_royalty = Currency(in_list_view=True)
    total_marketing_fee = Currency()
    invoice_count = Int(non_negative=True)
