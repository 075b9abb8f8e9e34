"""Triggering: schedules that are started by hand, on the same terms as those that are due."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from doclife.core import clock, config
from doclife.core.clock import monotonic
from doclife.core.errors import DoclifeError, JobError
from doclife.core.storable import error_line
from doclife.jobs.job import OPEN
from doclife.jobs.listing import show_job
from doclife.jobs.problems import switched_on_by
from doclife.jobs.schedules import set_switches
from doclife.scheduler.firing import Busy, fire
from doclife.scheduler.state import EVENTS, Schedule
from doclife.scheduler.tick import tick
from doclife.schema.tables import scheduled_job_type
from doclife.uow.unit import current_unit

#: why a word of `scheduler_events` starts nothing
NOT_DECLARED = (
    "no schedule is declared so (a word with _long means those on the queue long, one without it the others); "
    "what is new in hooks.py needs `doclife migrate`"
)
#: seconds between two looks at jobs that are waited for
LOOK_S = 0.1

_type = scheduled_job_type.c


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule that was started."""

    schedule: str
    job: str


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule that was not, or a word that means none."""

    schedule: str
    reason: str


class Triggered(msgspec.Struct, kw_only=True):
    """What became of schedules that somebody wanted started."""

    started: list[Started] = msgspec.field(default_factory=list)
    refused: list[Refused] = msgspec.field(default_factory=list)


def trigger(site: Any, by_word: Mapping[str, Sequence[Schedule]]) -> Triggered:
    """Starts the schedules that words mean, each once; when they are due next stays as it was.

    Their logs say that they were started by hand.
    Those that are stopped are left out where a word of `scheduler_events` means them, and are started
    where they are named.

    Args:
        site: a loaded `doclife.site.runtime.Site`.
        by_word: schedules by the word that means them, as `doclife.scheduler.state.meant` returned them.
    Raises:
        JobError: the settings hold the scheduler.
    Order: outside a context of this site; it opens one for each schedule.
    """
    refuse_if_held(site)
    done = Triggered()
    seen: set[str] = set()
    named = {each.name for word, chosen in by_word.items() if word.lower() not in EVENTS for each in chosen}
    for word, chosen in by_word.items():
        if not chosen:
            done.refused.append(Refused(schedule=word, reason=NOT_DECLARED))
        for each in chosen:
            if each.name in seen:
                continue
            seen.add(each.name)
            if each.stopped and each.name not in named:
                done.refused.append(
                    Refused(schedule=each.name, reason="it is stopped; say its name to start it all the same")
                )
                continue
            result = _start(site, each.name)
            if isinstance(result, Started):
                done.started.append(result)
            else:
                done.refused.append(result)
    return done


def trigger_tick(site: Any) -> Triggered:
    """Ticks once, as the scheduler does, also where none leads.

    Raises:
        JobError: the settings hold the scheduler.
        DatabaseUnavailable: the database cannot be reached.
    Order: outside a context of this site.
    """
    refuse_if_held(site)
    ticked = tick(site)
    return Triggered(
        started=[Started(schedule=name, job=job) for name, job in ticked.fired],
        refused=[Refused(schedule=name, reason=reason) for name, reason in ticked.failed.items()],
    )


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the job of a schedule that was started."""

    schedule: str
    job: str
    #: queued, started, finished, failed, cancelled
    status: str
    #: that it ran, or None: it has not ended
    seconds: float | None
    #: the line that says why it failed, or ""
    error: str


def wait_for(site: Any, started: Sequence[Started], seconds: float) -> list[Ended]:
    """Waits until the jobs of schedules have ended, and returns what became of them.

    Args:
        site: a loaded `doclife.site.runtime.Site`.
        started: the schedules.
        seconds: to wait at most.
    Order: outside a context of this site.
    """
    deadline = monotonic() + seconds
    while True:
        with site.work():
            ended = [_ended(site, each) for each in started]
        if all(each.status not in OPEN for each in ended) or monotonic() >= deadline:
            return ended
        time.sleep(LOOK_S)


def _ended(site: Any, started: Started) -> Ended:
    job = show_job(site.database, started.job)
    error = error_line(job.error) if job.status != "finished" else ""
    return Ended(schedule=started.schedule, job=job.id, status=job.status, seconds=job.seconds, error=error)


def refuse_if_held(site: Any) -> None:
    """Does nothing where the scheduler may enqueue.

    Raises:
        JobError: a setting holds it; the message says which, and what helps.
    """
    held_by = set_switches(config.load_settings(site.sites_dir, site.name).settings)
    if held_by:
        helps = "; ".join(map(switched_on_by, held_by))
        raise JobError(
            f"nothing is enqueued while {' and '.join(held_by)} {'are' if held_by[1:] else 'is'} set: {helps}"
        )


def _start(site: Any, name: str) -> Started | Refused:
    try:
        with site.work() as context:
            unit = current_unit()
            unit.before_write()
            # a tick waits for the row, or this for the tick
            row = unit.link.execute(select(scheduled_job_type).where(_type.name == name).with_for_update()).first()
            now = clock.utc_now()
            job = None if row is None else fire(context, row, now, now, triggered=True)
    except DoclifeError as error:
        return Refused(schedule=name, reason=str(error))
    if row is None:
        return Refused(schedule=name, reason="it has been removed in this moment")
    if isinstance(job, Busy):
        reason = f"its last job {job.job} is {job.status} since {job.since:%Y-%m-%d %H:%M:%S}"
        return Refused(schedule=name, reason=reason)
    if job is None:
        return Refused(schedule=name, reason="it was started in this very moment")
    return Started(schedule=name, job=job)
