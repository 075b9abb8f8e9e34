"""worker, scheduler and start as real processes: they serve, and end well when they are told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doclife.core.clock import monotonic
from tests.unit.cli.project import CHECKOUT, Project

#: seconds until something that must happen has not happened
PATIENCE_S = 60.0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a site on SQLite and the embedded broker."""
    made = Project(tmp_path)
    assert made.spawn("new-site", "one").returncode == 0
    return made


@pytest.fixture
def started(project: Project) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes of the test, which are ended with it."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def _start(project: Project, started: list[subprocess.Popen[str]], *words: str) -> subprocess.Popen[str]:
    log = (project.folder / "log.txt").open("w")
    with log:
        process = subprocess.Popen(
            [sys.executable, "-m", "doclife.cli", *words],
            cwd=project.folder,
            env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/bin:/bin"},
            stdout=log,
            stderr=log,
            text=True,
        )
    started.append(process)
    return process


def _enqueue(project: Project, count: int) -> None:
    program = f"for n in range({count}): enqueue('doclife.utils.today', queue='short')\ndb.commit()"
    done = project.spawn("console", stdin=program)
    assert done.returncode == 0, done.stderr


def _finished(project: Project) -> int:
    rows = json.loads(project.spawn("jobs", "stats", "--json").stdout)
    return sum(row["finished"] for row in rows)


def _wait_for(project: Project, happens: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE_S
    while not happens():
        assert monotonic() < deadline, _log(project)
        time.sleep(0.05)  # what is waited for is in another process's log


def _log(project: Project) -> str:
    return (project.folder / "log.txt").read_text()


@pytest.mark.slow
def test_a_worker_ends_when_nothing_is_left(project: Project) -> None:
    _enqueue(project, 3)
    done = project.spawn("worker", "--burst", "--queue", "short, long")
    assert done.returncode == 0, done.stderr
    assert _finished(project) == 3


def test_start_runs_workers_and_scheduler_until_it_is_told_to_end(
    project: Project, started: list[subprocess.Popen[str]]
) -> None:
    process = _start(project, started, "start", "--workers", "2")
    _wait_for(project, lambda: _log(project).count("worker_started") == 2)
    _enqueue(project, 2)
    _wait_for(project, lambda: _finished(project) == 2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    lines = _log(project).splitlines()
    assert lines[0] == "2 workers and the scheduler of one run; Ctrl-C ends them"
    events = [json.loads(line)["event"] for line in lines if line.startswith("{")]
    counts = {event: events.count(event) for event in ("child_started", "worker_started", "worker_ended")}
    assert counts == {"child_started": 3, "worker_started": 2, "worker_ended": 2}
    assert "scheduler_ended" in events


@pytest.mark.slow
def test_start_replaces_a_scheduler_that_is_killed_and_ends_it_in_order(
    project: Project, started: list[subprocess.Popen[str]]
) -> None:
    process = _start(project, started, "start", "--workers", "1")
    _wait_for(project, lambda: "scheduler_started" in _log(project))
    told = [json.loads(line) for line in _log(project).splitlines() if line.startswith("{")]
    (pid,) = [each["pid"] for each in told if each["event"] == "child_started" and each["label"] == "scheduler"]
    os.kill(pid, signal.SIGKILL)
    _wait_for(project, lambda: _log(project).count("scheduler_started") == 2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    assert "Traceback" not in _log(project)
    assert _log(project).count("scheduler_ended") == 1


@pytest.mark.slow
def test_a_scheduler_whose_hooks_cannot_be_used_says_so_and_ends(project: Project) -> None:
    package = project.folder / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "hooks.py").write_text('app_name = "shop"\nscheduler_events = {"dayly": "shop.tasks.tidy"}\n')
    config = project.folder / "sites" / "one" / "site_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"installed_apps": ["shop"]}))
    done = project.spawn("scheduler")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "shop: scheduler_events['dayly']: unknown frequency. Did you mean 'daily'?" in done.stderr


def test_the_scheduler_ends_when_it_is_told_to(project: Project, started: list[subprocess.Popen[str]]) -> None:
    process = _start(project, started, "scheduler")
    _wait_for(project, lambda: "lease_taken" in _log(project) or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 0
