"""Notices to people."""

from __future__ import annotations

import doclife
from doclife.utils import fmt_money
from example_app.doctypes.sales_invoice import SalesInvoice


def send_large_invoice_notice(invoice: str) -> None:
    """Tells Administrator of a large invoice, once, and not of one that was cancelled meanwhile."""
    doc = doclife.get_doc(SalesInvoice, invoice)
    about = {"document_type": doc.doctype, "document_name": doc.name}
    if doc.docstatus != 1 or doclife.db.exists("Notification Log", about):
        return
    what = "return" if doc.is_return else "invoice"
    doclife.get_doc(
        {
            "doctype": "Notification Log",
            "subject": f"Large {what} {doc.name} of {doc.franchise_outlet}: {fmt_money(doc.grand_total)}",
            "for_user": "Administrator",
            "type": "Alert",
            **about,
        }
    ).insert(ignore_permissions=True)
