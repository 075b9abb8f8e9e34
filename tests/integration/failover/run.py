"""One run: three schedulers and two workers on a site, whose leader is killed again and again, and the examination."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from doclife.core import clock, config
from doclife.core.clock import monotonic
from doclife.core.errors import DoclifeError
from doclife.jobs.schedules import SCHEDULER
from doclife.queue.embedded import acquire
from doclife.schema.tables import background_job, scheduled_job_type
from doclife.schema.tables import lease as leases
from doclife.site.runtime import Site
from doclife.testing.templates import SITE_NAME, Template
from tests.integration.chaos.processes import Processes, Role, send
from tests.integration.failover.check import Report, examine, read
from tests.integration.failover.schedules import ENTRIES

#: seconds until schedulers and workers must have started on a busy machine
START_S = 60
#: seconds between two looks at the processes and the lease
LOOK_S = 0.02

_job = background_job.c
_lease = leases.c


@dataclass
class Options:
    """How a run is to be."""

    database: str = "sqlite"
    #: URL of the server; empty: SQLite
    server: str = ""
    seed: int = 1
    #: seconds in which leaders are killed
    duration: float = 60
    #: seconds that a leader leads until it is killed, at least and at most
    leads: tuple[float, float] = (0.3, 4.0)
    schedulers: int = 3
    workers: int = 2
    #: seconds until all must be done afterwards
    drain: float = 120
    #: what of start.py is planted into the processes
    plant: str = ""
    say: Callable[[str], None] = field(default=lambda line: None)


@dataclass
class Result:
    """What came of a run."""

    options: Options
    report: Report
    seconds: float
    kills: int
    #: seconds from each kill until another one led
    takeovers: list[float]
    #: lines of the processes' log that speak of errors nobody expects
    tracebacks: list[str]

    def line(self) -> dict[str, Any]:
        """Returns the last line of the output."""
        report = self.report
        return {
            "db": self.options.database,
            "seed": self.options.seed,
            "seconds": round(self.seconds),
            "kills": self.kills,
            "takeovers": len(self.takeovers),
            "longest_gap": round(max(self.takeovers, default=0.0), 1),
            "due": report.due,
            "runs": report.runs,
            "done": report.done,
            "coalesced": report.coalesced,
            "overlapped": report.overlapped,
            "without_tick": report.without_tick,
            "doubled": len(report.doubled),
            "missed": len(report.missed),
        }


def run(options: Options, folder: Path) -> Result:
    """Runs the suite once.

    Args:
        options: how.
        folder: an empty one; keeps site and logs.
    """
    template = Template(folder / "sites", (), options.server)
    settings = {"queue": "rq", "installed_apps": [], "scheduler_tick_interval": 1, "log_level": "info"}
    config.write_site_config(
        template.sites_dir, SITE_NAME, settings | ({"db_url": template.db_url} if options.server else {})
    )
    site = template.site()
    # the times are those of the product: nothing is shortened but the tick
    through = ("tests.integration.failover.start", options.plant) if options.plant else ()
    processes = Processes(template.sites_dir, folder, {}, through=through)
    try:
        with acquire(template.sites_dir):
            one = _Run(options, site, processes)
            try:
                one.to_its_end()
            finally:
                processes.end(("scheduler", "worker"), 40)
                processes.kill_all()
            with site.database.reading() as connection:
                report = examine(ENTRIES, read(connection, one.began, one.ended, one.gaps))
    finally:
        processes.kill_all()
        site.close()
        template.drop()
    tracebacks = [line for line in processes.log.read_text(errors="replace").splitlines() if "Traceback" in line]
    takeovers = [end - start for start, end in one.gaps]
    return Result(options, report, one.ended - one.began, one.kills, takeovers, tracebacks)


class _Run:
    def __init__(self, options: Options, site: Site, processes: Processes) -> None:
        self.options, self.site, self.processes = options, site, processes
        self.random = random.Random(options.seed)
        #: seconds since 1970
        self.began = self.ended = 0.0
        self.kills = 0
        #: from each kill until another one led
        self.gaps: list[tuple[float, float]] = []
        #: token of the lease whose holder was killed
        self._killed = 0

    def to_its_end(self) -> None:
        options = self.options
        self._start()
        self.began = _now()
        with self.site.database.transaction() as connection:
            connection.execute(scheduled_job_type.insert(), [entry.row(self.began) for entry in ENTRIES])
        until = monotonic() + options.duration
        kill_at = monotonic() + self.random.uniform(*options.leads)
        killed_at = 0.0
        while monotonic() < until or killed_at:
            self.processes.keep_up()
            holder, token = self._leader()
            if killed_at and holder and token > self._killed:
                self.gaps.append((killed_at, _now()))
                killed_at, kill_at = 0.0, self._next_kill()
            elif not killed_at and holder and monotonic() >= kill_at and self._kill(holder):
                killed_at, self._killed = _now(), token
            threading.Event().wait(LOOK_S)
        self.ended = _now()
        options.say(f"{self.kills} schedulers were killed; waiting until all is done")
        self._look_until(self._is_done, options.drain)
        with self.site.database.transaction() as connection:
            connection.execute(sa.update(scheduled_job_type).values(stopped=1))
        self._look_until(lambda: not self._open(), options.drain)

    def _next_kill(self) -> float:
        """Returns when the new leader is to be killed, by `monotonic`: half of them in a tick, as a second begins."""
        wait = self.random.uniform(*self.options.leads)
        if self.random.random() < 0.5:
            wait = max(wait - (_now() + wait) % 1, 0) + self.random.uniform(0, 0.08)
        return monotonic() + wait

    def _kill(self, holder: str) -> bool:
        """Kills the leader, one time of eight all schedulers."""
        leader = int(holder.rsplit("-", 2)[1])
        roles = [role for role in self.processes.roles if role.kind == "scheduler"]
        found = [role.process.pid for role in roles if role.process is not None]
        assert leader in found, holder
        for pid in found if self.random.random() < 1 / 8 else [leader]:
            self.kills += send(pid, signal.SIGKILL)
        return True

    def _start(self) -> None:
        where = ["--site", SITE_NAME, "--sites-dir", str(self.site.sites_dir), "--parent", str(os.getpid())]
        for _ in range(self.options.schedulers):
            self.processes.add(Role("scheduler", lambda life: ["doclife.worker.scheduler", *where]))
        for _ in range(self.options.workers):
            self.processes.add(Role("worker", lambda life: ["doclife.worker.main", *where]))
        self._look_until(self._works, START_S)
        assert self._works(), f"schedulers and workers have not started in {START_S} s; see {self.processes.log}"

    def _works(self) -> bool:
        log = self.processes.log.read_text(errors="replace") if self.processes.log.exists() else ""
        started = {"scheduler_started": self.options.schedulers, "worker_started": self.options.workers}
        everybody = all(log.count(f'"{each}"') >= number for each, number in started.items())
        return everybody and (self._leader()[0] is not None or self.options.plant == "everybody_leads")

    def _leader(self) -> tuple[str | None, int]:
        query = sa.select(_lease.holder, _lease.token).where(_lease.name == SCHEDULER)
        with suppress(DoclifeError), self.site.database.reading() as connection:
            row = connection.execute(query).first()
            return (None, 0) if row is None else (row.holder, row.token)
        return None, 0

    def _is_done(self) -> bool:
        """Tells whether the schedules that catch up with all have come as far as the end."""
        kind = scheduled_job_type.c
        names = [entry.name for entry in ENTRIES if entry.catch_up == "all"]
        with self.site.database.reading() as connection:
            planned = connection.execute(
                sa.select(sa.func.min(kind.next_execution)).where(kind.name.in_(names))
            ).scalar()
        return planned is not None and clock.to_utc(planned, "UTC").timestamp() > self.ended

    def _open(self) -> int:
        query = sa.select(sa.func.count()).where(_job.status.in_(["queued", "started"]))
        with self.site.database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def _look_until(self, over: Callable[[], bool], seconds: float) -> None:
        """Waits until something has come, or so long: what is not done then is found by the examination."""
        deadline = monotonic() + seconds
        while not over() and monotonic() < deadline:
            self.processes.keep_up()
            threading.Event().wait(0.1)


def _now() -> float:
    return clock.utc_now().timestamp()


def summary(result: Result) -> str:
    """Returns the result as a person reads it, with the figures in the last line."""
    report, gaps = result.report, sorted(result.takeovers)
    middle = gaps[len(gaps) // 2] if gaps else 0.0
    lines = [
        f"{result.options.database}, seed {result.options.seed}: {result.seconds:.0f} s",
        f"killed:    {result.kills} schedulers; {len(gaps)} takeovers, after {middle:.1f} s in the middle, "
        f"{max(gaps, default=0.0):.1f} s at the longest",
        f"schedules: due {report.due} times, {report.runs} runs, {report.done} done",
        f"           {report.coalesced} coalesced, {report.overlapped} overlapped, {report.without_tick} had no tick",
        f"tracebacks: {len(result.tracebacks)} in the log",
        *report.faults[:40],
        json.dumps(result.line()),
    ]
    return "\n".join(lines)
