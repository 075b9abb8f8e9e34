"""What is wrong with the jobs of a site: each problem with its reason and the command that helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, select

from doclife.core import clock
from doclife.core.errors import HookError, nearest
from doclife.core.storable import error_line
from doclife.events.handlers import import_path
from doclife.jobs.enqueue import DOCUMENT_RUNNER
from doclife.jobs.health import Health
from doclife.jobs.listing import to_utc
from doclife.jobs.missing import BEGINNING, METHOD, reason_of
from doclife.jobs.schedules import SchedulerState
from doclife.schema.tables import background_job

#: seconds beyond its timeout after which a job should have been killed
OVERTIME_S = 40.0
#: seconds that the oldest job of a served queue may wait
WAITS_LONG_S = 300.0
#: hours for which a job that failed is a problem
FAILED_H = 24
#: what has the scheduler enqueue again, by the setting that keeps it from that
_SWITCHED_ON_BY = {
    "maintenance_mode": "set maintenance_mode to false in the site's settings when the work is done",
    "disable_scheduler": "doclife scheduler enable",
    "pause_scheduler": "doclife scheduler resume",
}

_job = background_job.c


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    #: a short name of its kind, for scripts
    kind: str
    #: what is wrong, and where
    what: str
    why: str
    #: a command, or what to do
    help: str


def problems_of(site: Any, health: Health) -> list[Problem]:
    """Returns what is wrong, the gravest first.

    Args:
        site: a loaded `doclife.site.runtime.Site`; only its database is asked.
        health: as `doclife.jobs.health.examine` returned it.
    """
    return [each for look in _LOOKS for each in look(site, health)]


def _broker(_site: Any, health: Health) -> Iterator[Problem]:
    broker = health.broker
    if not broker.answers:
        yield Problem(
            kind="broker-down",
            what="the broker does not answer",
            why=f"{broker.problems[0]}; workers that run take jobs from the table meanwhile, nothing is lost",
            help="start it; an embedded one starts with `doclife worker`, `doclife scheduler` or `doclife start`",
        )
        return
    for problem in broker.problems:
        yield Problem(
            kind="broker-settings",
            what="the broker is set up in a way that may lose ids",
            why=problem,
            help="change its configuration",
        )


def _nobody_works(_site: Any, health: Health) -> Iterator[Problem]:
    if health.broker.kind == "inline" or any(each.alive and each.queues for each in health.workers):
        return
    waiting = sum(each.queued for each in health.queues)
    yield Problem(
        kind="no-worker",
        what="no worker runs",
        why=f"{_jobs(waiting)}, and nobody would run them" if waiting else "a job that is enqueued now would wait",
        help="doclife worker, or doclife start",
    )


def _nobody_relays(_site: Any, health: Health) -> Iterator[Problem]:
    if health.relay.holder is None and health.broker.kind != "inline":
        yield Problem(
            kind="no-relay",
            what="nobody relays",
            why="no worker and no scheduler runs: jobs for later are not released, jobs of dead workers not rescued",
            help="doclife worker, doclife scheduler, or doclife start; one that runs takes it over within 20 s",
        )


def _scheduler(_site: Any, health: Health) -> Iterator[Problem]:
    yield from scheduler_problems(health.scheduler)


def scheduler_problems(state: SchedulerState) -> Iterator[Problem]:
    """Yields why schedules do not get their jobs, the strongest reason first.

    `doclife doctor` and `doclife scheduler status` both judge by it.

    Args:
        state: as `doclife.jobs.schedules.scheduler_state` returned it.
    """
    for setting in state.switches:
        yield Problem(
            kind=setting, what="the scheduler enqueues nothing", why=f"{setting} is set", help=switched_on_by(setting)
        )
    if not state.active or "disable_scheduler" in state.switches:
        return
    schedules = "1 schedule is" if state.active == 1 else f"{state.active} schedules are"
    if state.holder is None:
        yield Problem(
            kind="no-scheduler",
            what="no scheduler runs",
            why=f"{schedules} to come, and nobody leads",
            help="doclife scheduler, or doclife start"
            + ("" if state.switches else "; one tick by hand: doclife scheduler trigger"),
        )
    elif not state.switches and not state.ticks:
        last = "it has never ticked"
        if state.last_tick is not None:
            last = f"its last tick was at {_at(state.last_tick)}, {state.last_tick_age_s:.0f} s ago"
        yield Problem(
            kind="no-tick",
            what="the scheduler does not tick",
            why=f"{state.holder} leads, but {last}; a tick is due every {state.tick_interval:g} s",
            help="if it goes on only now, look again in a moment; otherwise look into its log, and restart it",
        )
    elif not state.switches and state.first_overdue is not None:
        first = state.first_overdue
        others = f", and {state.overdue - 1} others" if state.overdue > 1 else ""
        yield Problem(
            kind="schedule-late",
            what=f"{first.name} was due at {_at(first.at)} and was not enqueued{others}",
            why=f"the scheduler {state.holder} ticks; either its last job has not ended, or it cannot be enqueued",
            help="doclife scheduler status; the scheduler's log says schedule_failed and the reason",
        )


def switched_on_by(setting: str) -> str:
    """Returns what has the scheduler enqueue again where one of SWITCHES holds it."""
    return _SWITCHED_ON_BY[setting]


def _dead_workers(_site: Any, health: Health) -> Iterator[Problem]:
    alive = {each.name for each in health.workers if each.alive}
    for job in health.running:
        if job.worker not in alive:
            rescue = (
                f"the relay of {health.relay.holder} queues it again within a minute"
                if health.relay.holder
                else "and nobody relays, so nobody queues it again"
            )
            yield Problem(
                kind="worker-dead",
                what=f"job {job.id} ({job.method}) is stuck since {job.started_at}",
                why=f"its worker {job.worker} is dead; {rescue}",
                help=f"doclife worker, or doclife jobs cancel {job.id}",
            )


def _overtime(_site: Any, health: Health) -> Iterator[Problem]:
    alive = {each.name for each in health.workers if each.alive}
    for job in health.running:
        if job.worker not in alive or job.started_at is None:
            continue
        seconds = _seconds(job.started_at, health.now)
        if seconds > job.timeout + OVERTIME_S:
            yield Problem(
                kind="overtime",
                what=f"job {job.id} ({job.method}) runs for {seconds:.0f} s, its timeout is {job.timeout} s",
                why=f"its worker {job.worker} lives, but has not ended it",
                help=f"doclife jobs show {job.id} --stack; doclife jobs cancel {job.id}",
            )


def _queues(_site: Any, health: Health) -> Iterator[Problem]:
    known = [each.queue for each in health.queues if each.known]
    somebody_works = any(each.alive and each.queues for each in health.workers)
    for queue in health.queues:
        name, waiting = queue.queue, queue.queued + queue.scheduled
        if not queue.known and waiting:
            yield Problem(
                kind="queue-unknown",
                what=f"{_jobs(waiting)} in the queue {name}",
                why=f"the settings know no such queue.{nearest(name, known)} Queues: {', '.join(known)}",
                help=f"name it in `workers` of the settings; or doclife jobs cancel --queue {name}, then doclife jobs "
                f"retry --status cancelled --queue {name} --to-queue default",
            )
        elif queue.queued and not queue.workers and somebody_works:
            yield Problem(
                kind="queue-unserved",
                what=f"{_jobs(queue.queued)} in the queue {name}",
                why="no worker that runs serves it",
                help=f"doclife worker --queue {name}",
            )
        elif queue.workers and queue.oldest_s is not None and queue.oldest_s > WAITS_LONG_S:
            yield Problem(
                kind="queue-slow",
                what=f"{_jobs(queue.queued)} in the queue {name}, the oldest for {queue.oldest_s:.0f} s",
                why=f"{queue.workers} of its workers live, and do not keep up",
                help=f"doclife worker --queue {name} --workers {queue.workers + 1}; doclife jobs list --status started",
            )


def _missing_methods(site: Any, _health: Health) -> Iterator[Problem]:
    waiting = select(_job.method, func.count()).where(_job.status == "queued").group_by(_job.method)
    with site.database.reading() as connection:
        rows = connection.execute(waiting).all()
    for method, count in rows:
        try:
            import_path(method, METHOD)
        except HookError as refusal:
            yield Problem(
                kind="method-missing",
                what=f"{_jobs(count)} for {method} to exist",
                why=reason_of(str(refusal)),
                help=f"deploy the version that has it; or doclife jobs cancel --method {method}",
            )


def _missing_document_methods(site: Any, _health: Health) -> Iterator[Problem]:
    """Finds them by what happened when they were called: the method that runs them all is there."""
    called = [_job.status == "queued", _job.method == DOCUMENT_RUNNER, _job.error.startswith(BEGINNING)]
    with site.database.reading() as connection:
        rows = connection.execute(select(_job.name, _job.error).where(*called).order_by(_job.name)).all()
    by_reason: dict[str, list[str]] = {}
    for row in rows:
        by_reason.setdefault(reason_of(row.error), []).append(row.name)
    for reason, ids in by_reason.items():
        yield Problem(
            kind="method-missing",
            what=f"{_jobs(len(ids))} for a document's method to exist",
            why=reason,
            help=f"deploy the version that has it; or doclife jobs cancel {' '.join(ids[:3])}",
        )


def _failed(site: Any, _health: Health) -> Iterator[Problem]:
    since = clock.utc_now() - timedelta(hours=FAILED_H)
    recent = (
        select(_job.method, func.count(), func.max(_job.name))
        .where(_job.status == "failed", _job.ended_at > since)
        .group_by(_job.method)
        .order_by(_job.method)
    )
    with site.database.reading() as connection:
        rows = connection.execute(recent).all()
        errors = select(_job.name, _job.error).where(_job.name.in_([row[2] for row in rows]))
        reasons = {row.name: row.error for row in connection.execute(errors)}
    for method, count, newest in rows:
        yield Problem(
            kind="dead",
            what=f"{count} {'job' if count == 1 else 'jobs'} of {method} failed within {FAILED_H} hours",
            why=f"the newest, {newest}: {error_line(reasons.get(newest)) or 'no reason was kept'}",
            help=f"doclife jobs show {newest}; doclife jobs retry --method {method}, or doclife jobs purge --status "
            f"failed --method {method}",
        )


def _seconds(since: datetime, until: datetime) -> float:
    return (to_utc(until) - to_utc(since)).total_seconds()


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _jobs(count: int) -> str:
    return "1 job waits" if count == 1 else f"{count} jobs wait"


_Look = Callable[[Any, Health], Iterator[Problem]]
#: the gravest first
_LOOKS: tuple[_Look, ...] = (
    _broker,
    _nobody_works,
    _nobody_relays,
    _scheduler,
    _dead_workers,
    _overtime,
    _queues,
    _missing_methods,
    _missing_document_methods,
    _failed,
)
