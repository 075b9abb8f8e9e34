"""The royalty entry of an invoice comes and goes with it."""

from __future__ import annotations

import doclife
from example_app.doctypes.franchise_royalty_entry import FranchiseRoyaltyEntry
from example_app.doctypes.sales_invoice import SalesInvoice


def create_royalty_entry(doc: SalesInvoice, method: str) -> None:
    """Enters the royalty of a submitted invoice, unless it is zero. A return's is negative."""
    if not doc.franchise_royalty:
        return
    doclife.new_doc(
        FranchiseRoyaltyEntry,
        franchise_outlet=doc.franchise_outlet,
        sales_invoice=doc.name,
        posting_date=doc.posting_date,
        sales_amount=doc.net_total,
        royalty_percentage=doc.royalty_percentage,
        royalty_amount=doc.franchise_royalty,
    ).insert(ignore_permissions=True)


def cancel_royalty_entry(doc: SalesInvoice, method: str) -> None:
    """Deletes the royalty entry of a cancelled invoice; "Deleted Document" keeps a copy."""
    for name in doclife.get_all("Franchise Royalty Entry", filters={"sales_invoice": doc.name}, pluck="name"):
        doclife.delete_doc("Franchise Royalty Entry", name, ignore_permissions=True)
