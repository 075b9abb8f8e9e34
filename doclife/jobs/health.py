"""How the jobs of a site are: who leads, who works, what waits. `doclife.jobs.problems` judges it.

Everything is read from the database, and a little from the broker, which may be down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from doclife.core import clock, json
from doclife.core.errors import DoclifeError
from doclife.jobs.listing import JobRow, QueueStats, list_jobs, queue_stats, zone_of_rows
from doclife.jobs.schedules import Leader, SchedulerState, leader, scheduler_state
from doclife.jobs.selection import Selection
from doclife.outbox.workers import liveness_of
from doclife.schema.tables import worker

#: name of the lease of who relays
RELAY = "relay"
#: jobs that run, or have failed, of which one is told by itself
MOST = 1000

_worker = worker.c


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


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at one moment; times are naive, in the site's zone inside a context, else UTC."""

    site: str
    now: datetime
    broker: BrokerState
    relay: Leader
    scheduler: SchedulerState
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
    running = list_jobs(site.database, Selection(status=("started",)), limit=MOST)
    workers = workers_of(site, running)
    broker = _broker(site)
    return Health(
        site=site.name,
        now=clock.now(zone_of_rows()),
        broker=broker,
        relay=leader(site.database, RELAY),
        scheduler=scheduler_state(site),
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


def workers_of(site: Any, running: Sequence[JobRow] = ()) -> list[WorkerState]:
    """Returns the workers of a site, the oldest first, and those that have died and are not yet cleared away.

    Args:
        site: a loaded `doclife.site.runtime.Site`; only its database is asked.
        running: jobs that are started, to say which worker runs which.
    """
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
