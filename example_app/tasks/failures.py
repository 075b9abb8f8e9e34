"""Jobs that have failed: nobody looks for them every day, so somebody is told."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import doclife
from doclife.utils import now_datetime
from example_app.tasks.notices import OPERATOR, tell


def tell_of_failed_jobs() -> int:
    """Tells the operator of the jobs that have failed in the last 24 hours, once a day; returns how many they are."""
    now = now_datetime()
    failed = doclife.get_all(
        "Background Job", filters={"status": "failed", "ended_at": [">", now - timedelta(days=1)]}, pluck="method"
    )
    if failed:
        what = "1 job has" if len(failed) == 1 else f"{len(failed)} jobs have"
        lines = [f"{count} x {method}" for method, count in sorted(Counter(failed).items())]
        lines.append("doclife jobs list --status failed --newer-than 1d")
        tell([OPERATOR], f"failed jobs of {now.date()}", f"{what} failed since yesterday", message="\n".join(lines))
    return len(failed)
