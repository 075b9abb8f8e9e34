"""Somebody wants to know about large invoices."""

from __future__ import annotations

import doclife
from example_app.doctypes.sales_invoice import SalesInvoice

#: money, in either direction
LARGE_INVOICE = 2500


def ask_for_large_invoice_notice(doc: SalesInvoice, method: str) -> None:
    """Leaves the notice of a large invoice, or a large return, to a job."""
    if abs(doc.grand_total) > LARGE_INVOICE:
        doclife.enqueue("example_app.tasks.notices.send_large_invoice_notice", invoice=doc.name)
