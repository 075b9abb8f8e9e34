"""Firing: one run of one schedule, and what keeps a schedule from running."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, select, update

from doclife.core import clock
from doclife.core.context import ADMINISTRATOR, Context
from doclife.core.errors import JobError
from doclife.database.types import UtcDateTime
from doclife.jobs import arguments
from doclife.jobs.enqueue import timeout_of
from doclife.jobs.retry import policy
from doclife.outbox.runs import PREFIX
from doclife.outbox.staging import LOOK_UP, StagedJob, insert_staged
from doclife.schema.tables import background_job, scheduled_job_log, scheduled_job_run, scheduled_job_type
from doclife.uow.unit import UnitOfWork

_type = scheduled_job_type.c
_run = scheduled_job_run.c
_job = background_job.c

# Built once: to build a statement costs as much as to run it.
_HOLDER = (_job.dedup_key, _job.name, _job.status, _job.enqueued_at, _job.started_at)
_BUSY = select(*_HOLDER).where(_job.dedup_key == bindparam("key"))
_STARTED = select(_run.job).where(
    _run.schedule == bindparam("schedule"), _run.due == bindparam("moment", type_=UtcDateTime())
)


class Busy(msgspec.Struct, frozen=True, kw_only=True):
    """The job that keeps a schedule from being started again."""

    job: str
    #: queued or started
    status: str
    #: when it was enqueued, or started; naive site time
    since: datetime


def job_key(schedule: str) -> str:
    """Returns the key that the jobs of a schedule share: there is one at a time."""
    return PREFIX + schedule


def busy(unit: UnitOfWork, schedule: str) -> Busy | None:
    """Returns the job of a schedule that is queued or started, or None.

    A job whose worker was killed stands as started until the rescue ends it or queues it again, so
    it blocks its schedule for that long and no longer.
    """
    row = unit.link.execute(_BUSY, {"key": job_key(schedule)}).first()
    return None if row is None else _busy(row)


def busy_of(unit: UnitOfWork, schedules: Sequence[str]) -> dict[str, Busy]:
    """Returns what keeps schedules busy, by their names; the others are left out."""
    names = {job_key(schedule): schedule for schedule in schedules}
    keys = list(names)
    found = {}
    for start in range(0, len(keys), LOOK_UP):
        query = select(*_HOLDER).where(_job.dedup_key.in_(keys[start : start + LOOK_UP]))
        found.update({names[row.dedup_key]: _busy(row) for row in unit.link.execute(query)})
    return found


def _busy(row: Any) -> Busy:
    since = row.started_at if row.status == "started" else row.enqueued_at
    return Busy(job=row.name, status=row.status, since=since)


def fire(
    context: Context, row: Any, due: datetime, now: datetime, *, triggered: bool = False, **changes: Any
) -> str | Busy | None:
    """Starts one run of a schedule: its row, its job, its log and the schedule's last time are one transaction.

    Args:
        context: of the schedule's site.
        row: of `tabScheduled Job Type`, all columns.
        due: when the run was due, aware; with the schedule it is the run's key.
        now: aware.
        triggered: somebody asked for it; it was not due.
        changes: further columns of the schedule's row to be set if it is started.
    Returns:
        The job's id. Where nothing was written: the job that keeps the schedule busy, or None when
        this run was started before.
    Raises:
        UnknownQueueError: the schedule's queue is not in the settings any more.
        JobArgumentError: its timeout cannot be used.
        JobError: the schedule's key was taken and given up again in this moment.
    Order: the schedule's row is locked by this transaction, so that no other starts a run of it.
    """
    unit: UnitOfWork = context.unit
    name = row.name
    holder = busy(unit, name)
    if holder is not None:
        return holder
    if unit.link.execute(_STARTED, {"schedule": name, "moment": due}).first() is not None:
        return None  # someone has set the time of the schedule back
    job = StagedJob(
        queue=row.queue,
        method=row.method,
        kwargs=arguments.packed({}),
        run_as=ADMINISTRATOR,
        timeout=timeout_of(context, row.queue, row.timeout),
        label=job_key(name),
        dedup_key=job_key(name),
        retry=policy(row.retries or None),
    )
    unit.before_write()
    # Written here and not with the commit: only then is it known whether the key was free.
    insert_staged(unit.link, [job])
    if job.state != "queued":  # its last job is run again since this moment
        holder = busy(unit, name)
        if holder is None:
            raise JobError(f"the job of the schedule {name} could not be queued: another one had its key for a moment")
        return holder
    run = {"schedule": name, "due": due, "job": job.id, "created_at": now}
    unit.link.execute(scheduled_job_run.insert(), run)
    if row.create_log:
        unit.link.execute(scheduled_job_log.insert(), _log(context, row, due, job.id, triggered))
    changes["last_execution"] = now
    unit.link.execute(update(scheduled_job_type).where(_type.name == name).values(changes))
    unit.add_callback("after_commit", lambda: context.site.release([job]))
    return job.id


def _log(context: Context, row: Any, due: datetime, job: str, triggered: bool) -> dict[str, Any]:
    site_now = clock.now(context.site.settings.time_zone)
    return {
        "name": job,
        "owner": context.user,
        "modified_by": context.user,
        "creation": site_now,
        "modified": site_now,
        "scheduled_job_type": row.name,
        "status": "scheduled",
        "triggered": int(triggered),
        "due": due,
    }
