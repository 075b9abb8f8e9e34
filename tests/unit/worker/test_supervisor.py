"""The supervisor with small processes: what dies comes back, what is done may go, all end together."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from doclife.jobs.enqueue import enqueue
from doclife.outbox import workers
from doclife.outbox.claim import claim
from doclife.worker import supervisor as supervising
from doclife.worker.supervisor import Child, Supervisor, worker_children
from tests.contract.brokers import until
from tests.unit.worker import bodies

PATIENT = "import time\nwhile True: time.sleep(60)"


@pytest.fixture
def started(tmp_path):
    return tmp_path / "started"


def _child(started: Path, code: str, **options) -> Child:
    program = f"import os\nwith open({str(started)!r}, 'a') as file: file.write(f'{{os.getpid()}}\\n')\n{code}"
    return Child("test", lambda name: [sys.executable, "-c", program], **options)


def _pids(started: Path) -> list[int]:
    return [int(line) for line in started.read_text().splitlines()] if started.exists() else []


def _running(supervisor: Supervisor) -> threading.Thread:
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    return thread


def test_a_process_that_is_killed_is_started_again_and_its_job_rescued(committed_site, started):
    with committed_site.work():
        id = enqueue(bodies.look).id
    child = _child(started, PATIENT, is_worker=True)
    supervisor = Supervisor(committed_site, [child])
    thread = _running(supervisor)
    try:
        until(lambda: len(_pids(started)) == 1)
        workers.register(committed_site.database, child.name, pid=1, queues=["default"], isolation="inproc")
        assert claim(committed_site.database, id, child.name) is not None
        os.kill(_pids(started)[0], signal.SIGKILL)
        until(lambda: len(_pids(started)) == 2)
    finally:
        supervisor.stop()
        thread.join()
    assert workers.registered(committed_site.database) == []
    assert claim(committed_site.database, id, "next").kills == 1
    assert child.process is not None
    assert child.process.returncode == -signal.SIGTERM


def test_a_process_that_dies_at_once_waits_longer_each_time(committed_site, started, monkeypatch):
    monkeypatch.setattr(supervising, "LOOK_S", 0.01)
    child = _child(started, "raise SystemExit(3)", pause_s=0.02)
    supervisor = Supervisor(committed_site, [child])
    thread = _running(supervisor)
    until(lambda: len(_pids(started)) == 4)
    supervisor.stop()
    thread.join()
    assert child.pause_s >= 0.02 * 2**3


def test_a_process_that_may_end_is_left_alone(committed_site, started):
    supervisor = Supervisor(committed_site, [_child(started, "", may_end=True), _child(started, "", may_end=True)])
    supervisor.run()
    assert len(_pids(started)) == 2


def test_a_process_that_ends_by_itself_is_replaced_at_once(committed_site, started):
    supervisor = Supervisor(committed_site, [_child(started, "")])
    thread = _running(supervisor)
    until(lambda: len(_pids(started)) >= 3)
    supervisor.stop()
    thread.join()


def test_worker_processes_are_told_everything(committed_site):
    first, second = worker_children(committed_site, ["short", "long"], 2, burst=True, max_jobs=7)
    command = first.command("w-1")
    assert command[1:3] == ["-m", "doclife.worker.main"]
    assert command[3:] == [
        "--site", committed_site.name, "--sites-dir", str(committed_site.sites_dir), "--queue", "short,long",
        "--name", "w-1", "--parent", str(os.getpid()), "--burst", "--max-jobs", "7",
    ]  # fmt: skip
    assert first.is_worker
    assert second.may_end
