"""Schedules in a test: what is due now, or until a moment, and when something is due."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import select, update

from doclife.core import clock
from doclife.core.context import current
from doclife.core.errors import ValidationError
from doclife.jobs.schedules import set_switches
from doclife.scheduler.grid import last_tick, tick_interval
from doclife.scheduler.planning import planned
from doclife.scheduler.state import meant, schedules
from doclife.scheduler.sync import sync
from doclife.scheduler.tick import Ticked, tick
from doclife.scheduler.times import ALL
from doclife.schema.tables import background_job, scheduled_job_type
from doclife.site.runtime import Site
from doclife.testing.jobs import CapturedJob, stored_job
from doclife.testing.running import ended_well, failure_of, run_ready
from doclife.testing.world import site_moment

#: moments at which something is due that one call of `run_due` stands still at
MOST_MOMENTS = 50_000

_type = scheduled_job_type.c
_job = background_job.c


def run_due(
    *,
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    every_tick: bool = False,
    allow_failures: bool = False,
) -> list[CapturedJob]:
    """Runs what schedules have due now, or until a moment, and returns the jobs in order, as they ended.

    Without `until` the scheduler ticks now, and the jobs that are due run; where catch_up is "all" it goes
    on until no missed run is left. With `until` the clock goes from one moment at which something is due
    to the next, and the scheduler ticks and the jobs run at each; those for later (`run_at`, further
    attempts) run at their times too. Nothing sleeps. The clock stands at `until` in the end, until the
    block of `travel_to` puts it back.

    Where a setting of the test holds the scheduler (`pause_scheduler`, `disable_scheduler`, `maintenance_mode`)
    nothing is enqueued, as always; jobs that are there run.

    A clock that was moved back takes the plans with it: nothing is due that would not be planned now.

    Args:
        since: the scheduler ticked last at this moment, and everything since then is due.
        until: up to this moment, which is included; only inside `travel_to`. Naive: in the site's time zone.
        every_tick: also stand still at each tick (`scheduler_tick_interval`) until then, so that
            schedules of `all` run, which are left out otherwise.
        allow_failures: a job that fails, or a schedule that cannot be started, is no failure of the test.
    Raises:
        AssertionError: something failed; the clock stands at the moment at which it did.
        ValueError: `since` is to come, `until` is past, or the clock was not moved by `travel_to`.
    """
    __tracebackhide__ = True
    context = current()
    context.unit.commit()
    sync(context.site)
    last = None if since is None else site_moment(since)
    if last is not None and last > clock.utc_now():
        raise ValueError(f"run_due(since={last}) is to come: it is {clock.utc_now()}")
    _plan(context.site, last)
    if until is not None:
        return _run_until(context.site, site_moment(until), every_tick=every_tick, allow_failures=allow_failures)
    ran, _often = _run_moment(context.site, allow_failures=allow_failures)
    return ended_well(ran, allow_failures=True)  # those that failed have been told


def due_times(word: str, n: int = 1) -> list[datetime]:
    """Returns the next times of a schedule, naive in the site's time zone.

    Args:
        word: its name, its cron expression, or a word of `scheduler_events`: of several the one that is due
            first; or its method: of several entries the first, which is named after it.
        n: how many, at least 1.
    Raises:
        ValidationError: there is no such schedule, or n is not such.
    """
    if n < 1:
        raise ValidationError(f"due_times(n=...) is a number of times, at least 1, not {n!r}")
    context = current()
    context.unit.commit()
    sync(context.site)
    _plan(context.site, None)
    chosen = meant(schedules(context.site, times=n), word)
    if not chosen:
        raise ValidationError(f"no schedule is declared as {word!r}")
    return [each.replace(tzinfo=None) for each in chosen[0].next]


def _run_until(site: Site, until: datetime, *, every_tick: bool, allow_failures: bool) -> list[CapturedJob]:
    __tracebackhide__ = True
    if until < clock.utc_now():
        raise ValueError(f"run_due(until={until}) is past: it is {clock.utc_now()}")
    ran: dict[str, None] = {}
    often: Counter[str] = Counter()
    moment: datetime | None = clock.utc_now()
    moments = 0
    interval = tick_interval(site.settings.scheduler_tick_interval)
    while moment is not None:
        clock.move_to(moment)
        of_the_grid = every_tick and moment == last_tick(moment, interval)
        at = moment if of_the_grid else None
        now, fired = _run_moment(site, at, only_missed=not of_the_grid, allow_failures=allow_failures)
        ran |= dict.fromkeys(now)
        often.update(fired)
        moments += 1
        assert moments < MOST_MOMENTS, (
            f"run_due(until=...) has come as far as {clock.to_site(moment, site.settings.time_zone)} and has stood "
            f"still {MOST_MOMENTS} times. Due most often: "
            + (", ".join(f"{name} ({times} times)" for name, times in often.most_common(3)) or "jobs for later")
        )
        moment = _next_moment(site, until, every_tick=every_tick)
    clock.move_to(until)
    return ended_well(list(ran), allow_failures=True)  # those that failed have been told


def _run_moment(
    site: Site, at: datetime | None = None, *, only_missed: bool = False, allow_failures: bool
) -> tuple[list[str], list[str]]:
    """Ticks and runs what came of it; returns the jobs that ran, and the schedules that were started, in order."""
    __tracebackhide__ = True
    ran: dict[str, None] = {}
    fired: list[str] = []
    while True:
        ticked = Ticked() if set_switches(site.settings) else tick(site, at, only_missed=only_missed)
        _check(ticked, allow_failures=allow_failures)
        now = run_ready(site)
        now += _ran_inline(ticked, now)
        _check_jobs(now, allow_failures=allow_failures)
        ran |= dict.fromkeys(now)
        fired += [name for name, _job_id in ticked.fired]
        if not (ticked.waiting and now):
            return list(ran), fired
        only_missed = True  # the missed runs of a schedule that catches up with all come one after the other


def _next_moment(site: Site, until: datetime, *, every_tick: bool) -> datetime | None:
    """Returns the next moment at which something is due, not after `until`, or None."""
    now = clock.utc_now()
    planned = select(_type.next_execution).where(
        _type.stopped == 0, _type.frequency != ALL, _type.next_execution > now, _type.next_execution <= until
    )
    later = select(_job.run_at).where(_job.status == "queued", _job.run_at > now, _job.run_at <= until)
    with site.database.reading() as connection:
        stored = [
            connection.execute(query.order_by(column).limit(1)).scalar()
            for query, column in ((planned, _type.next_execution), (later, _job.run_at))
        ]
    found = [clock.to_utc(each, site.settings.time_zone) for each in stored if each is not None]
    if every_tick:
        interval = tick_interval(site.settings.scheduler_tick_interval)
        following = last_tick(now, interval) + interval
        found += [following] if following <= until else []
    return min(found, default=None)


def _ran_inline(ticked: Ticked, ran: list[str]) -> list[str]:
    """Returns the jobs that have run with the commit that started them."""
    others = [job for _name, job in ticked.fired if job not in ran]
    return [id for id in others if (job := stored_job(id)) is not None and job.started_at is not None]


def _check(ticked: Ticked, *, allow_failures: bool) -> None:
    __tracebackhide__ = True
    if ticked.failed and not allow_failures:
        told = "\n".join(
            f"the schedule {name} could not be started: {reason}" for name, reason in ticked.failed.items()
        )
        raise AssertionError(told)


def _check_jobs(ids: list[str], *, allow_failures: bool) -> None:
    __tracebackhide__ = True
    if allow_failures:
        return
    texts = [text for id in ids if (job := stored_job(id)) is not None and (text := failure_of(job))]
    if texts:
        raise AssertionError("\n".join(texts))


def _plan(site: Site, since: datetime | None) -> None:
    after = clock.utc_now() if since is None else since
    with site.database.transaction() as connection:
        for row in connection.execute(select(scheduled_job_type)).all():
            following = planned(site, row, after)
            stored = row.next_execution and clock.to_utc(row.next_execution, site.settings.time_zone)
            if following is not None and (since is not None or stored is None or stored > following):
                connection.execute(
                    update(scheduled_job_type).where(_type.name == row.name).values(next_execution=following)
                )
