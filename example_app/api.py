"""What may be called from outside."""

from __future__ import annotations

import doclife
from doclife.utils import getdate, today
from example_app.tasks.dashboard import read_dashboard


@doclife.whitelist()
def generate_monthly_compliance_reports(month: str | None = None) -> str | None:
    """Starts the compliance reports of a month in the background.

    Args:
        month: YYYY-MM; None: this month.
    Returns:
        The id of the job, or None: the reports of that month are being made already.
    """
    doclife.only_for(["Franchise Manager", "System Manager"])
    month = getdate(f"{month}-01" if month else today()).strftime("%Y-%m")
    job = doclife.enqueue(
        method="example_app.tasks.reports.generate_reports_for_month",
        queue="long",
        timeout=1800,
        job_id=f"compliance-reports::{month}",
        month=month,
    )
    doclife.msgprint(f"The compliance reports of {month} are on their way.")
    return job.id if job else None


@doclife.whitelist()
def get_franchise_metrics(outlet: str, month: str | None = None) -> dict[str, object]:
    """Returns the sums of an outlet over one month, or over all.

    Args:
        outlet: name of an SJ Outlet.
        month: YYYY-MM; None: all months.
    Raises:
        DoesNotExistError: there is no such outlet. PermissionDenied: the user may not read it.
    """
    doclife.get_doc("SJ Outlet", outlet).check_permission("read")
    filters = {"franchise_outlet": outlet} | ({"month": month} if month else {})
    months = doclife.get_all(
        "Franchise Sales Summary", filters=filters, fields=["total_sales", "total_royalty", "invoice_count"]
    )
    return {
        "outlet": outlet,
        "total_sales": sum((each.total_sales for each in months), doclife.Amount(0)),
        "total_royalty": sum((each.total_royalty for each in months), doclife.Amount(0)),
        "invoice_count": sum(each.invoice_count for each in months),
    }


@doclife.whitelist()
def get_dashboard() -> dict[str, object]:
    """Returns the figures of the dashboard as they were worked out last, with the time of that in `as_of`.

    They are there too while the broker is down.

    Raises:
        PermissionDenied: the user may not read the dashboard.
    """
    doclife.has_permission("Franchise Dashboard", "read", throw=True)
    return read_dashboard()
