"""Who sells needs an agreement."""

from __future__ import annotations

import doclife
from example_app.doctypes.franchise_agreement import in_force
from example_app.doctypes.sales_invoice import SalesInvoice


def require_agreement(doc: SalesInvoice, method: str) -> None:
    """Refuses an invoice dated outside the agreements of its outlet, and with it all that was written for it.

    Raises:
        ValidationError: the message names outlet and date.
    """
    agreement = {"franchise_outlet": doc.franchise_outlet} | in_force(doc.posting_date)
    if not doclife.db.exists("Franchise Agreement", agreement):
        doclife.throw(
            f"Sales Invoice {doc.name}: {doc.franchise_outlet} has no submitted Franchise Agreement "
            f"for {doc.posting_date}; submit one, or correct the date"
        )
