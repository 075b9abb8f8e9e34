"""Franchise Royalty Invoice: what an outlet owes the franchisor for a month."""

from __future__ import annotations

import doclife
from doclife import Amount, Document, Meta, Permission
from doclife.fields import Currency, Data, Date, Link, Percent, Table
from example_app.doctypes.franchise_royalty_entry import FranchiseRoyaltyEntry, of_month


class FranchiseRoyaltyInvoiceItem(Document):
    """What is owed for one invoice of the outlet, as its royalty entry has it."""

    meta = Meta(istable=True)

    sales_invoice = Link("Sales Invoice", reqd=True, index=True, in_list_view=True)
    posting_date = Date(reqd=True, in_list_view=True)
    sales_amount = Currency(in_list_view=True)
    royalty_percentage = Percent()
    royalty_amount = Currency(in_list_view=True)
    marketing_fee_amount = Currency()


class FranchiseRoyaltyInvoice(Document):
    """The royalties and marketing fees of one outlet and month; there is one that is not cancelled.

    Its rows are the royalty entries of the month, taken anew whenever it is saved as a draft. While
    it is submitted the month is closed: no invoice can be submitted into it or cancelled.
    """

    meta = Meta(
        submittable=True,
        autoname="format:{franchise_outlet}-{month}",
        permissions=[
            Permission("Franchise Manager", read=True, write=True, create=True, submit=True, cancel=True, amend=True),
            Permission("Franchise Auditor", read=True, report=True),
        ],
    )

    franchise_outlet = Link("SJ Outlet", reqd=True, set_only_once=True, index=True, in_list_view=True)
    month = Data(reqd=True, set_only_once=True, index=True, in_list_view=True, description="YYYY-MM")
    posting_date = Date(default="Today", reqd=True)
    items = Table(FranchiseRoyaltyInvoiceItem, reqd=True, no_copy=True)
    total_sales = Currency(read_only=True)
    total_royalty = Currency(read_only=True, in_list_view=True)
    total_marketing_fee = Currency(read_only=True)
    grand_total = Currency(read_only=True, in_list_view=True)

    def validate(self) -> None:
        """Takes in the royalty entries of the month and adds them up.

        Raises:
            ValidationError: the month is none, or has nothing to invoice; or it is invoiced already.
        """
        self._lock_month()
        self._refuse_second()
        self.items = self._rows()
        self.total_sales = sum((row.sales_amount for row in self.items), Amount(0))
        self.total_royalty = sum((row.royalty_amount for row in self.items), Amount(0))
        self.total_marketing_fee = sum((row.marketing_fee_amount for row in self.items), Amount(0))
        self.grand_total = self.total_royalty + self.total_marketing_fee

    def _lock_month(self) -> None:
        """Keeps invoices from being submitted into the month until this is committed, by the lock of its sums."""
        summary = f"{self.franchise_outlet}-{self.month}"
        try:
            doclife.get_doc("Franchise Sales Summary", summary, for_update=True)
        except doclife.DoesNotExistError:
            doclife.throw(f"{self.franchise_outlet} has no invoices in {self.month}; write the month as YYYY-MM")

    def _refuse_second(self) -> None:
        about = {"franchise_outlet": self.franchise_outlet, "month": self.month, "docstatus": ["!=", 2]}
        for name in doclife.get_all(self.doctype, filters=about, pluck="name"):
            if name != self.name or self.is_new():
                doclife.throw(f"{self.month} of {self.franchise_outlet} is invoiced by {name}; cancel that first")

    def _rows(self) -> list[FranchiseRoyaltyInvoiceItem]:
        fields = ["sales_invoice", "posting_date", "sales_amount", "royalty_percentage"]
        entries = doclife.get_all(
            FranchiseRoyaltyEntry,
            filters=of_month(self.franchise_outlet, self.month),
            fields=[*fields, "royalty_amount", "marketing_fee_amount"],
            order_by="posting_date, sales_invoice",
        )
        if not entries:
            doclife.throw(f"{self.franchise_outlet} owes nothing for {self.month}")
        return [FranchiseRoyaltyInvoiceItem(**entry) for entry in entries]
