"""Franchise Compliance Report: what an outlet sold in a month, and whether it was allowed to."""

from __future__ import annotations

from doclife import Document, Meta, Permission
from doclife.fields import Currency, Data, Date, Int, Link, Select


class FranchiseComplianceReport(Document):
    """The report on one outlet and month; a later run replaces its figures."""

    meta = Meta(
        autoname="format:{franchise_outlet}-{report_month}",
        permissions=[
            Permission("Franchise Manager", read=True, report=True),
            Permission("Franchise Auditor", read=True, report=True),
        ],
    )

    franchise_outlet = Link("SJ Outlet", reqd=True, set_only_once=True, in_list_view=True)
    report_month = Data(reqd=True, set_only_once=True, index=True, in_list_view=True, description="YYYY-MM")
    report_date = Date(reqd=True)
    franchise_agreement = Link("Franchise Agreement")
    status = Select("Compliant", "No Agreement", reqd=True, in_list_view=True)
    total_sales = Currency()
    royalty_due = Currency()
    marketing_fee_due = Currency()
    invoice_count = Int()
