"""Jobs whose method does not exist: they wait for the deploy that brings it, or for somebody who cancels them.

Between two versions of an app such jobs are ordinary: a new web process enqueues what an old worker
does not know yet, and a method that was renamed still has jobs from yesterday. To fail them would lose
work that the next minute can do.
"""

from __future__ import annotations

from doclife.core.errors import JobError

#: how the error of a job that waits for its method begins in its row
BEGINNING = "waits for its method"
#: what the message of an import that fails begins with: who names the path
METHOD = "its method"
_WAY_OUT = ". It runs when a deploy brings it; or `doclife jobs cancel`"

#: seconds until the next look, doubled with each, up to the longest
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 300.0


class MethodMissing(JobError):
    """A job's method cannot be imported, or its document type has no such method."""


def wait_for(attempt: int) -> float:
    """Returns the seconds until a job that has been claimed so often is looked at again."""
    return float(min(FIRST_WAIT_S * 2.0 ** min(attempt - 1, 30), LONGEST_WAIT_S))


def note_of(error: MethodMissing) -> str:
    """Returns what the row of such a job says."""
    reason = reason_of(str(error)).rstrip("?.")
    return f"{BEGINNING}: {reason}{_WAY_OUT}"


def reason_of(error: str) -> str:
    """Returns why such a job waits, from what its row or the failed import says."""
    return error.removeprefix(f"{BEGINNING}: ").removeprefix(f"{METHOD}: ").partition(_WAY_OUT)[0]


def is_missing(error: str | None) -> bool:
    """Tells whether a queued job's row says that it waits for its method."""
    return error is not None and error.startswith(BEGINNING)
