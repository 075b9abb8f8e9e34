"""What the scheduled tasks have left: their logs, and what they have made, read back from the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import doclife
from doclife import Amount
from doclife.utils import today
from example_app.api import get_dashboard
from example_app.demo.printing import exact

COMPLETE = "complete"


class Log(NamedTuple):
    """One run of a schedule."""

    schedule: str
    due: datetime
    status: str
    #: seconds; None: it has not ended
    duration: float | None


@dataclass(frozen=True)
class Month:
    """The royalty invoices of a month."""

    invoices: int
    sales: Amount
    royalty: Amount
    marketing_fee: Amount


@dataclass(frozen=True)
class Done:
    """Everything the scheduled tasks have left."""

    logs: Sequence[Log]
    #: month, YYYY-MM -> its royalty invoices
    months: Mapping[str, Month]
    #: royalty entries of the month that is not over
    open_royalty: Amount
    #: royalties of (outlet, month) about which entries and royalty invoices do not agree
    disagreements: Sequence[str]
    snapshots: int
    #: compliance reports
    reports: int
    #: subjects by user
    notices: Mapping[str, Sequence[str]]
    #: text of the weekly digest
    digest: str
    #: as `example_app.api.get_dashboard` gives it
    dashboard: Mapping[str, Any]

    @property
    def royalty(self) -> Amount:
        """What all royalty invoices ask for as royalties."""
        return sum((month.royalty for month in self.months.values()), Amount(0))

    def problems(self) -> list[str]:
        """Returns a line for each run that has not ended well, and for each royalty invoice that is not right."""
        bad = [f"{log.schedule} is {log.status}" for log in self.logs if log.status != COMPLETE]
        return bad + [f"royalty invoices: {line}" for line in self.disagreements]


def read_done() -> Done:
    """Reads what the tasks have left. Order: inside a context."""
    entries = _entries()
    invoices = doclife.get_all(
        "Franchise Royalty Invoice",
        filters={"docstatus": 1},
        fields=["franchise_outlet", "month", "total_sales", "total_royalty", "total_marketing_fee"],
        order_by="month, franchise_outlet",
    )
    by_month = defaultdict(list)
    for invoice in invoices:
        by_month[invoice.month].append(invoice)
    this_month = today()[:7]
    invoiced = {(each.franchise_outlet, each.month): each.total_royalty for each in invoices}
    notices = defaultdict(list)
    for user, subject in doclife.get_all(
        "Notification Log", fields=["for_user", "subject"], order_by="creation, name", as_list=True
    ):
        notices[user].append(subject)
    return Done(
        logs=_logs(),
        months={
            month: Month(
                len(found),
                sum((each.total_sales for each in found), Amount(0)),
                sum((each.total_royalty for each in found), Amount(0)),
                sum((each.total_marketing_fee for each in found), Amount(0)),
            )
            for month, found in by_month.items()
        },
        open_royalty=sum((royalty for (_, month), royalty in entries.items() if month >= this_month), Amount(0)),
        disagreements=[
            f"{outlet} {month}: entries {_told(entries, outlet, month)}, invoiced {_told(invoiced, outlet, month)}"
            for outlet, month in sorted({key for key in entries if key[1] < this_month} | set(invoiced))
            if entries.get((outlet, month)) != invoiced.get((outlet, month))
        ],
        snapshots=doclife.db.count("Franchise Stock Snapshot"),
        reports=doclife.db.count("Franchise Compliance Report"),
        notices=notices,
        digest=doclife.db.get_value("Notification Log", {"subject": ["like", "Franchise week %"]}, "email_content")
        or "",
        dashboard=get_dashboard(),
    )


def _logs() -> list[Log]:
    found = doclife.get_all(
        "Scheduled Job Log",
        fields=["scheduled_job_type", "due", "status", "duration"],
        order_by="due, scheduled_job_type",
    )
    return [Log(each.scheduled_job_type, each.due, each.status, each.duration) for each in found]


def _entries() -> dict[tuple[str, str], Amount]:
    """Returns the sums of the royalty entries by outlet and month."""
    sums: dict[tuple[str, str], Amount] = {}
    for entry in doclife.get_all(
        "Franchise Royalty Entry", fields=["franchise_outlet", "posting_date", "royalty_amount"]
    ):
        key = entry.franchise_outlet, entry.posting_date.strftime("%Y-%m")
        sums[key] = sums.get(key, Amount(0)) + entry.royalty_amount
    return sums


def _told(sums: Mapping[tuple[str, str], Amount], outlet: str, month: str) -> str:
    return exact(sums[outlet, month]) if (outlet, month) in sums else "nothing"
