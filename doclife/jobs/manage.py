"""Acting on jobs that are there: run again, take away.

These functions ask nobody's permission, as `enqueue` does not: the code that calls them decides.
What can be reached from outside is the document type "Background Job", whose methods check.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, select, update

from doclife.core import clock
from doclife.core.context import current
from doclife.core.errors import (
    BrokerUnavailable,
    HookError,
    JobArgumentError,
    JobError,
    JobNotFound,
    UnknownQueueError,
    nearest,
)
from doclife.core.log import get_logger
from doclife.database.errors import DuplicateKey
from doclife.database.link import Database
from doclife.jobs import arguments, functions
from doclife.jobs.job import Job
from doclife.jobs.selection import Selection
from doclife.outbox import runs
from doclife.outbox.cancel import JOB_CANCELLED, cancel
from doclife.outbox.complete import GIVE_UP_KEY
from doclife.outbox.release import release
from doclife.outbox.workers import liveness_of
from doclife.queue.protocol import Broker, Ticket
from doclife.schema.tables import background_job
from doclife.uow.unit import UnitOfWork

JOBS_RUN_AGAIN = "jobs_run_again"
JOBS_PURGED = "jobs_purged"

#: statuses that are the end of a job
ENDED = ("finished", "failed", "cancelled")
#: rows in one transaction of `purge_jobs`
BATCH = 1000

_job = background_job.c
_RETRIED = (
    _job.name,
    _job.status,
    _job.queue,
    _job.method,
    _job.kwargs,
    _job.label,
    _job.ended_key,
    _job.timeout,
    _job.at_front,
    _job.run_at,
)

log = get_logger(__name__)


def retry_job(
    job_id: str,
    *,
    kwargs: dict[str, Any] | None = None,
    queue: str | None = None,
    run_at: datetime | None = None,
    from_start: bool = False,
) -> Job:
    """Has a job run again that has failed or was cancelled, or that waits for its next attempt.

    It stays the same job: id, user and terms, and its steps go on where they were. Its counters go on
    too: if it has used up its attempts it gets one more. It is queued with the open transaction's commit.

    Args:
        job_id: id of the job.
        kwargs: its arguments from now on, all of them; None: those it has.
        queue: where it goes from now on; None: where it was.
        run_at: not before this time; naive: in the site's time zone; None: now.
        from_start: its steps begin anew.
    Returns:
        The job.
    Raises:
        JobNotFound: there is none.
        JobError: it waits, runs or has finished; or another job has its key meanwhile.
        JobArgumentError: the arguments cannot be stored, or its method does not take them.
        UnknownQueueError: there is no such queue.
    """
    retry_jobs([job_id], kwargs=kwargs, queue=queue, run_at=run_at, from_start=from_start)
    return Job(job_id)


def retry_jobs(
    ids: Sequence[str],
    *,
    kwargs: dict[str, Any] | None = None,
    queue: str | None = None,
    run_at: datetime | None = None,
    from_start: bool = False,
    refused: list[JobError] | None = None,
) -> int:
    """Does what `retry_job` does, for several jobs with one release.

    Args:
        ids: of the jobs.
        kwargs, queue, run_at, from_start: as for `retry_job`.
        refused: gets why a job is not run again, instead of the first such reason being raised.
    Returns:
        How many run again.
    """
    context = current()
    unit: UnitOfWork = context.unit
    due = None if run_at is None else clock.to_utc(run_at, context.site.settings.time_zone)
    tickets: list[Ticket] = []
    again = 0
    for job_id in ids:
        try:
            ticket = _retry(context, unit, job_id, kwargs=kwargs, queue=queue, run_at=due, from_start=from_start)
        except (JobError, UnknownQueueError) as error:
            if refused is None:
                raise
            refused.append(error if isinstance(error, JobError) else JobError(str(error)))
        else:
            again += 1
            if ticket is not None:
                tickets.append(ticket)
    if tickets:
        unit.add_callback("after_commit", lambda: _give(context, tickets))
    log.info(JOBS_RUN_AGAIN, jobs=again, user=context.user)
    return again


def _retry(
    context: Any,
    unit: UnitOfWork,
    job_id: str,
    *,
    kwargs: dict[str, Any] | None,
    queue: str | None,
    run_at: datetime | None,
    from_start: bool,
) -> Ticket | None:
    unit.before_write()
    row = unit.link.execute(select(*_RETRIED).where(_job.name == job_id).with_for_update()).first()
    if row is None:
        raise JobNotFound(f"there is no job {job_id!r}; finished jobs are kept for a day, failed ones for 30 days")
    now = clock.utc_now()
    _check_may_run_again(row, later=clock.to_utc(row.run_at, context.site.settings.time_zone) > now)
    target = queue or row.queue
    timeout = _timeout(context, row, target)
    packed = row.kwargs if kwargs is None else _packed(row.method, kwargs)
    values: dict[str, Any] = {
        "status": "queued",
        "queue": target,
        "timeout": timeout,
        "kwargs": packed,
        "run_at": run_at or now,
        "released_at": None if run_at is not None and run_at > now else now,
        "worker": None,
        "ended_at": None,
    }
    if row.ended_key is not None:
        values |= {"dedup_key": row.ended_key, "ended_key": None}
        _check_key(unit, row)
    if from_start:
        values |= {"cursor": None, "progress": None}
    try:
        with unit.savepoint():
            unit.before_write()
            unit.link.execute(update(background_job).where(_job.name == job_id).values(values))
    except DuplicateKey as error:  # another one has taken the key in this moment
        raise _key_is_held(row, None) from error
    if runs.is_scheduled(row.label):
        runs.queued(unit.link, job_id)
    if values["released_at"] is None:
        return None
    return Ticket(job_id, target, bool(row.at_front), row.method, timeout)


def _check_may_run_again(row: Any, *, later: bool) -> None:
    if row.status in ("failed", "cancelled") or (row.status == "queued" and later):
        return
    why = {
        "queued": "waits in its queue already",
        "started": "runs now",
        "finished": "has finished, and its effects are there; enqueue a new one to have them twice",
    }[row.status]
    raise JobError(f"job {row.name} ({row.method}) {why}; failed and cancelled jobs can be run again")


def _check_key(unit: UnitOfWork, row: Any) -> None:
    holder = unit.link.execute(select(_job.name, _job.status).where(_job.dedup_key == row.ended_key)).first()
    if holder is not None:
        raise _key_is_held(row, holder)


def _key_is_held(row: Any, holder: Any) -> JobError:
    who = f"job {holder.name}, which is {holder.status}" if holder is not None else "another job"
    return JobError(
        f"job {row.name} ({row.method}) cannot run again now: its key {row.ended_key!r} is held by {who}; wait for "
        "its end, or cancel it"
    )


def _timeout(context: Any, row: Any, queue: str) -> int:
    queues = context.site.settings.queues()
    if queue not in queues:
        raise UnknownQueueError(
            f"job {row.name}: there is no queue {queue!r}.{nearest(queue, queues)} Queues: {', '.join(queues)}",
            queue=queue,
        )
    # What was the timeout of its old queue becomes that of the new one; a timeout of its own stays.
    own = row.timeout != queues.get(row.queue, row.timeout)
    return int(row.timeout if own or queue == row.queue else queues[queue])


def _packed(method: str, kwargs: dict[str, Any]) -> str:
    """Returns new arguments as the row keeps them.

    Raises:
        JobArgumentError: they are no arguments of this method.
    """
    if not isinstance(kwargs, dict) or not all(isinstance(name, str) for name in kwargs):
        raise JobArgumentError(f"the arguments of {method} are given by name, as a dict; {kwargs!r} is none")
    try:
        fn = functions.resolve(method, "retry")
    except HookError as error:
        raise JobArgumentError(f"the arguments cannot be checked: {error}") from error
    arguments.check_arguments(fn, kwargs, method)
    return arguments.packed(kwargs)


def _give(context: Any, tickets: list[Ticket]) -> None:
    release(context.site.broker, tickets, backlog=context.site.backlog)


def cancel_job(job_id: str) -> str:
    """Cancels a job that has not ended, with the commit of the open transaction.

    One that waits never runs. One that runs is stopped where it stands: what it has not committed is
    rolled back, and it neither runs again nor has its `on_failure` run.

    Args:
        job_id: id of the job.
    Returns:
        cancelled; or started: its worker is asked to stop it, which takes about a second.
    Raises:
        JobNotFound: there is no such job.
        JobError: it has ended, or is not committed yet.
    """
    context = current()
    unit: UnitOfWork = context.unit
    if any(each.id == job_id for each in unit.staged()):
        raise JobError(f"job {job_id} is staged in this transaction: it never runs if that is rolled back")
    query = select(_job.status, _job.method, _job.label).where(_job.name == job_id)
    row = unit.link.execute(query).first()
    if row is not None and row.status == "queued":
        unit.before_write()
        waiting = update(background_job).where(_job.name == job_id, _job.status == "queued")
        ended = {"status": "cancelled", "ended_at": clock.utc_now(), **GIVE_UP_KEY}
        if unit.link.execute(waiting.values(ended)).rowcount:
            if runs.is_scheduled(row.label):
                runs.ended(unit.link, job_id, "cancelled")
            log.info(JOB_CANCELLED, job=job_id, user=context.user)
            unit.add_callback("after_commit", lambda: _forget(context.site.broker, [job_id]))
            return "cancelled"
        row = unit.link.execute(query.with_for_update()).first()  # it was claimed in this moment
    if row is None:
        raise JobNotFound(f"there is no job {job_id!r}; finished jobs are kept for a day, failed ones for 30 days")
    if row.status in ENDED:
        raise JobError(f"job {job_id} ({row.method}) has ended already, it is {row.status}")
    # Nothing is written here: on SQLite the job that is to be stopped may hold the only writer lock.
    unit.add_callback("after_commit", lambda: _stop(context, job_id))
    return "started"


def _stop(context: Any, job_id: str) -> None:
    site = context.site
    cancel(site.database, site.broker, liveness_of(site.database, site.folder), job_id, wait_s=0)


def to_purge(selection: Selection) -> Selection:
    """Returns what of a selection may be removed: without a status all that have ended.

    Raises:
        JobError: it means jobs that have not ended, and not only those that wait in one queue.
    """
    statuses = tuple(selection.status) or ENDED
    if set(statuses) - set(ENDED) and (set(statuses) != {"queued"} or selection.queue is None):
        raise JobError(
            "only jobs that have ended are removed (finished, failed, cancelled), or with status queued those that "
            "wait in one queue, which is to be named; cancel the others first"
        )
    return msgspec.structs.replace(selection, status=statuses)


def purge_jobs(database: Database, broker: Broker, selection: Selection) -> int:
    """Removes jobs for good, in batches of 1,000; returns how many.

    Args:
        database: the site's.
        broker: the site's.
        selection: which, as for `to_purge`. With the status "queued" and a queue: those that wait
            there, whatever they were to do.
    Raises:
        JobError: the selection means jobs that have not ended.
    Order: outside of an open transaction; each batch has its own.
    """
    selection = to_purge(selection)
    statuses = selection.status
    conditions = selection.conditions()
    removed = 0
    while True:
        with database.reading() as connection:
            names = list(connection.execute(select(_job.name).where(*conditions).limit(BATCH)).scalars())
        if not names:
            break
        with database.transaction() as connection:
            gone = connection.execute(
                delete(background_job).where(_job.name.in_(names), _job.status.in_(statuses))
            ).rowcount
            if "queued" in statuses:
                runs.cancelled(connection, names, "its job was removed while it waited")
        removed += gone
        if "queued" in statuses:
            _forget(broker, names)
    log.info(JOBS_PURGED, jobs=removed)
    return removed


def _forget(broker: Broker, ids: Iterable[str]) -> None:
    try:
        broker.forget(ids)
    except BrokerUnavailable as error:  # an id without a row is passed over by whoever pops it
        log.debug(JOBS_PURGED, reason=str(error))
