"""Why schedules do not run: what holds the scheduler, and what holds one schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from shlex import quote
from typing import Any

from doclife.core import clock
from doclife.jobs.health import workers_of
from doclife.jobs.listing import to_utc
from doclife.jobs.problems import Problem, scheduler_problems
from doclife.jobs.schedules import SchedulerState
from doclife.scheduler.firing import Busy
from doclife.scheduler.planning import planned
from doclife.scheduler.state import Schedule
from doclife.scheduler.sync import unsynced
from doclife.scheduler.times import ALL


def reasons(site: Any, state: SchedulerState, found: Sequence[Schedule]) -> list[Problem]:
    """Returns why schedules do not run, each reason with the command that helps; those for all come first.

    Args:
        site: a loaded `doclife.site.runtime.Site`; only its database is asked.
        state: as `doclife.jobs.schedules.scheduler_state` returned it.
        found: all schedules, as `doclife.scheduler.state.schedules` returned them.
    Order: inside a context of this site.
    """
    return [*scheduler_problems(state), *_declarations(site, found), *_schedules(site, found)]


def _declarations(site: Any, found: Sequence[Schedule]) -> Iterator[Problem]:
    different = unsynced(site)
    if different:
        are = "schedule is" if len(different) == 1 else "schedules are"
        names = ", ".join(different[:3]) + (", ..." if len(different) > 3 else "")
        yield Problem(
            kind="not-synced",
            what=f"{len(different)} {are} not as hooks and settings say",
            why=f"they were changed since the last migration: {names}",
            help="doclife migrate; a scheduler that starts does the same",
        )
    elif not found:
        yield Problem(
            kind="no-schedules",
            what="there are no schedules",
            why="no app of the site declares scheduler_events",
            help="declare some in hooks.py, then doclife migrate",
        )


def _schedules(site: Any, found: Sequence[Schedule]) -> Iterator[Problem]:
    served = {queue for each in workers_of(site) if each.alive for queue in each.queues}
    for each in found:
        if each.stopped:
            yield Problem(
                kind="stopped",
                what=f"{each.name} is stopped",
                why="somebody has stopped this schedule alone",
                help=f"doclife scheduler enable {quote(each.name)}",
            )
        elif not each.next:
            yield Problem(
                kind="ended",
                what=f"{each.name} has no next time",
                why=f"{each.cron_format} is in the past",
                help="change it in hooks.py, then doclife migrate",
            )
        job = each.busy
        if job is None:
            continue
        since = f"{job.since:%Y-%m-%d %H:%M:%S}"
        if job.status == "queued" and each.queue not in served and site.settings.queue != "inline":
            yield Problem(
                kind="no-worker",
                what=f"{each.name} waits for a worker",
                why=f"its job {job.job} is queued since {since}, and no worker that runs serves the queue {each.queue}",
                help=f"doclife worker --queue {each.queue}",
            )
        elif _would_run(site, each, job):
            stack = " --stack" if job.status == "started" else ""
            yield Problem(
                kind="overlap",
                what=f"{each.name} is not started again before its last job has ended",
                why=f"its job {job.job} is {job.status} since {since}",
                help=f"doclife jobs show {job.job}{stack}; doclife jobs cancel {job.job}",
            )


def _would_run(site: Any, schedule: Schedule, job: Busy) -> bool:
    """Tells whether a schedule was due since its job waits or runs; before that the job keeps it from nothing."""
    since, now = to_utc(job.since), clock.utc_now()
    if schedule.frequency == ALL:
        return since + timedelta(seconds=site.settings.scheduler_tick_interval) <= now
    due = planned(site, schedule, since)
    return due is not None and due <= now
