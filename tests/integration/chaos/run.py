"""One run: a site, its processes, faults for some time, then quiet until all is done, and the examination."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from doclife.core import config
from doclife.core.clock import monotonic
from doclife.core.errors import DatabaseUnavailable
from doclife.outbox.cancel import JOB_CANCELLED
from doclife.outbox.leases import LEASE_TAKEN
from doclife.outbox.relay import RELAY_DID
from doclife.outbox.rescue import JOB_DEAD, JOB_RESCUED
from doclife.outbox.workers import DEAD_AFTER_S
from doclife.queue.embedded import acquire
from doclife.schema.tables import background_job
from doclife.site.runtime import Site
from doclife.testing.templates import SITE_NAME, Template
from doclife.worker.ending import JOB_LOST
from doclife.worker.fork import HORSE_DIED
from doclife.worker.loop import FOUND_MISSING, POLLING
from tests.integration.chaos.check import OPEN, Report, examine
from tests.integration.chaos.documents import create
from tests.integration.chaos.faults import KILLS, Faults
from tests.integration.chaos.journal import read
from tests.integration.chaos.processes import Processes, Role
from tests.integration.chaos.start import SHORT_DEAD_AFTER_S

#: of the processes' log: jobs taken over from the dead, and lost by those that were taken for dead; the broker
#: missed, and what it had lost found; leaders replaced
EVENTS = (JOB_RESCUED, JOB_LOST, JOB_DEAD, JOB_CANCELLED, HORSE_DIED, POLLING, FOUND_MISSING, RELAY_DID, LEASE_TAKEN)

#: seconds until a first job must have run
START_S = 120
#: faults come no faster than so many in the time that it takes to start, or a slow machine would do nothing but start
STARTS_APART = 5
#: seconds between two looks
LOOK_S = 0.1


@dataclass
class Options:
    """How a run is to be."""

    database: str = "sqlite"
    #: URL of the server; empty: SQLite
    server: str = ""
    seed: int = 1
    #: seconds with faults
    duration: float = 60
    #: it goes on until there were so many jobs and faults, on a slow machine up to `longest` seconds
    jobs: int = 200
    faults: int = 5
    longest: float = 300
    #: seconds to wait for late doubles, once all is done
    late: float = 90
    #: seconds until all must be done
    drain: float = 180
    #: seconds between two faults, on the average
    mean: float = 1.2
    #: processes that write
    writers: int = 2
    #: kinds of workers, and how many of each under one supervisor
    isolations: tuple[str, ...] = ("inproc", "fork")
    workers: int = 2
    #: kind of the one worker without a supervisor
    alone: str = "inproc"
    schedulers: int = 2
    #: seconds between two transactions of a thread of a writer, on the average
    pause: float = 0.1
    #: a writer waits while so many jobs are open
    most_open: int = 50
    #: kinds of faults; none: all
    only: tuple[str, ...] = ()
    #: whether workers may be silent for as long as in an installation
    real_times: bool = False
    #: name of a defect in plants.py, planted into the processes
    plant: str = ""
    say: Callable[[str], None] = field(default=lambda line: None)

    @property
    def environment(self) -> dict[str, str]:
        """Variables for the processes."""
        return {"CHAOS_PLANT": self.plant, "CHAOS_REAL_TIMES": "1" if self.real_times else ""}


@dataclass
class Result:
    """What came of a run."""

    options: Options
    report: Report
    kills: dict[str, int]
    seconds: float
    #: lines of the processes' log that speak of errors nobody expects
    tracebacks: list[str]
    #: how often the processes have said what shows that faults were met
    events: Counter[str]

    @property
    def killed(self) -> int:
        """How many acts have killed."""
        return sum(number for kind, number in self.kills.items() if kind in KILLS)

    def line(self) -> dict[str, Any]:
        """Returns the last line of the output."""
        report = self.report
        return {
            "db": self.options.database,
            "seed": self.options.seed,
            "seconds": round(self.seconds),
            "committed": report.committed,
            "run": report.run,
            "lost": len(report.lost),
            "doubled": len(report.doubled),
            "ghosts": len(report.ghosts),
            "rescued": report.rescued,
            "dead": report.dead,
            "cancelled": report.cancelled,
            "kills": self.kills,
            "longest_delay": round(report.longest_delay, 1),
        }


def run(options: Options, folder: Path) -> Result:
    """Runs the suite once.

    Args:
        options: how.
        folder: an empty one; keeps site, journals and logs.
    """
    start = monotonic()
    template = Template(folder / "sites", (), options.server)
    settings = {"queue": "rq", "installed_apps": [], "workers": {"bulk": {"timeout": 60}}, "log_level": "info"}
    config.write_site_config(
        template.sites_dir, SITE_NAME, settings | ({"db_url": template.db_url} if options.server else {})
    )
    site = template.site()
    processes = Processes(template.sites_dir, folder, options.environment)
    try:
        create(site)
        with acquire(template.sites_dir) as lease:
            dead_after_s = DEAD_AFTER_S if options.real_times else SHORT_DEAD_AFTER_S
            faults = Faults(processes, lease.url, site, options.seed, options.mean, dead_after_s, options.only)
            try:
                _Run(options, folder, site, processes, faults).to_its_end()
            finally:
                faults.end()
                processes.end(("writer", "supervisor", "worker", "scheduler"), 40)
                processes.kill_all()
            site.database.close()
            report = examine(site, read((folder / "journals").iterdir()))
    finally:
        processes.kill_all()
        site.close()
        template.drop()
    log = processes.log.read_text(errors="replace").splitlines()
    tracebacks = [line for line in log if "Traceback" in line]
    events = Counter(event for line in log for event in EVENTS if f'"{event}"' in line)
    return Result(options, report, dict(sorted(faults.done.items())), monotonic() - start, tracebacks, events)


class _Run:
    def __init__(self, options: Options, folder: Path, site: Site, processes: Processes, faults: Faults) -> None:
        self.options, self.site, self.processes, self.faults = options, site, processes, faults
        self.journals = folder / "journals"
        self.journals.mkdir()

    def to_its_end(self) -> None:
        options, processes = self.options, self.processes
        self._start()
        # what starts is loaded first; the time counts from the first job that has run
        began = monotonic()
        deadline = began + START_S
        self._look_until(lambda: self._count("finished") > 0 or monotonic() >= deadline)
        assert self._count("finished"), f"no job has run in {START_S} s; see {processes.log}"
        start = monotonic()
        self.faults.begin((start - began) / STARTS_APART)
        self._look_until(lambda: self._has_done_enough(monotonic() - start), harm=True)
        self.faults.end()
        processes.end(("writer",), 30)
        options.say(f"{self._open()} jobs are open; waiting until all are done")
        deadline = monotonic() + options.drain
        self._look_until(lambda: self._open() == 0 or monotonic() >= deadline)
        options.say(f"{self._open()} jobs are open; waiting {options.late:g} s for late doubles")
        late = monotonic() + options.late
        self._look_until(lambda: monotonic() >= late)

    def _start(self) -> None:
        options = self.options
        where = ["--site", SITE_NAME, "--sites-dir", str(self.site.sites_dir)]
        # they end with this process, should it be killed itself
        worker = ["doclife.worker.main", *where, "--parent", str(os.getpid())]
        for kind in options.isolations:
            supervisor = [*worker, "--workers", str(options.workers), "--isolation", kind]
            self._add("supervisor", lambda life, command=supervisor: command)
        # without a supervisor; the other way round, so that no queue waits for all others
        alone = [*worker, "--queue", "bulk,long,default,short", "--isolation", options.alone]
        self._add("worker", lambda life: alone)
        for _ in range(options.schedulers):
            self._add("scheduler", lambda life: ["doclife.worker.scheduler", *where, "--parent", str(os.getpid())])
        for n in range(1, options.writers + 1):

            def writer(life: int, n: int = n) -> list[str]:
                tag = f"{options.seed}.{n}.{life}"
                return [
                    "tests.integration.chaos.writer", *where,
                    "--tag", tag, "--journal", str(self.journals / tag), "--most-open", str(options.most_open),
                    "--pause", str(options.pause),
                ]  # fmt: skip

            self._add("writer", writer)

    def _add(self, kind: str, arguments: Callable[[int], list[str]]) -> None:
        self.processes.add(Role(kind, arguments))

    def _look_until(self, over: Callable[[], bool], *, harm: bool = False) -> None:
        while not over():
            self.processes.keep_up()
            if harm:
                self.faults.look()
            threading.Event().wait(LOOK_S)

    def _has_done_enough(self, seconds: float) -> bool:
        options = self.options
        if seconds < options.duration:
            return False
        enough = self.faults.done.total() >= options.faults and self._count(*OPEN, "finished", "failed") >= options.jobs
        return enough or seconds > max(options.duration, options.longest)

    def _open(self) -> int:
        return self._count(*OPEN)

    def _count(self, *statuses: str) -> int:
        query = sa.select(sa.func.count()).where(background_job.c.status.in_(statuses))
        while True:
            try:
                with self.site.database.reading() as connection:
                    return int(connection.execute(query).scalar_one())
            except DatabaseUnavailable:  # this connection was cut, too
                threading.Event().wait(LOOK_S)


def summary(result: Result) -> str:
    """Returns the result as a person reads it, with the figures in the last line."""
    report = result.report
    lines = [
        f"{result.options.database}, seed {result.options.seed}: {result.seconds:.0f} s",
        "faults:       " + ", ".join(f"{number} {kind}" for kind, number in result.kills.items()),
        "transactions: " + ", ".join(f"{number} {end}" for end, number in sorted(report.transactions.items())),
        "jobs:         " + ", ".join(f"{number} {kind}" for kind, number in sorted(report.kinds.items())),
        f"              {report.undone} of what was undone, {report.dropped} dropped as duplicates",
        f"ends:         {report.run} run, {report.dead} dead after three kills, {report.cancelled} cancelled",
        f"              {report.repeated_first_parts} more runs of parts before a commit midway",
        "said:         " + ", ".join(f"{number} {event}" for event, number in sorted(result.events.items())),
        f"tracebacks:   {len(result.tracebacks)} in the log",
        *(f"waited {seconds:5.1f} s: {job}" for seconds, job in report.slowest),
        *report.faults[:40],
        json.dumps(result.line()),
    ]
    return "\n".join(lines)
