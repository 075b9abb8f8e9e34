"""Ends of a claim: the fence at every commit, completion, failure, giving back.

Each is one conditional UPDATE of the row as it was claimed. A worker that was taken for dead finds
another fence in the row, and nothing it did is committed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import CursorResult, Executable, Update, select, update

from doclife.core import clock
from doclife.outbox.claim import ClaimedJob
from doclife.schema.tables import background_job

_job = background_job.c


class LeaseLost(BaseException):
    """The job belongs to another worker by now; what this one did is rolled back.

    No Exception: an app's `except Exception` must not keep a worker going that has lost its job.
    """


class Executes(Protocol):
    """What runs a statement: a unit's link, or a connection."""

    def execute(self, statement: Executable, /) -> CursorResult[Any]:
        """Runs a SQLAlchemy statement."""
        ...


def verify(link: Executes, job: ClaimedJob, *, writing: bool, progress: Any = None) -> None:
    """Makes sure that the job is still this worker's, before a commit in its midst.

    Args:
        link: of the job's unit.
        job: as claimed.
        writing: whether something is to be committed. Then the row is locked until it is, so that
            nobody takes the job in between.
        progress: to keep in the row, or None.
    Raises:
        LeaseLost: another worker has it.
    """
    if writing:
        values: dict[str, Any] = {"fence": job.fence}
        if progress is not None:
            values["progress"] = progress
        held = link.execute(_held(job).values(values)).rowcount == 1
    else:
        query = select(_job.name).where(_job.name == job.id, _job.fence == job.fence, _job.status == "started")
        held = link.execute(query).first() is not None
    if not held:
        raise LeaseLost(f"job {job.id} ({job.method}) was taken from this worker")


def finish(link: Executes, job: ClaimedJob, result: str | None, *, progress: Any = None) -> None:
    """Ends the job as finished.

    Args:
        link: of the job's unit.
        job: as claimed.
        result: packed JSON.
        progress: to keep in the row, or None.
    Raises:
        LeaseLost: another worker has it.
    Order: the last statement of the transaction that holds the job's effects.
    """
    values: dict[str, Any] = {"result": result, "error": None}
    if progress is not None:
        values["progress"] = progress
    if link.execute(_ended(job, "finished").values(values)).rowcount == 0:
        raise LeaseLost(f"job {job.id} ({job.method}) was taken from this worker")


def fail(link: Executes, job: ClaimedJob, error: str, **counters: int) -> bool:
    """Ends the job as failed.

    Args:
        link: in a transaction of its own.
        job: as claimed.
        error: the reason, and where it is.
        counters: new values of exceptions, conflicts, kills.
    Returns:
        Whether it was still this worker's.
    """
    return link.execute(_ended(job, "failed").values(error=error, **counters)).rowcount == 1


def requeue(link: Executes, job: ClaimedJob, *, error: str, after_s: float = 0, **counters: int) -> bool:
    """Queues the job again: it ran in vain, and the attempt counts.

    Args:
        link: in a transaction of its own.
        job: as claimed.
        error: why.
        after_s: seconds until it may run again; 0: the caller releases it to the broker now.
        counters: new values of exceptions, conflicts, kills.
    Returns:
        Whether it was still this worker's.
    """
    now = clock.utc_now()
    values = _queued_again(now, after_s) | {"error": error} | counters
    return link.execute(_held(job).values(values)).rowcount == 1


def give_back(link: Executes, job: ClaimedJob) -> bool:
    """Queues the job again as if it had not been claimed: the attempt does not count.

    Returns:
        Whether it was still this worker's.
    Order: in a transaction of its own; then the caller releases it to the broker.
    """
    values = _queued_again(clock.utc_now(), 0) | {"attempt": _job.attempt - 1}
    return link.execute(_held(job).values(values)).rowcount == 1


def _queued_again(now: datetime, after_s: float) -> dict[str, Any]:
    return {
        "status": "queued",
        "worker": None,
        "run_at": now + timedelta(seconds=after_s),
        "released_at": None if after_s > 0 else now,
    }


def _held(job: ClaimedJob) -> Update:
    return update(background_job).where(_job.name == job.id, _job.fence == job.fence, _job.status == "started")


def _ended(job: ClaimedJob, status: str) -> Update:
    # The key is free for the next job in the same moment in which this one ends.
    return _held(job).values(status=status, dedup_key=None, ended_at=clock.utc_now())
