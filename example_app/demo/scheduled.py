"""The scheduled tasks as people and programs see them."""

from __future__ import annotations

from typing import Any

from doclife import Amount
from doclife.utils import fmt_money
from example_app.demo.printing import exact, table
from example_app.demo.story import MANAGER
from example_app.demo.tasks import Done

#: notices of a kind that are printed
SHOWN = 6
PACKAGE = "example_app.tasks."


def as_json(done: Done) -> dict[str, Any]:
    """Returns what `--json` says of them."""
    return {
        "logs": [
            {"schedule": log.schedule, "due": log.due.isoformat(), "status": log.status, "duration": log.duration}
            for log in done.logs
        ],
        "royalty_invoices": sum(month.invoices for month in done.months.values()),
        "royalty_invoiced": exact(done.royalty),
        "royalty_of_this_month": exact(done.open_royalty),
        "notices": sum(map(len, done.notices.values())),
        "snapshots": done.snapshots,
        "reports": done.reports,
    }


def logs(done: Done) -> list[str]:
    """Returns the table of the Scheduled Job Logs."""
    rows = [
        [
            log.schedule.removeprefix(PACKAGE),
            f"{log.due:%Y-%m-%d %H:%M:%S}",
            log.status,
            "-" if log.duration is None else f"{log.duration:.3f}",
        ]
        for log in done.logs
    ]
    return table([f"task in {PACKAGE.rstrip('.')}", "due", "status", "seconds"], rows, left=3)


def made(done: Done) -> list[str]:
    """Returns what the tasks have left but for the royalty invoices, with the manager's notices word for word."""
    notices, shown = done.notices.get(MANAGER, []), done.dashboard
    more = [f"    and {len(notices) - SHOWN} more"] if len(notices) > SHOWN else []
    return [
        f"  {done.snapshots} stock snapshots and {done.reports} compliance reports",
        f"  {len(notices)} notices to {MANAGER}:",
        *(f"    {subject}" for subject in notices[:SHOWN]),
        *more,
        "  the digest of the week:",
        *(f"    {line}" for line in done.digest.splitlines()),
        f"  the dashboard, as of {shown['as_of']:%Y-%m-%d %H:%M:%S}:",
        f"    sales this month {_money(shown['sales_this_month'])} in {shown['invoices_this_month']} invoices; "
        f"{shown['open_agreements']} agreements in force, {shown['ending_agreements']} of them end within 30 days; "
        f"{shown['failed_jobs']} failed jobs",
    ]


def royalty_invoices(done: Done) -> list[str]:
    """Returns the table of the royalty invoices by month, and the check that they are the royalty entries."""
    rows = [
        [month, str(each.invoices), _money(each.sales), exact(each.royalty), exact(each.marketing_fee)]
        for month, each in done.months.items()
    ]
    invoiced, open_royalty = exact(done.royalty), exact(done.open_royalty)
    verdict = (
        ["  They do not agree with the royalty entries:", *(f"    {line}" for line in done.disagreements)]
        if done.disagreements
        else [
            f"  Each is the sum of its royalty entries: {invoiced} invoiced, {open_royalty} of the month that is not "
            f"over, {exact(done.royalty + done.open_royalty)} in all."
        ]
    )
    return [*table(["month", "invoices", "sales", "royalty", "marketing fee"], rows), *verdict]


def _money(amount: Amount) -> str:
    return fmt_money(amount, precision=2)
