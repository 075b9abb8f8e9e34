"""Running jobs in a test: those that were enqueued, and those that schedules enqueue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from doclife.core import clock
from doclife.core.context import current
from doclife.core.errors import BrokerUnavailable
from doclife.outbox.claim import claim, claim_next
from doclife.scheduler.sync import first_time, sync
from doclife.scheduler.tick import tick
from doclife.schema.tables import scheduled_job_type
from doclife.site.runtime import Site
from doclife.testing.jobs import CapturedJob, all_jobs
from doclife.testing.world import site_moment
from doclife.worker.presence import present
from doclife.worker.run import run_claimed

_type = scheduled_job_type.c


def run_jobs(*queues: str, allow_failures: bool = False) -> list[CapturedJob]:
    """Commits what is open, runs every job that is due, those they enqueue too, and returns them as they ended.

    Each runs as a worker runs it: as its user, in a unit of its own, with its time limit; one that is
    to be tried again later stays queued. Documents that the test holds are not loaded anew.

    Args:
        queues: to serve; none: all.
        allow_failures: a job that fails is no failure of the test.
    """
    __tracebackhide__ = True
    context = current()
    context.unit.commit()
    ran: dict[str, None] = {}
    served = queues or tuple(context.site.settings.queues())
    with present(context.site, queues=served, isolation="inline") as worker:
        while (id := _run_next(context.site, served, worker)) is not None:
            ran[id] = None
    jobs = {job.id: job for job in all_jobs()}
    found = [jobs[id] for id in ran if id in jobs]
    failed = [job for job in found if job.status == "failed"]
    if failed and not allow_failures:
        raise AssertionError("\n".join(f"the job {job.method}({job.kwargs}) failed: {job.error}" for job in failed))
    return found


def _run_next(site: Site, queues: tuple[str, ...], worker: str) -> str | None:
    """Runs the next job and returns its id; None when none is due."""
    try:
        while (id := site.broker.pop(queues, worker)) is not None:
            claimed = claim(site.database, id, worker)
            outcome = run_claimed(site, claimed) if claimed is not None else ""
            site.broker.done(id, worker, outcome)
            if claimed is not None:
                return id
    except BrokerUnavailable:
        pass  # a test has set it down: workers go on with the table
    claimed = claim_next(site.database, queues, worker)
    if claimed is None:
        return None
    run_claimed(site, claimed)
    return claimed.id


def run_due(*, since: datetime | str | None = None, allow_failures: bool = False) -> list[CapturedJob]:
    """Ticks the scheduler once, now, and runs the jobs that are due; returns them as they ended.

    A clock that was moved back takes the plans with it: nothing is due that would not be planned now.

    Args:
        since: the scheduler ticked last at this moment, and everything since then is due.
        allow_failures: as for `run_jobs`.
    """
    __tracebackhide__ = True
    context = current()
    context.unit.commit()
    sync(context.site)
    _plan(context.site, None if since is None else site_moment(since))
    tick(context.site)
    return run_jobs(allow_failures=allow_failures)


def _plan(site: Site, since: datetime | None) -> None:
    after = clock.utc_now() if since is None else since
    with site.database.transaction() as connection:
        for row in connection.execute(select(scheduled_job_type)).all():
            planned = first_time(row.frequency, row.cron_format, row.time_zone, site.settings, after)
            stored = row.next_execution and clock.to_utc(row.next_execution, site.settings.time_zone)
            if planned is not None and (since is not None or stored is None or stored > planned):
                connection.execute(
                    update(scheduled_job_type).where(_type.name == row.name).values(next_execution=planned)
                )
