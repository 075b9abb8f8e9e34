"""Resident memory of a worker that waits for jobs, beside an RQ worker that has imported the same app."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from redis import Redis

from doclife.queue.embedded import acquire
from doclife.site.load import forget_site
from doclife.site.setup import new_site

ROOT = Path(__file__).resolve().parents[1]
NAME = "resident memory, idle worker of example_app"
APP = "example_app"
BUDGET = 1.15
#: seconds of waiting before a worker is looked at
SETTLE_S = 3.0

_RQ_WORKER = f"""
import importlib, pkgutil, sys
import {APP}
for module in pkgutil.walk_packages({APP}.__path__, "{APP}."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from redis import Redis
from rq import Queue, Worker
connection = Redis.from_url(sys.argv[1])
Worker([Queue("bench", connection=connection)], connection=connection).work(logging_level="ERROR")
"""


def is_possible() -> bool:
    """Whether this system tells what memory a process has."""
    return Path("/proc/self/smaps_rollup").exists()


def _megabytes(pid: int, what: str) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:")) / 1024


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def _running(command: list[str]) -> Iterator[int]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _wait_for(connection: Redis, workers: int) -> None:
    pause, deadline = threading.Event(), perf_counter() + 60
    while connection.scard("rq:workers") < workers:
        assert perf_counter() < deadline, "a worker has not begun"
        pause.wait(0.05)
    pause.wait(SETTLE_S)


def measure(*, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Returns what each kind of worker has in each round, in megabytes.

    Resident, and its part of what processes share together with that of its children.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder, acquire(Path(folder)) as lease:
        forget_site(new_site("bench", folder, apps=[APP]))
        ours = [sys.executable, "-m", "doclife.worker.main", "--site", "bench", "--sites-dir", folder]
        commands = {
            "inproc": ours,
            "fork": [*ours, "--isolation", "fork"],
            "RQ Worker": [sys.executable, "-c", _RQ_WORKER, lease.url],
        }
        with Redis.from_url(lease.url) as connection:
            for _ in range(rounds):
                for name, command in commands.items():
                    connection.delete("rq:workers")
                    with _running(command) as pid:
                        _wait_for(connection, 1)
                        parts = sum(_megabytes(each, "Pss") for each in (pid, *_children(pid)))
                        found.setdefault(name, []).append((_megabytes(pid, "Rss"), parts))
        lease.release(wait_s=10)
    return found


def lines(*, quick: bool) -> list[str]:
    """Returns the rows of the table; where others have time, they have megabytes."""
    found = measure(rounds=1 if quick else 3)
    median = {name: [statistics.median(each) for each in zip(*rounds, strict=True)] for name, rounds in found.items()}
    its, its_parts = median.pop("RQ Worker")
    rows = []
    for name, (resident, parts) in median.items():
        ratio = resident / its
        verdict = "" if name == "fork" else f"≤ {BUDGET} {'met' if ratio <= BUDGET else '**missed**'}"
        rows.append(
            f"| {NAME}, {name} | sqlite | {resident:.0f} MB, PSS {parts:.0f} | RQ Worker | {its:.0f} MB, "
            f"PSS {its_parts:.0f} | {ratio:.2f} | | {verdict} |"
        )
    return rows


if __name__ == "__main__":
    print("\n".join(lines(quick="--quick" in sys.argv)))
