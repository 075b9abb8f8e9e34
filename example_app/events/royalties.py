"""The royalty entry of an invoice comes and goes with it."""

from __future__ import annotations

import doclife
from example_app.doctypes.franchise_royalty_entry import FranchiseRoyaltyEntry
from example_app.doctypes.sales_invoice import SalesInvoice


def create_royalty_entry(doc: SalesInvoice, method: str) -> None:
    """Enters royalty and marketing fee of a submitted invoice, unless both are zero. A return's are negative."""
    if not doc.franchise_royalty and not doc.franchise_marketing_fee:
        return
    doclife.new_doc(
        FranchiseRoyaltyEntry,
        franchise_outlet=doc.franchise_outlet,
        sales_invoice=doc.name,
        posting_date=doc.posting_date,
        sales_amount=doc.net_total,
        royalty_percentage=doc.royalty_percentage,
        royalty_amount=doc.franchise_royalty,
        marketing_fee_amount=doc.franchise_marketing_fee,
    ).insert(ignore_permissions=True)


def cancel_royalty_entry(doc: SalesInvoice, method: str) -> None:
    """Deletes the royalty entry of a cancelled invoice; "Deleted Document" keeps a copy."""
    for name in doclife.get_all("Franchise Royalty Entry", filters={"sales_invoice": doc.name}, pluck="name"):
        doclife.delete_doc("Franchise Royalty Entry", name, ignore_permissions=True)


def require_open_month(doc: SalesInvoice, method: str) -> None:
    """Refuses an invoice of a month whose royalties are invoiced: nobody would ever ask for those of this one.

    Order: after the summary of the month is locked, so that no royalty invoice comes in between.

    Raises:
        ValidationError: the message names the royalty invoice.
    """
    month = doc.posting_date.strftime("%Y-%m")
    closed = doclife.db.exists(
        "Franchise Royalty Invoice", {"franchise_outlet": doc.franchise_outlet, "month": month, "docstatus": 1}
    )
    if closed:
        doclife.throw(
            f"Sales Invoice {doc.name}: the royalties of {doc.franchise_outlet} for {month} are invoiced by {closed}; "
            "cancel that first, or correct the date"
        )
