"""Royalty invoices: one for each outlet and month, made in a job of its own that goes on where it was."""

from __future__ import annotations

from typing import Any

import doclife
from doclife.utils import add_months, getdate, today
from example_app.doctypes.franchise_royalty_entry import FranchiseRoyaltyEntry, of_month
from example_app.doctypes.franchise_royalty_invoice import FranchiseRoyaltyInvoice

TITLE = "Franchise royalty invoices"
#: seconds
TIMEOUT = 3600


def invoice_royalties() -> dict[str, str | None]:
    """Has a long job make the royalty invoices up to last month; the scheduler runs it on the first of each month.

    Returns:
        The last month, and the id of the job; None: it waits or runs already.
    """
    month = getdate(add_months(today(), -1)).strftime("%Y-%m")
    job = doclife.enqueue(
        make_invoices, queue="long", timeout=TIMEOUT, job_name=f"royalty-invoices::{month}", retry=3, last_month=month
    )
    return {"last_month": month, "job": job.id if job else None}


def make_invoices(last_month: str) -> dict[str, Any]:
    """Invoices every outlet for every month up to the last that has none; months that were missed come too.

    A month whose royalty invoice was cancelled is invoiced anew. Each invoice is committed with the
    note of how far this is. One that is refused is logged, and the next run tries it again.
    """
    with doclife.job.step("invoices") as step:
        progress = step.cursor or {"done": ["", ""], "made": 0}
        due = [each for each in _open_months(last_month) if each > tuple(progress["done"])]
        for n, (month, outlet) in enumerate(due, 1):
            try:
                _invoice(outlet, month)
                progress["made"] += 1
            except doclife.ValidationError:  # one outlet does not hold up the others
                doclife.log_error(title=f"Royalty invoice {outlet} {month}", message=doclife.get_traceback())
            doclife.publish_progress(percent=100 * n / len(due), title=TITLE, description=f"{month}: {outlet}")
            progress["done"] = [month, outlet]
            step.checkpoint(progress)
    return {"last_month": last_month, "made": progress["made"]}


def _open_months(last_month: str) -> list[tuple[str, str]]:
    """Returns (month, outlet) of what is owed and not invoiced, oldest first."""
    sold = doclife.get_all("Franchise Sales Summary", {"month": ["<=", last_month]}, ["month", "franchise_outlet"])
    invoiced = doclife.get_all(
        FranchiseRoyaltyInvoice, {"docstatus": ["!=", 2], "month": ["<=", last_month]}, ["month", "franchise_outlet"]
    )
    open_ = {(each.month, each.franchise_outlet) for each in sold}
    open_ -= {(each.month, each.franchise_outlet) for each in invoiced}
    # an outlet may owe nothing: it has no royalty, or has given everything away
    return sorted(
        (month, outlet) for month, outlet in open_ if doclife.db.exists(FranchiseRoyaltyEntry, of_month(outlet, month))
    )


def _invoice(outlet: str, month: str) -> None:
    about = {"franchise_outlet": outlet, "month": month}
    cancelled = doclife.get_all(
        FranchiseRoyaltyInvoice, about | {"docstatus": 2}, pluck="name", order_by="creation desc", limit=1
    )
    invoice = doclife.new_doc(FranchiseRoyaltyInvoice, franchise_outlet=outlet, month=month)
    if cancelled:
        invoice.amended_from = cancelled[0]
    invoice.submit()
