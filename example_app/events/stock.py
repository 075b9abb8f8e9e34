"""The stock of an outlet follows its invoices a little later."""

from __future__ import annotations

import doclife
from example_app.doctypes.sales_invoice import SalesInvoice


def ask_for_stock_update(doc: SalesInvoice, method: str) -> None:
    """Leaves the stock levels to a job, after the submit or the cancel is committed."""
    # Without a job_id on purpose: were a cancel's job dropped because the submit's is just
    # running, that one might have read the invoice before it was cancelled.
    doclife.enqueue("example_app.tasks.stock.sync_invoice_stock", queue="short", invoice=doc.name)
