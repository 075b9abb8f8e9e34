"""The log of scheduled runs: each change of it belongs to the transaction that changes the run's job.

A log has its job's id for a name. Jobs of schedules are known by their label, which stands in every
row that is claimed, so that all other jobs cost nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, type_coerce, update

from doclife.core import clock
from doclife.database.executes import Executes
from doclife.database.types import NaiveDateTime
from doclife.schema.tables import scheduled_job_log

#: begins the label and the key of a schedule's jobs
PREFIX = "scheduled: "

#: ids in one statement
LOOK_UP = 10_000

_log = scheduled_job_log.c
_STARTED = type_coerce(_log.started_at, NaiveDateTime())


def is_scheduled(label: str | None) -> bool:
    """Tells by its label whether a job is a schedule's."""
    return label is not None and label.startswith(PREFIX)


def started(on: Executes, job_id: str, now: datetime) -> None:
    """Notes that a run has begun: its job was claimed."""
    _write(on, job_id, status="started", started_at=now)


def ended(on: Executes, job_id: str, status: str, **values: Any) -> None:
    """Notes how a run has ended.

    Args:
        on: in the transaction that ends the job.
        job_id: of the job.
        status: complete, failed or cancelled.
        values: the `error` where the job's changes; else that of an attempt before stays.
    """
    now = clock.utc_now()
    # As it is stored: the difference of two times of a zone is wrong in the nights in which its clocks are changed.
    began: datetime | None = on.execute(select(_STARTED).where(_log.name == job_id)).scalar()
    duration = None if began is None else max((now - began.replace(tzinfo=UTC)).total_seconds(), 0.0)
    _write(on, job_id, status=status, ended_at=now, duration=duration, **values)


def queued(on: Executes, job_id: str, **values: Any) -> None:
    """Notes that a run is still to come: its job is queued again.

    Args:
        on: in the transaction that queues the job.
        job_id: of the job.
        values: what else is known, such as the `error` of the attempt that was in vain.
    """
    _write(on, job_id, status="scheduled", started_at=None, ended_at=None, duration=None, **values)


def cancelled(on: Executes, ids: Sequence[str], error: str | None = None) -> None:
    """Notes that runs never come: their jobs waited, and were cancelled or removed.

    Args:
        on: in the transaction that takes them away.
        ids: of the jobs, scheduled or not.
        error: the reason.
    """
    values = {"status": "cancelled", "ended_at": clock.utc_now(), "error": error}
    for start in range(0, len(ids), LOOK_UP):
        waiting = _log.name.in_(ids[start : start + LOOK_UP]) & (_log.status == "scheduled")
        on.execute(update(scheduled_job_log).where(waiting).values(values))


def _write(on: Executes, job_id: str, **values: Any) -> None:
    on.execute(update(scheduled_job_log).where(_log.name == job_id).values(values))
