"""Jobs that have failed: nobody looks for them every day, so somebody is told."""

from __future__ import annotations

from collections import Counter

import doclife
from doclife.utils import today
from example_app.tasks.notices import OPERATOR, tell

KEY = "failed jobs of "


def tell_of_failed_jobs() -> int:
    """Tells the operator of the jobs that have failed since the last such notice, once a day; returns how many."""
    # not "in the last 24 hours": a day in which clocks are put back has 25, and a run may be missed
    told = doclife.db.get_value("Notification Log", {"name": ["like", f"{KEY}%"]}, "creation", order_by="creation desc")
    since = {"ended_at": [">", told]} if told else {}
    failed = doclife.get_all("Background Job", filters={"status": "failed"} | since, pluck="method")
    if failed:
        what = "1 job has" if len(failed) == 1 else f"{len(failed)} jobs have"
        lines = [f"{count} x {method}" for method, count in sorted(Counter(failed).items())]
        lines.append("doclife jobs list --status failed")
        tell([OPERATOR], f"{KEY}{today()}", f"{what} failed", message="\n".join(lines))
    return len(failed)
