"""Inline mode: jobs run as soon as they are committed, in the test's own process and thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from doclife.core.context import current
from doclife.queue.inline import InlineBroker
from doclife.site.runtime import Site
from doclife.testing.jobs import CapturedJob, stored_job
from doclife.testing.running import ended_well, failure_of
from doclife.worker.run import run_job


@contextmanager
def jobs_inline(*, allow_failures: bool = False) -> Iterator[list[CapturedJob]]:
    """Has every commit in the block run the jobs it has released, before it returns.

    The end of the block commits what is open. Jobs for later wait as always. Each job runs as a worker
    runs it, as its user and in a unit of its own; those that it enqueues follow it.

    Args:
        allow_failures: a job that fails is no failure of the test.
    Yields:
        The jobs that have run, as they ended, in that order.
    Raises:
        AssertionError: at the end of the block, a job has failed. What the block raises itself gets a
            note of it.
    """
    __tracebackhide__ = True
    context = current()
    site: Site = context.site
    broker, before = InlineBroker(site.name), site.broker
    ran: list[CapturedJob] = []
    broker.set_runner(_noting(ran))
    site.broker = broker
    try:
        with telling_failures(ran, allow_failures=allow_failures):
            yield ran
            context.unit.commit()
    finally:
        site.broker = before


@contextmanager
def settings_inline(site: Site) -> Iterator[None]:
    """Makes a failed job an error of the test for whose whole time `queue = "inline"` is set."""
    broker = site.broker
    assert isinstance(broker, InlineBroker)
    ran: list[CapturedJob] = []
    broker.set_runner(_noting(ran))
    with telling_failures(ran, allow_failures=False):
        yield


@contextmanager
def telling_failures(ran: list[CapturedJob], *, allow_failures: bool) -> Iterator[None]:
    """Raises for failed jobs at the end of the block, or adds a note to what the block raises."""
    __tracebackhide__ = True
    try:
        yield
    except Exception as error:
        for text in filter(None, map(failure_of, ran)):
            error.add_note(text)
        raise
    ended_well([job.id for job in ran], allow_failures=allow_failures)


def _noting(ran: list[CapturedJob]) -> Callable[[str], None]:
    """Returns what runs a job, and notes it as it ended."""

    def run(id: str) -> None:
        run_job(id)
        job = stored_job(id)
        if job is not None:
            ran.append(job)

    return run
