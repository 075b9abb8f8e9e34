"""Franchise Dashboard: the figures of the hour."""

from __future__ import annotations

from doclife import Document, Meta, Permission
from doclife.fields import Currency, Data, Datetime, Int, Table


class FranchiseDashboardOutlet(Document):
    """One outlet on the dashboard."""

    meta = Meta(istable=True)

    #: plain text: a figure must not keep an outlet from being deleted
    outlet = Data(reqd=True, in_list_view=True)
    outlet_name = Data(in_list_view=True)
    sales_today = Currency(in_list_view=True)
    sales_this_month = Currency(in_list_view=True)


class FranchiseDashboard(Document):
    """What was sold today and this month, and what wants looking at; an hourly job writes it."""

    meta = Meta(
        issingle=True,
        permissions=[
            Permission("Franchise Manager", read=True),
            Permission("Franchise Auditor", read=True),
        ],
    )

    as_of = Datetime(read_only=True)
    sales_today = Currency(read_only=True)
    sales_this_month = Currency(read_only=True)
    royalty_this_month = Currency(read_only=True)
    invoices_this_month = Int(read_only=True)
    open_agreements = Int(read_only=True, description="agreements in force")
    ending_agreements = Int(read_only=True, description="of these, within 30 days")
    failed_jobs = Int(read_only=True)
    outlets = Table(FranchiseDashboardOutlet)
