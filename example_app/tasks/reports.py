"""Compliance reports: long work, one outlet after the other."""

from __future__ import annotations

import doclife
from doclife.utils import add_months, get_last_day, getdate, today
from example_app.doctypes.franchise_agreement import in_force
from example_app.doctypes.franchise_compliance_report import FranchiseComplianceReport

TITLE = "Franchise compliance reports"


def report_on_last_month() -> None:
    """Reports on the month before this one; the scheduler runs it on the first of each month."""
    generate_reports_for_month(getdate(add_months(today(), -1)).strftime("%Y-%m"))


def generate_reports_for_month(month: str) -> int:
    """Reports on every outlet that was active in the month, or has sold in it, and returns on how many.

    Each report is committed by itself: the work of an hour is not lost for the last outlet's sake.
    A run that is repeated replaces the figures.

    Args:
        month: YYYY-MM.
    """
    outlets = _outlets_of(month)
    written = 0
    for n, outlet in enumerate(outlets, 1):
        try:
            generate_single_report(outlet, month)
            written += 1
        except doclife.ValidationError:  # one outlet does not spoil the others' reports
            doclife.log_error(title=f"Compliance report {outlet} {month}", message=doclife.get_traceback())
        doclife.publish_progress(percent=100 * n / len(outlets), title=TITLE, description=f"{month}: {outlet}")
        doclife.db.commit()
    return written


def _outlets_of(month: str) -> list[str]:
    # the night in which the reports are made may be the one in which agreements end, and outlets become Inactive
    active = {"status": "Active", "lapsed_on": [">", getdate(f"{month}-01")]}
    sold = doclife.get_all("Franchise Sales Summary", filters={"month": month}, pluck="franchise_outlet")
    return sorted({*doclife.get_all("SJ Outlet", or_filters=active, pluck="name"), *sold})


def generate_single_report(outlet: str, month: str) -> FranchiseComplianceReport:
    """Reports on one outlet and month.

    Args:
        outlet: name of the SJ Outlet.
        month: YYYY-MM.
    """
    first = getdate(f"{month}-01")
    summary = doclife.db.get_value(
        "Franchise Sales Summary",
        {"franchise_outlet": outlet, "month": month},
        ["total_sales", "total_royalty", "total_marketing_fee", "invoice_count"],
        as_dict=True,
    )
    agreement = doclife.db.get_value(
        "Franchise Agreement", {"franchise_outlet": outlet} | in_force(first, get_last_day(first)), "name"
    )
    return (
        _existing_or_new(outlet, month)
        .update(
            {
                "report_date": today(),
                "franchise_agreement": agreement,
                "status": "Compliant" if agreement else "No Agreement",
                "total_sales": summary.total_sales if summary else 0,
                "royalty_due": summary.total_royalty if summary else 0,
                "marketing_fee_due": summary.total_marketing_fee if summary else 0,
                "invoice_count": summary.invoice_count if summary else 0,
            }
        )
        .save(ignore_permissions=True)
    )


def _existing_or_new(outlet: str, month: str) -> FranchiseComplianceReport:
    existing = doclife.db.exists("Franchise Compliance Report", {"franchise_outlet": outlet, "report_month": month})
    if existing:
        return doclife.get_doc(FranchiseComplianceReport, existing, for_update=True)
    return doclife.new_doc(FranchiseComplianceReport, franchise_outlet=outlet, report_month=month)
