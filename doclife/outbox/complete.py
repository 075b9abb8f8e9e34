"""Ends of a claim: the fence at every commit, completion, failure, giving back.

Each is one conditional UPDATE of the row as it was claimed. A worker that was taken for dead finds
another fence in the row, and nothing it did is committed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, literal, select, type_coerce, update

from doclife.core import clock
from doclife.database.executes import Executes
from doclife.database.link import Link
from doclife.database.types import LongText, UtcDateTime
from doclife.outbox import runs
from doclife.outbox.claim import ClaimedJob
from doclife.schema.hot import HotStatement
from doclife.schema.tables import background_job

_job = background_job.c

#: frees the key of a job that ends, and keeps it for who looks for the job, or has it run again
GIVE_UP_KEY: dict[str, Any] = {"ended_key": _job.dedup_key, "dedup_key": None}

# Built once: to build a statement costs as much as to run it.
_HELD = update(background_job).where(
    _job.name == bindparam("job_id"), _job.fence == bindparam("my_fence"), _job.status == "started"
)
_LOCK = _HELD.values(fence=_job.fence)
_IS_MINE = select(_job.name).where(
    _job.name == bindparam("job_id"), _job.fence == bindparam("my_fence"), _job.status == "started"
)
_FINISH = _HELD.values(
    status="finished",
    **GIVE_UP_KEY,
    ended_at=bindparam("now", type_=UtcDateTime()),
    result=bindparam("packed"),
    error=None,
)
_finish = HotStatement(_FINISH)


class LeaseLost(BaseException):
    """The job belongs to another worker by now; what this one did is rolled back.

    No Exception: an app's `except Exception` must not keep a worker going that has lost its job.
    """


def verify(link: Executes, job: ClaimedJob, *, writing: bool, progress: Any = None, cursor: str | None = None) -> None:
    """Makes sure that the job is still this worker's, before a commit in its midst.

    Args:
        link: of the job's unit.
        job: as claimed.
        writing: whether something is to be committed. Then the row is locked until it is, so that
            nobody takes the job in between.
        progress: to keep in the row, or None.
        cursor: how far its steps are, as JSON, to keep in the row, or None.
    Raises:
        LeaseLost: another worker has it.
    """
    params = _held(job)
    if not writing:
        held = link.execute(_IS_MINE, params).first() is not None
    else:
        statement = _LOCK if progress is None else _LOCK.values(progress=progress)
        if cursor is not None:
            statement = statement.values(cursor=literal(cursor, LongText()))
        held = link.execute(statement, params).rowcount == 1
    if not held:
        raise LeaseLost(f"job {job.id} ({job.method}) was taken from this worker")


def cursors(link: Executes, job: ClaimedJob) -> str | None:
    """Returns how far the job's steps are, as JSON, or None."""
    query = select(type_coerce(_job.cursor, LongText())).where(_job.name == job.id)
    text: str | None = link.execute(query).scalar()
    return text


def finish(link: Link | Connection, job: ClaimedJob, result: str | None, *, progress: Any = None) -> None:
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
    params = _held(job) | {"now": clock.utc_now(), "packed": result}
    if progress is None:
        met = _finish.run(link, params)
    else:
        met = link.execute(_FINISH.values(progress=progress), params).rowcount
    if met == 0:
        raise LeaseLost(f"job {job.id} ({job.method}) was taken from this worker")
    if runs.is_scheduled(job.label):
        runs.ended(link, job.id, "complete", error=None)


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
    # The key is free for the next job in the same moment in which this one ends.
    ended = {"status": "failed", **GIVE_UP_KEY, "ended_at": clock.utc_now()}
    held = link.execute(_HELD.values(ended | {"error": error} | counters), _held(job)).rowcount == 1
    if held and runs.is_scheduled(job.label):
        runs.ended(link, job.id, "failed", error=error)
    return held


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
    held = link.execute(_HELD.values(values), _held(job)).rowcount == 1
    if held and runs.is_scheduled(job.label):
        runs.queued(link, job.id, error=error)
    return held


def give_back(link: Executes, job: ClaimedJob) -> bool:
    """Queues the job again as if it had not been claimed: the attempt does not count.

    Returns:
        Whether it was still this worker's.
    Order: in a transaction of its own; then the caller releases it to the broker.
    """
    values = _queued_again(clock.utc_now(), 0) | {"attempt": _job.attempt - 1}
    held = link.execute(_HELD.values(values), _held(job)).rowcount == 1
    if held and runs.is_scheduled(job.label):
        runs.queued(link, job.id)
    return held


def cancel(link: Executes, job: ClaimedJob, *, error: str | None = None) -> bool:
    """Ends the job as cancelled; it neither runs again nor has an on_failure.

    Args:
        link: in a transaction of its own.
        job: as claimed.
        error: where it was interrupted.
    Returns:
        Whether it was still this worker's.
    """
    ended = {"status": "cancelled", **GIVE_UP_KEY, "ended_at": clock.utc_now(), "error": error}
    held = link.execute(_HELD.values(ended), _held(job)).rowcount == 1
    if held and runs.is_scheduled(job.label):
        runs.ended(link, job.id, "cancelled", error=error)
    return held


def _queued_again(now: datetime, after_s: float) -> dict[str, Any]:
    return {
        "status": "queued",
        "worker": None,
        "run_at": now + timedelta(seconds=after_s),
        "released_at": None if after_s > 0 else now,
    }


def _held(job: ClaimedJob) -> dict[str, Any]:
    return {"job_id": job.id, "my_fence": job.fence}
