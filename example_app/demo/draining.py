"""Waiting until all jobs have ended, but not for ever."""

from __future__ import annotations

import time

import doclife
from example_app.demo.books import Jobs, read_jobs
from example_app.demo.place import LOOK_S, Place
from example_app.demo.printing import Printer
from example_app.demo.processes import CommandFailed

#: seconds without any job ending; longer than it takes until a dead worker's job is given to another
STUCK_S = 120
LISTED = 5


def drain(place: Place, printer: Printer, *, stuck_s: float = STUCK_S) -> Jobs:
    """Waits until no job is queued or running, and returns what became of them.

    Args:
        place: the site.
        printer: shows how far they are.
        stuck_s: seconds without any job ending after which it waits no longer.
    Raises:
        CommandFailed: they are stuck, or worker or scheduler have; the message says which.
    """
    ended, since = -1, time.monotonic()
    while True:
        with place.connect():
            jobs = read_jobs()
        printer.progress("jobs", jobs.enqueued - jobs.open, jobs.enqueued)
        if not jobs.open:
            return jobs
        if jobs.enqueued - jobs.open != ended:
            ended, since = jobs.enqueued - jobs.open, time.monotonic()
        elif time.monotonic() - since > stuck_s:
            raise CommandFailed(f"{jobs.open} jobs do not end; none has for {stuck_s} s:\n{_waiting(place)}")
        place.processes.check()
        time.sleep(LOOK_S)


def _waiting(place: Place) -> str:
    with place.connect():
        found = doclife.db.sql(
            """
            SELECT status, method, kwargs, attempt FROM `tabBackground Job`
            WHERE status IN ('queued', 'started') ORDER BY enqueued_at LIMIT %s
            """,
            LISTED,
        )
    lines = [f"  {status:<8} {method}({kwargs}), attempt {attempt}" for status, method, kwargs, attempt in found]
    return "\n".join([*lines, "the worker's last words:", place.processes.tail("worker")])


def failures() -> list[str]:
    """Returns a line for each failed job. Order: inside a context."""
    found = doclife.db.sql(
        "SELECT method, kwargs, error FROM `tabBackground Job` WHERE status = 'failed' ORDER BY method"
    )
    return [f"{method}({kwargs}): {(error or '?').strip().splitlines()[-1]}" for method, kwargs, error in found]
