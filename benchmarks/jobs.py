"""The job rows of design 17, on one database: beside RQ on the same broker, the embedded one.

Also alone: `python -m benchmarks.jobs [--quick] [--db NAMES]`.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, time

import rq
from redis import Redis
from sqlalchemy import func, select, text

from benchmarks import databases, harness
from benchmarks.bodies import began, noop
from benchmarks.harness import Measure
from doclife.core import log
from doclife.jobs.enqueue import enqueue
from doclife.queue.embedded import acquire
from doclife.schema.tables import background_job
from doclife.site.load import forget_site, load_site
from doclife.site.runtime import Site
from doclife.site.setup import new_site
from doclife.worker.fork import ForkLoop
from doclife.worker.loop import WorkerLoop

JOBS = 1000
FORKS = 60
LATENCY = "commit to start of the job body, idle worker"
ROOT = Path(__file__).resolve().parents[1]


class JobBench:
    """A site and RQ's queue on one server, emptied before each turn."""

    def __init__(self, site: Site, connection: Redis) -> None:
        self.site, self.connection = site, connection
        self.queue = rq.Queue("bench", connection=connection)

    def clear(self) -> None:
        """Removes all jobs of both sides."""
        self.connection.flushall()
        # On a server a DELETE would leave the rows of all turns before for each look into the table to pass over.
        quote = "`" if self.site.database.dialect in ("mysql", "mariadb") else '"'
        verb = "DELETE FROM" if self.site.database.dialect == "sqlite" else "TRUNCATE TABLE"
        with self.site.database.transaction() as connection:
            connection.execute(text(f"{verb} {quote}tabBackground Job{quote}"))
        began.clear()

    def enqueue(self, count: int) -> float:
        """Returns the seconds of one transaction with `count` jobs, released."""
        self.clear()
        start = perf_counter()
        with self.site.work():
            for number in range(count):
                enqueue("benchmarks.bodies.noop", number=number)
        seconds = perf_counter() - start
        assert self.site.broker.depth("default") == count
        return seconds

    def rq_enqueue(self, count: int) -> float:
        """Returns the seconds of RQ's enqueue_many of `count` jobs."""
        self.clear()
        start = perf_counter()
        self.queue.enqueue_many([rq.Queue.prepare_data(noop, kwargs={"number": number}) for number in range(count)])
        seconds = perf_counter() - start
        assert self.queue.count == count
        return seconds

    def work(self, count: int) -> float:
        """Returns the seconds from the first job's beginning to the last's, of a worker that claims and completes."""
        self.enqueue(count)
        WorkerLoop(self.site, ["default"], burst=True).run()
        return self._seconds(count)

    def rq_work(self, count: int) -> float:
        """Returns the same of RQ's SimpleWorker, which does neither."""
        self.rq_enqueue(count)
        rq.SimpleWorker([self.queue], connection=self.connection).work(burst=True, logging_level="ERROR")
        return self._seconds(count)

    def fork(self, count: int) -> float:
        """Returns the seconds of a worker that gives each job a process, from its start to its end."""
        self.enqueue(count)
        start = perf_counter()
        ForkLoop(self.site, ["default"], burst=True).run()
        seconds = perf_counter() - start
        assert self.ended() == count
        return seconds

    def rq_fork(self, count: int) -> float:
        """Returns the same of RQ's Worker."""
        self.rq_enqueue(count)
        start = perf_counter()
        rq.Worker([self.queue], connection=self.connection).work(burst=True, logging_level="ERROR")
        seconds = perf_counter() - start
        assert self.queue.finished_job_registry.get_job_count() == count
        return seconds

    def ended(self) -> int:
        """Returns how many jobs have finished."""
        finished = select(func.count()).where(background_job.c.status == "finished")
        with self.site.database.reading() as connection:
            return int(connection.execute(finished).scalar_one())

    def _seconds(self, count: int) -> float:
        assert len(began) == count, f"{len(began)} of {count} jobs ran"
        return (began[-1] - began[0]) * count / (count - 1)


def measures(bench: JobBench) -> Iterator[Measure]:
    """Yields the rows that have a yardstick."""
    yield Measure(
        "transaction with 1,000 jobs, released; per job",
        bench.enqueue,
        {"RQ enqueue_many": (bench.rq_enqueue, 1.0)},
        count=JOBS,
        rounds=9,
    )
    yield Measure(
        "worker, no-op job, inproc, claimed and completed",
        bench.work,
        {"RQ SimpleWorker": (bench.rq_work, 1.0)},
        count=JOBS,
        rounds=9,
    )
    yield Measure(
        "worker, no-op job, fork, claimed and completed",
        bench.fork,
        {"RQ Worker": (bench.rq_fork, 0)},
        count=FORKS,
        rounds=5,
    )


def start_latency(site: Site, jobs: int) -> list[float]:
    """Returns milliseconds from before a commit to the beginning of the job in an idle worker process."""
    path = site.folder / "starts"
    path.touch()
    command = [sys.executable, "-m", "doclife.worker.main", "--site", site.name, "--sites-dir", str(site.sites_dir)]
    worker = subprocess.Popen([*command, "--queue", "default"], cwd=ROOT, stderr=subprocess.DEVNULL)
    pause = threading.Event()
    times = []
    try:
        for number in range(jobs + 1):
            with site.work():
                enqueue("benchmarks.bodies.record_start", path=str(path))
                before = time()
            while len(lines := path.read_text().splitlines()) <= number:
                assert time() < before + 30, "the worker does not run"
                pause.wait(0.002)
            if number:  # the first one waited for the process to start
                times.append((float(lines[number]) - before) * 1000)
            pause.wait(0.02)
    finally:
        worker.terminate()
        worker.wait()
    return times


def latency_line(site: Site, *, quick: bool) -> str:
    """Returns the row that has no yardstick, in microseconds like the others."""
    times = sorted(start_latency(site, 20 if quick else 200))
    p50, p95 = statistics.median(times), times[int(len(times) * 0.95)]
    verdict = "met" if p50 <= 10 else "**missed**"
    figures = f"p50 {p50 * 1000:.0f}, p95 {p95 * 1000:.0f}"
    return f"| {LATENCY} | {site.database.dialect} | {figures} | - | | | | p50 ≤ 10000 {verdict} |"


@contextmanager
def job_bench(database: str = "sqlite") -> Iterator[JobBench]:
    """Makes a site with a broker of its own in a temporary folder, on a database of its own."""
    log.configure("error")
    logging.getLogger("rq").setLevel(logging.ERROR)
    with (
        tempfile.TemporaryDirectory() as folder,
        databases.fresh(database, Path(folder)) as url,
        acquire(Path(folder)) as lease,
    ):
        new_site("bench", folder, db_url=url)
        site = load_site("bench", folder)
        try:
            with Redis.from_url(lease.url) as connection:
                yield JobBench(site, connection)
        finally:
            forget_site(site)
            lease.release(wait_s=10)


def main() -> None:
    """Prints the rows of this module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jobs", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds: shows that everything runs")
    parser.add_argument("--db", default="", help="names with commas between them; default: those that answer")
    parser.add_argument("--only", default="", help="measures whose name has this text")
    options = parser.parse_args()
    results, lines = [], []
    for name in databases.answering([part for part in options.db.split(",") if part]):
        with job_bench(name) as bench:
            for measure in measures(bench):
                measure.database = name
                if options.only in measure.name:
                    results.append(harness.run(measure, rounds=3 if options.quick else measure.rounds))
            if options.only in LATENCY:
                lines.append(latency_line(bench.site, quick=options.quick))
    print(harness.table(results))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
