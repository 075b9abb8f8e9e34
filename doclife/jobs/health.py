"""How the jobs of a site are: who leads, who works, what waits. `doclife.jobs.problems` judges it.

Everything is read from the database, and a little from the broker, which may be down.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select

from doclife.core import clock, json
from doclife.core.errors import DoclifeError
from doclife.database.link import Database
from doclife.database.now import database_now
from doclife.jobs.listing import JobRow, QueueStats, list_jobs, queue_stats, zone_of_rows
from doclife.jobs.selection import Selection
from doclife.outbox.moments import TICK, noted
from doclife.outbox.workers import liveness_of
from doclife.schema.tables import background_job, lease, scheduled_job_type, worker

#: names of the leases of who relays and who ticks
RELAY, SCHEDULER = "relay", "scheduler"
#: jobs that run, or have failed, of which one is told by itself
MOST = 1000

_job = background_job.c
_lease = lease.c
_worker = worker.c
_type = scheduled_job_type.c


class Leader(msgspec.Struct, frozen=True, kw_only=True):
    """Who does a duty of which one process at a time is in charge."""

    #: None: nobody does
    holder: str | None
    #: until when it leads if it does not renew that
    until: datetime | None


class WorkerState(msgspec.Struct, frozen=True, kw_only=True):
    """One worker, or what a dead one has left."""

    name: str
    host: str
    pid: int
    queues: list[str]
    isolation: str
    started_at: datetime
    alive: bool
    #: id and method of the job that it runs, and since when
    job: str | None
    method: str | None
    since: datetime | None


class QueueState(QueueStats, frozen=True, kw_only=True):
    """The figures of a queue, and who is there for it."""

    #: workers that live and serve it
    workers: int
    #: whether the settings know it
    known: bool
    #: ids that wait in the broker; None: it does not answer
    in_broker: int | None


class BrokerState(msgspec.Struct, frozen=True, kw_only=True):
    """The broker as it is now."""

    #: rq, memory or inline
    kind: str
    answers: bool
    #: what is wrong with its configuration, or why it does not answer
    problems: list[str]


class Schedules(msgspec.Struct, frozen=True, kw_only=True):
    """What the scheduler has to do."""

    #: schedules that are not stopped
    active: int
    last_tick: datetime | None
    #: the active schedule that was due first and was not enqueued, and since when
    overdue: str | None
    overdue_since: datetime | None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at one moment; times are naive, in the site's zone inside a context, else UTC."""

    site: str
    now: datetime
    pause_scheduler: bool
    maintenance_mode: bool
    broker: BrokerState
    relay: Leader
    scheduler: Leader
    schedules: Schedules
    workers: list[WorkerState]
    queues: list[QueueState]
    #: jobs that are started, at most 1,000
    running: list[JobRow]


def examine(site: Any) -> Health:
    """Returns how the jobs of a site are now.

    Args:
        site: a loaded `doclife.site.runtime.Site`.
    Raises:
        DoclifeError: the database does not answer; a broker that does not is part of the answer.
    """
    database, settings = site.database, site.settings
    running = list_jobs(database, Selection(status=("started",)), limit=MOST)
    workers = _workers(site, running)
    broker = _broker(site)
    return Health(
        site=site.name,
        now=clock.now(zone_of_rows()),
        pause_scheduler=settings.pause_scheduler,
        maintenance_mode=settings.maintenance_mode,
        broker=broker,
        relay=_leader(database, RELAY),
        scheduler=_leader(database, SCHEDULER),
        schedules=_schedules(database),
        workers=workers,
        queues=_queues(site, workers, broker),
        running=running,
    )


def _broker(site: Any) -> BrokerState:
    kind = site.settings.queue
    try:
        problems = site.broker.problems()
        site.broker.depth("default")
    except DoclifeError as error:
        return BrokerState(kind=kind, answers=False, problems=[str(error)])
    return BrokerState(kind=kind, answers=True, problems=problems)


def _leader(database: Database, name: str) -> Leader:
    leads = _lease.until > database_now(database.dialect)
    query = select(_lease.holder, _lease.until).where(_lease.name == name, _lease.holder.is_not(None), leads)
    with database.reading() as connection:
        row = connection.execute(query).first()
    return Leader(holder=None, until=None) if row is None else Leader(holder=row.holder, until=row.until)


def _schedules(database: Database) -> Schedules:
    active = [_type.stopped == 0, _type.next_execution.is_not(None)]
    first = select(_type.method, _type.next_execution).where(
        *active, _type.next_execution <= database_now(database.dialect)
    )
    with database.reading() as connection:
        count = connection.execute(select(func.count()).select_from(scheduled_job_type).where(*active)).scalar_one()
        row = connection.execute(first.order_by(_type.next_execution).limit(1)).first()
    return Schedules(
        active=int(count),
        last_tick=noted(database, TICK),
        overdue=None if row is None else row.method,
        overdue_since=None if row is None else row.next_execution,
    )


def _workers(site: Any, running: list[JobRow]) -> list[WorkerState]:
    with site.database.reading() as connection:
        rows = connection.execute(select(worker).order_by(_worker.started_at, _worker.name)).all()
    dead = liveness_of(site.database, site.folder).dead([row.name for row in rows])
    jobs: Mapping[str | None, JobRow] = {job.worker: job for job in running}
    result = []
    for row in rows:
        job = jobs.get(row.name)
        result.append(
            WorkerState(
                name=row.name,
                host=row.host,
                pid=row.pid,
                queues=json.unpack(row.queues),
                isolation=row.isolation,
                started_at=row.started_at,
                alive=row.name not in dead,
                job=None if job is None else job.id,
                method=None if job is None else job.method,
                since=None if job is None else job.started_at,
            )
        )
    return result


def _queues(site: Any, workers: list[WorkerState], broker: BrokerState) -> list[QueueState]:
    known = site.settings.queues()
    found = {stats.queue: stats for stats in queue_stats(site.database)}
    nothing = dict.fromkeys(("queued", "scheduled", "started", "finished", "failed", "cancelled"), 0)
    result = []
    for name in [*known, *(each for each in sorted(found) if each not in known)]:
        figures = msgspec.structs.asdict(found[name]) if name in found else {"queue": name, "oldest_s": None, **nothing}
        serving = [each for each in workers if each.alive and name in each.queues]
        depth = _depth(site, name) if broker.answers else None
        result.append(QueueState(**figures, workers=len(serving), known=name in known, in_broker=depth))
    return result


def _depth(site: Any, queue: str) -> int | None:
    try:
        return int(site.broker.depth(queue))
    except DoclifeError:  # it has gone in this moment
        return None
