"""The main job waits for its jobs, but not for ever."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import doclife
from example_app.demo.draining import drain
from example_app.demo.place import Place
from example_app.demo.printing import Printer
from example_app.demo.processes import CommandFailed

pytestmark = pytest.mark.slow

JOB = "example_app.tasks.snapshots.sync_outlet_stock_levels"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path / "sites") as place:
        yield place


@pytest.fixture
def printer() -> Printer:
    return Printer(as_json=True)


def test_it_waits_until_the_jobs_have_ended(place: Place, printer: Printer) -> None:
    with place.connect():
        doclife.enqueue(JOB)
    jobs = drain(place, printer)
    assert (jobs.by_status, jobs.by_method) == ({"finished": 1}, {JOB: 1})


def test_it_tells_which_jobs_are_stuck(place: Place, printer: Printer) -> None:
    worker = place.processes.pid("worker")
    os.kill(worker, signal.SIGSTOP)
    try:
        with place.connect():
            doclife.enqueue(JOB, job_name="nobody takes it")
        with pytest.raises(CommandFailed) as stuck:
            drain(place, printer, stuck_s=0.5)
    finally:
        os.kill(worker, signal.SIGCONT)
    assert str(stuck.value).startswith("1 jobs do not end; none has for 0.5 s:\n")
    assert f"{JOB}({{}}), attempt 0" in str(stuck.value)


def test_it_tells_when_the_worker_is_gone(place: Place, printer: Printer) -> None:
    os.kill(place.processes.pid("worker"), signal.SIGKILL)
    with place.connect():
        doclife.enqueue(JOB)
    with pytest.raises(CommandFailed, match=r"the worker has ended by itself with -9\. Its last words:"):
        drain(place, printer)
