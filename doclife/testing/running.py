"""Running jobs in a test: those that were enqueued, as a worker runs them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update

from doclife.core import clock
from doclife.core.context import current
from doclife.core.errors import BrokerUnavailable, brief
from doclife.jobs.missing import is_missing
from doclife.outbox.claim import claim, claim_next
from doclife.schema.tables import background_job
from doclife.site.runtime import Site
from doclife.testing.jobs import CapturedJob, all_jobs
from doclife.testing.world import site_moment
from doclife.worker.presence import present
from doclife.worker.run import run_claimed

#: jobs for later that one call of `run_jobs` runs
MOST_EARLY = 1000
#: runs of jobs of which one call is made
MOST_RUNS = 20_000

_job = background_job.c


def run_jobs(
    *queues: str, allow_failures: bool = False, with_scheduled: bool | datetime | str = False
) -> list[CapturedJob]:
    """Commits what is open, runs every job that is due, those they enqueue too, and returns them as they ended.

    Each runs as a worker runs it: as its user, in a unit of its own, with its time limit; one that is
    to be tried again later stays queued. Documents that the test holds are not loaded anew.

    Args:
        queues: to serve; none: all.
        allow_failures: a job that fails, or whose method does not exist, is no failure of the test.
        with_scheduled: run also those for later, in the order of their times, the further attempts of
            jobs that ask for them too: True for all, or up to a moment (naive: in the site's time
            zone). The clock stays where it is. A method that does not exist is looked for once.
    """
    __tracebackhide__ = True
    context = current()
    context.unit.commit()
    until = site_moment(with_scheduled) if isinstance(with_scheduled, (datetime, str)) else None
    ran: dict[str, None] = {}
    served = queues or tuple(context.site.settings.queues())
    early = runs = 0
    with present(context.site, queues=served, isolation="inline") as worker:
        while True:
            id = _run_next(context.site, served, worker)
            if id is None and with_scheduled is not False and (due := _bring_forward(context.site, served, until, ran)):
                early += 1
                assert early <= MOST_EARLY, (
                    f"{MOST_EARLY} jobs for later were run, and they enqueue more of them; the next is one of "
                    + ", ".join(job.method for job in all_jobs() if job.id == due)
                )
                continue
            if id is None:
                break
            ran[id] = None
            runs += 1
            check_runs(runs, id)
    return ended_well(list(ran), allow_failures=allow_failures)


def run_ready(site: Site) -> list[str]:
    """Runs every job that is due, those they enqueue too, and returns their ids in order."""
    __tracebackhide__ = True
    ran: dict[str, None] = {}
    runs = 0
    served = tuple(site.settings.queues())
    with present(site, queues=served, isolation="inline") as worker:
        while (id := _run_next(site, served, worker)) is not None:
            ran[id] = None
            runs += 1
            check_runs(runs, id)
    return list(ran)


def check_runs(runs: int, id: str) -> None:
    """Ends a test whose jobs enqueue each other for ever.

    Args:
        runs: how many there were.
        id: of the job that ran last.
    """
    __tracebackhide__ = True
    assert runs < MOST_RUNS, f"{MOST_RUNS} runs of jobs, and they enqueue more of them; the last is one of " + (
        ", ".join(job.method for job in all_jobs() if job.id == id)
    )


def ended_well(ids: list[str], *, allow_failures: bool) -> list[CapturedJob]:
    """Returns jobs that have run as they are now.

    Raises:
        AssertionError: one has failed, or waits for its method to exist, and that is not allowed.
    """
    __tracebackhide__ = True
    jobs = {job.id: job for job in all_jobs()}
    found = [jobs[id] for id in dict.fromkeys(ids) if id in jobs]
    texts = [text for job in found if (text := failure_of(job))]
    if texts and not allow_failures:
        raise AssertionError("\n".join(texts))
    return found


def failure_of(job: CapturedJob) -> str:
    """Returns why a job is a failure of its test, or ""."""
    if job.status == "failed":
        return f"the job {job.method}({brief(job.kwargs)}) failed: {job.error}"
    if job.status == "queued" and is_missing(job.error):
        return f"the job {job.method}({brief(job.kwargs)}) waits: {job.error}"
    return ""


def _bring_forward(site: Site, queues: tuple[str, ...], until: datetime | None, ran: Collection[str]) -> str | None:
    """Makes the next job for later due now, and returns its id; None: there is none.

    One that has run and waits for its method is left out: it would wait again, and again.
    """
    due = [_job.status == "queued", _job.queue.in_(queues), _job.run_at > clock.utc_now()]
    if until is not None:
        due.append(_job.run_at <= until)
    # at most those that have run are left out
    first = select(_job.name, _job.error).where(*due).order_by(_job.run_at, _job.name).limit(len(ran) + 1)
    with site.database.transaction() as connection:
        for row in connection.execute(first).all():
            if row.name not in ran or not is_missing(row.error):
                connection.execute(update(background_job).where(_job.name == row.name).values(run_at=clock.utc_now()))
                return str(row.name)
    return None


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
