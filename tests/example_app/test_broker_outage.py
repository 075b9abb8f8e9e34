"""The broker dies in the middle of the main job and stays away: the books come out the same."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from doclife.core.clock import monotonic
from doclife.core.locks import FileLock
from doclife.queue.places import Places, answers
from example_app.demo.csvfile import COLUMNS
from example_app.demo.invoices import Invoice
from example_app.demo.sample import sample_invoices
from example_app.events.notices import LARGE_INVOICE
from tests.contract.brokers import until
from tests.example_app.test_main import ROOT, environment, expected, told
from tests.integration.embedded_processes import alive

#: seconds for whatever processes do on a busy machine
SECONDS = 60


def invoices(number: int) -> list[Invoice]:
    """Returns the sample, again and again a day later, until there are so many."""
    made: list[Invoice] = []
    while len(made) < number:
        again = len(made) // 300
        for each in sample_invoices()[: number - len(made)]:
            posted = each.posted + timedelta(days=again)
            made.append(Invoice(f"{each.number}{again:02}", each.outlet, each.customer, posted, each.lines))
    return made


def write(path: Path, made: list[Invoice]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for each in made:
            for line in each.lines:
                what = (line.item_code, line.description, line.qty)
                rows.writerow([each.number, *what, each.posted, line.rate, each.customer, each.outlet])


def figures(made: list[Invoice]) -> dict[str, object]:
    """Returns what must come out, in plain Python."""
    by_outlet: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for each in made:
        by_outlet[each.outlet].append((each.number, sum((line.qty * line.rate for line in each.lines), Decimal(0))))
    return expected(by_outlet)


class MainJob:
    """`python -m example_app` at work, and how far it is."""

    def __init__(self, folder: Path, csv_file: Path) -> None:
        self.sites = folder / "sites"
        arguments = ["--csv", str(csv_file), "--sites-dir", str(self.sites), "--json"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "example_app", *arguments],
            cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def count(self, what: str) -> int:
        """Returns a number from the site's database; 0 before there is one."""
        database = self.sites / "franchise" / "site.db"
        if not database.exists():
            return 0
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            try:
                return int(connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])
            except sqlite3.OperationalError:  # no table yet
                return 0

    def wait_for(self, what: str, number: int, seconds: float = SECONDS) -> None:
        """Waits until there are so many, but not for a process that has ended."""

        def reached() -> bool:
            assert self.process.poll() is None, self.process.communicate()
            return self.count(what) >= number

        until(reached, seconds)

    def halted(self) -> bool:
        """Stops the process, unless it holds the database's lock just then, and returns whether it is stopped."""
        os.kill(self.process.pid, signal.SIGSTOP)
        with closing(sqlite3.connect(self.sites / "franchise" / "site.db", timeout=2)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(self.process.pid, signal.SIGCONT)
                return False
            connection.rollback()
        return True

    def end(self, seconds: float) -> dict[str, object]:
        """Waits for the end and returns what was printed."""
        output, errors = self.process.communicate(timeout=seconds)
        assert self.process.returncode == 0, errors
        assert "broker.down" in errors
        assert "Traceback" not in errors
        return dict(json.loads(output))


SUBMITTED = "`tabSales Invoice` WHERE docstatus = 1"
FINISHED = "`tabBackground Job` WHERE status = 'finished'"


@contextmanager
def main_job(folder: Path, made: list[Invoice]) -> Iterator[MainJob]:
    file = folder / "sales.csv"
    write(file, made)
    job = MainJob(folder, file)
    try:
        yield job
    finally:
        if job.process.poll() is None:
            job.process.send_signal(signal.SIGCONT)
            job.process.send_signal(signal.SIGTERM)  # it ends the others
            job.process.communicate(timeout=SECONDS)


@contextmanager
def no_broker(sites: Path) -> Iterator[None]:
    """Kills keeper and server; for the block there is no other: whoever starts one finds the keeper's lock taken."""
    places = Places(sites.resolve())
    pids = [int(path.read_text()) for path in (places.keeper, places.server)]
    lock, socket = FileLock(places.keeper), places.socket()
    try:
        for pid in pids:
            with suppress(ProcessLookupError):  # the server goes with its keeper
                os.kill(pid, signal.SIGKILL)
        until(lock.take)
        until(lambda: not any(alive(pid) for pid in pids))
        assert not answers(socket)
        yield
        assert not answers(socket)
    finally:
        lock.close()


def check(job: MainJob, made: list[Invoice], seconds: float) -> None:
    data = job.end(seconds)
    assert told(data) == figures(made)
    assert data["lines"] == sum(len(each.lines) for each in made)
    # one for each invoice, for the cancel, for the amended, for the reports; and one for each large invoice
    large = sum(abs(each.total) > LARGE_INVOICE for each in [*made, made[0]])  # the first is the one that is amended
    scheduled: Any = data["scheduled"]
    # one for each run of a schedule, for the royalty invoices, and for each snapshot
    jobs = len(made) + 3 + large + len(scheduled["logs"]) + 1 + scheduled["snapshots"]
    assert {log["status"] for log in scheduled["logs"]} == {"complete"}
    assert Decimal(scheduled["royalty_invoiced"]) == Decimal(str(data["royalty_total"]))
    assert data["jobs"] == {"enqueued": jobs, "finished": jobs, "failed": 0}


def disturb(job: MainJob, first: int, during: Callable[[], None]) -> None:
    """Takes the broker away when so many invoices are in, and waits for the next one after `during`."""
    job.wait_for(SUBMITTED, first)
    job.wait_for(FINISHED, 1)
    with no_broker(job.sites):
        during()
    start = monotonic()
    until(lambda: answers(Places(job.sites.resolve()).socket()))
    assert monotonic() - start < 5, "the main job, its worker or its scheduler has elected a keeper"


def test_an_outage_in_the_middle_changes_no_figure(tmp_path: Path) -> None:
    made = invoices(200)
    with main_job(tmp_path, made) as job:

        def until_some_have_run() -> None:
            job.wait_for(FINISHED, job.count(FINISHED) + 20)
            job.wait_for(SUBMITTED, 80)

        disturb(job, 40, until_some_have_run)
        check(job, made, SECONDS)


@pytest.mark.slow
def test_a_minute_without_a_broker_changes_no_figure(tmp_path: Path) -> None:
    made = invoices(300)
    with main_job(tmp_path, made) as job:

        def for_a_minute() -> None:
            end = monotonic() + 60
            job.wait_for(SUBMITTED, 150)
            # it would be done long before the minute is over; its worker and its scheduler go on meanwhile
            until(job.halted)
            until(lambda: job.count(FINISHED) >= 150)
            until(lambda: monotonic() >= end - 2, 60)
            os.kill(job.process.pid, signal.SIGCONT)
            job.wait_for(SUBMITTED, 155)
            until(lambda: monotonic() >= end)

        disturb(job, 60, for_a_minute)
        check(job, made, SECONDS)
