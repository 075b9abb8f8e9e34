"""A process like a web server's: threads that run one transaction after the other, and keep a journal of them."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

import doclife
from doclife.core import clock
from doclife.core.context import current
from doclife.core.errors import DoclifeError
from doclife.outbox.cancel import cancel
from doclife.schema.tables import background_job
from doclife.site.load import load_site
from doclife.site.runtime import Site
from doclife.worker.presence import liveness
from tests.integration.chaos import bodies
from tests.integration.chaos.documents import ChaosOrder
from tests.integration.chaos.journal import Journal
from tests.integration.chaos.plan import Frame, PlannedJob, PlannedTransaction, draw


class Undo(Exception):
    """What undoes a savepoint or a transaction."""


class Writer:
    """One thread."""

    def __init__(self, site: Site, journal: Journal, tag: str, stop: Any, pause_s: float, most_open: int = 0) -> None:
        """Prepares it.

        Args:
            site: to work on.
            journal: of its process.
            tag: that all its transactions begin with; nobody else has it.
            stop: ends it after the transaction that it is in.
            pause_s: seconds between two transactions, on the average.
            most_open: waits while so many jobs are open.
        """
        self.site, self.journal, self.tag, self.stop, self.pause_s = site, journal, tag, stop, pause_s
        self.most_open = most_open
        self.random = random.Random(tag)

    def run(self) -> None:
        """Works until it is stopped."""
        number = 0
        while not self.stop.is_set():
            number += 1
            self.transact(draw(f"{self.tag}.{number}"))
            self.stop.wait(self.random.expovariate(1 / self.pause_s))
            if number % 10 == 0:
                self._wait_for_workers()

    def transact(self, plan: PlannedTransaction) -> None:
        """Runs one transaction as planned, with its lines in the journal."""
        self.journal.note("plan", plan=msgspec.to_builtins(plan))
        jobs: dict[str, Any] = {}
        try:
            with self.site.work():
                self._frame(plan.frame, jobs)
                if plan.ends == "roll back":
                    current().unit.rollback()
                elif plan.ends == "raise":
                    raise Undo
        except Undo:
            self.journal.note("rolled back", tag=plan.tag)
            return
        except DoclifeError as error:  # the connection was cut, or the database was busy for too long
            self.journal.note("error", tag=plan.tag, error=f"{type(error).__name__}: {error}")
            return
        self._outcome(plan, jobs)

    def _outcome(self, plan: PlannedTransaction, jobs: dict[str, Any]) -> None:
        if plan.ends == "roll back":
            self.journal.note("rolled back", tag=plan.tag)
            return
        # what is dropped is known in this process; to ask for the others would be a query
        dropped = [key for key, job in jobs.items() if job is None or job._staged.state == "dropped"]
        self.journal.note("dropped", tag=plan.tag, keys=dropped)
        self.journal.note("committed", tag=plan.tag)
        for planned, _ in plan.jobs():
            if planned.cancel and jobs.get(planned.key) is not None:
                self._cancel(plan.tag, planned.key, jobs[planned.key].id)

    def _cancel(self, tag: str, key: str, id: str) -> None:
        """Cancels a job, which waits, runs or has ended by now."""
        self.stop.wait(self.random.uniform(0, 0.5))
        self.journal.note("cancel", tag=tag, key=key, status="")
        with suppress(DoclifeError):  # it was dropped; the connection was cut
            status = cancel(self.site.database, self.site.broker, liveness(self.site), id, wait_s=3)
            self.journal.note("cancel", tag=tag, key=key, status=status)

    def _frame(self, frame: Frame, jobs: dict[str, Any]) -> None:
        ChaosOrder(name=frame.document).insert()
        for job in frame.jobs:
            jobs[job.key] = self._enqueue(job)
        for inside in frame.inside:
            before = set(jobs)
            try:
                with doclife.db.savepoint():
                    self._frame(inside, jobs)
                    if inside.undone:
                        raise Undo
            except Undo:
                for key in set(jobs) - before:
                    del jobs[key]

    def _enqueue(self, job: PlannedJob) -> Any:
        terms: dict[str, Any] = {}
        if job.delay:
            zone = self.site.settings.time_zone
            terms["run_at"] = clock.now(zone) + timedelta(seconds=job.delay)
        if job.unique:
            terms["job_id"] = job.unique
        if job.retry:
            terms["retry"] = doclife.Retry(max=job.retry, base=0.2, cap=1)
        if job.followed:
            terms |= {"on_success": bodies.succeeded, "on_failure": bodies.gave_up}
        if job.apart:
            terms["enqueue_after_commit"] = False
        if job.kind == "action":
            order = ChaosOrder(name=job.key).insert()
            return order.queue_action("close", queue=job.queue, at_front=job.at_front, **terms, **job.kwargs)
        return doclife.enqueue(
            getattr(bodies, job.method), queue=job.queue, at_front=job.at_front, **terms, **job.kwargs
        )

    def _wait_for_workers(self) -> None:
        """Waits while more is open than workers get done: on a slow machine there is less to do, not more to wait."""
        job = background_job.c
        query = sa.select(sa.func.count()).where(job.status.in_(["queued", "started"]))
        while not self.stop.is_set():
            try:
                with self.site.database.reading() as connection:
                    if connection.execute(query).scalar_one() < self.most_open:
                        return
            except DoclifeError:
                return
            self.stop.wait(0.2)


def main(arguments: list[str] | None = None) -> int:
    """Runs the threads until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--site")
    parser.add_argument("--sites-dir")
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--tag")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pause", type=float, default=0.1)
    parser.add_argument("--most-open", type=int, default=150)
    options = parser.parse_args(arguments)
    site = load_site(options.site, options.sites_dir)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    journal = Journal(options.journal)
    writers = [
        Writer(site, journal, f"{options.tag}.{n}", stop, options.pause, options.most_open)
        for n in range(1, options.threads + 1)
    ]
    failed: list[BaseException] = []

    def run(writer: Writer) -> None:
        try:
            writer.run()
        except BaseException as error:
            failed.append(error)
            sys.excepthook(*sys.exc_info())
            stop.set()

    threads = [threading.Thread(target=run, args=(writer,), daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    parent = os.getppid()
    while not stop.wait(0.5):
        if os.getppid() != parent:  # whoever started it is gone
            stop.set()
    for thread in threads:
        thread.join()
    return 1 if failed else 0
