"""The monthly sums of an outlet follow its invoices, exactly, however many are submitted at once."""

from __future__ import annotations

import doclife
from example_app.doctypes.franchise_sales_summary import FranchiseSalesSummary
from example_app.doctypes.sales_invoice import SalesInvoice


def update_franchise_sales_summary(doc: SalesInvoice, method: str) -> None:
    """Adds a submitted invoice to the sums of its outlet and month."""
    _add(doc, 1)


def reverse_franchise_sales_summary(doc: SalesInvoice, method: str) -> None:
    """Takes a cancelled invoice out of the sums of its outlet and month."""
    _add(doc, -1)


def _add(doc: SalesInvoice, sign: int) -> None:
    summary = _locked(doc.franchise_outlet, doc.posting_date.strftime("%Y-%m"))
    summary.total_sales += doc.net_total * sign
    summary.total_royalty += doc.franchise_royalty * sign
    summary.total_marketing_fee += doc.franchise_marketing_fee * sign
    summary.invoice_count += sign
    if summary.invoice_count:
        summary.save(ignore_permissions=True)
    else:  # back to where there was no invoice
        doclife.delete_doc(FranchiseSalesSummary, summary.name, ignore_permissions=True, delete_permanently=True)


def _locked(outlet: str, month: str) -> FranchiseSalesSummary:
    """Returns the summary, locked until the transaction ends: nobody else adds to it meanwhile."""
    name = f"{outlet}-{month}"
    try:
        return doclife.get_doc(FranchiseSalesSummary, name, for_update=True)
    except doclife.DoesNotExistError:
        new = doclife.new_doc(FranchiseSalesSummary, franchise_outlet=outlet, month=month)
    try:
        return new.insert(ignore_permissions=True)
    except doclife.DuplicateEntryError:  # another transaction has just made it
        return doclife.get_doc(FranchiseSalesSummary, name, for_update=True)
