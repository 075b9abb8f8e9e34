"""Sales Invoice: what an outlet has sold, and what it owes the franchisor for it."""

from __future__ import annotations

from doclife import Amount, Document, Meta, Permission
from doclife.fields import Check, Currency, Data, Date, Link, Percent, Table, Time
from example_app.doctypes.sales_invoice_item import SalesInvoiceItem


class SalesInvoice(Document):
    """An invoice of an outlet; a return has negative quantities.

    The outlet's own number is the name. An amended invoice keeps it, and is named `<number>-1`.
    """

    meta = Meta(
        submittable=True,
        autoname="field:invoice_no",
        sort_field="posting_date",
        search_fields=["customer"],
        permissions=[
            Permission("Franchise Manager", read=True, write=True, create=True, submit=True, cancel=True, amend=True),
            Permission("Franchise Auditor", read=True, report=True),
        ],
    )

    invoice_no = Data(reqd=True, set_only_once=True)
    franchise_outlet = Link("SJ Outlet", reqd=True, index=True, in_list_view=True)
    customer = Data()
    posting_date = Date(default="Today", reqd=True, index=True, in_list_view=True)
    posting_time = Time()
    is_return = Check()
    items = Table(SalesInvoiceItem, reqd=True)
    net_total = Currency(read_only=True, in_list_view=True)
    grand_total = Currency(read_only=True)
    royalty_percentage = Percent(read_only=True, fetch_from="franchise_outlet.royalty_percentage")
    marketing_fee_percentage = Percent(read_only=True, fetch_from="franchise_outlet.marketing_fee_percentage")
    franchise_royalty = Currency(read_only=True)
    franchise_marketing_fee = Currency(read_only=True)
    total_franchise_deductions = Currency(read_only=True)
    #: whether the stock job has taken this invoice into account
    stock_updated = Check(read_only=True, no_copy=True, allow_on_submit=True)

    def validate(self) -> None:
        """Adds up the rows and works out what the outlet owes."""
        for row in self.items:
            row.amount = row.rate * row.qty
        self.net_total = sum((row.amount for row in self.items), Amount(0))
        self.grand_total = self.net_total
        self.franchise_royalty = self.net_total * self.royalty_percentage / 100
        self.franchise_marketing_fee = self.net_total * self.marketing_fee_percentage / 100
        self.total_franchise_deductions = self.franchise_royalty + self.franchise_marketing_fee
