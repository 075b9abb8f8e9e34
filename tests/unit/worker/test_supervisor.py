"""The supervisor with small processes: what dies comes back, what is done may go, all end together."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from doclife.core.errors import DatabaseUnavailable
from doclife.jobs.enqueue import enqueue
from doclife.outbox import workers
from doclife.outbox.claim import claim
from doclife.worker import supervisor as supervising
from doclife.worker.supervisor import Child, Supervisor, all_children, worker_children
from tests.contract.brokers import until
from tests.integration.embedded_processes import alive
from tests.unit.worker import bodies

pytestmark = pytest.mark.slow_on_servers

PATIENT = "import time\nwhile True: time.sleep(60)"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)"


@pytest.fixture
def started(tmp_path):
    return tmp_path / "started"


def _child(started: Path, code: str, *, before: str = "", **options) -> Child:
    program = (
        f"{before}\nimport os\nwith open({str(started)!r}, 'a') as file: file.write(f'{{os.getpid()}}\\n')\n{code}"
    )
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
    assert child.code == -signal.SIGTERM


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
    first, second = worker_children(committed_site, ["short", "long"], 2, burst=True, max_jobs=7, isolation="fork")
    command = first.command("w-1")
    assert command[1:3] == ["-m", "doclife.worker.main"]
    assert command[3:] == [
        "--site", committed_site.name, "--sites-dir", str(committed_site.sites_dir), "--queue", "short,long",
        "--name", "w-1", "--parent", str(os.getpid()), "--isolation", "fork", "--burst", "--max-jobs", "7",
    ]  # fmt: skip
    assert first.is_worker
    assert second.may_end


def _claimed_by(site, child):
    """Has a process look like a worker that runs a job; returns the job's id."""
    with site.work():
        id = enqueue(bodies.look).id
    workers.register(site.database, child.name, pid=1, queues=["default"], isolation="inproc")
    assert claim(site.database, id, child.name) is not None
    return id


@pytest.mark.doclife_settings(worker_grace=0.1)
def test_what_does_not_end_is_killed_after_the_grace_and_its_job_given_back(committed_site, started, monkeypatch):
    monkeypatch.setattr(supervising, "KILL_AFTER_S", 0.1)
    child = _child(started, PATIENT, before=DEAF, is_worker=True)
    supervisor = Supervisor(committed_site, [child])
    thread = _running(supervisor)
    until(lambda: len(_pids(started)) == 1)
    id = _claimed_by(committed_site, child)
    supervisor.stop()
    thread.join()
    assert child.code == -signal.SIGKILL
    job = claim(committed_site.database, id, "next")
    assert (job.attempt, job.kills, job.fence) == (1, 0, 2)  # the first attempt did not count
    assert workers.registered(committed_site.database) == []


@pytest.mark.one_database
@pytest.mark.doclife_settings(worker_grace=0.3)
def test_what_dies_by_itself_within_the_grace_counts(committed_site, started):
    child = _child(started, PATIENT, is_worker=True)
    supervisor = Supervisor(committed_site, [child])
    thread = _running(supervisor)
    until(lambda: len(_pids(started)) == 1)
    id = _claimed_by(committed_site, child)
    supervisor.stop()
    thread.join()
    assert claim(committed_site.database, id, "next").kills == 1


@pytest.mark.one_database
def test_told_twice_nobody_waits_for_the_grace(committed_site, started, monkeypatch):
    monkeypatch.setattr(supervising, "KILL_AFTER_S", 0.1)
    child = _child(started, PATIENT, before=DEAF, is_worker=True)
    supervisor = Supervisor(committed_site, [child])
    thread = _running(supervisor)
    until(lambda: len(_pids(started)) == 1)
    supervisor.stop()
    supervisor._stopping.since -= 2  # the second time must come more than a moment later
    supervisor.stop()
    thread.join()
    assert child.code == -signal.SIGKILL


@pytest.mark.one_database
def test_what_a_killed_process_has_started_is_killed_too(committed_site, started):
    grandchild = f"import os, time\nprint(os.getpid(), file=open({str(started)!r}, 'a'))\ntime.sleep(600)"
    program = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {grandchild!r}])"
    child = _child(started, program)
    supervisor = Supervisor(committed_site, [child])
    thread = _running(supervisor)
    try:
        until(lambda: len(_pids(started)) == 2)
        first, second = _pids(started)
        os.kill(first, signal.SIGKILL)
        until(lambda: not alive(second))
    finally:
        supervisor.stop()
        thread.join()


@pytest.mark.one_database
def test_a_supervisor_ends_with_the_process_that_started_it(committed_site, started):
    child = _child(started, PATIENT)
    Supervisor(committed_site, [child], parent=os.getpid()).run()  # some other process started this one
    assert child.code == -signal.SIGTERM


@pytest.mark.one_database
@pytest.mark.doclife_settings(workers={"own": {"timeout": 5000, "background_workers": 2}})
def test_a_site_gets_workers_for_its_own_queues_and_a_scheduler(committed_site):
    children = all_children(committed_site, 1, isolation="fork")
    commands = [child.command("name") for child in children]
    queues = [command[command.index("--queue") + 1] if "--queue" in command else "" for command in commands]
    assert queues == ["short,default,long", "own", "own", ""]
    assert commands[-1][2] == "doclife.worker.scheduler"
    assert all(command[command.index("--parent") + 1] == str(os.getpid()) for command in commands)


@pytest.mark.one_database
def test_a_rescue_that_fails_is_tried_again(committed_site, started, monkeypatch):
    monkeypatch.setattr(supervising, "BURY_AGAIN_S", 0.01)
    child = _child(started, PATIENT, is_worker=True)
    supervisor = Supervisor(committed_site, [child])
    bury, failures = supervisor._rescuer.bury, [1, 2]

    def fail_twice(names, **options):
        if failures:
            failures.pop()
            raise DatabaseUnavailable("gone")
        return bury(names, **options)

    monkeypatch.setattr(supervisor._rescuer, "bury", fail_twice)
    thread = _running(supervisor)
    try:
        until(lambda: len(_pids(started)) == 1)
        id = _claimed_by(committed_site, child)
        os.kill(_pids(started)[0], signal.SIGKILL)
        until(lambda: not supervisor._dead and not failures)
        assert claim(committed_site.database, id, "next").kills == 1
    finally:
        supervisor.stop()
        thread.join()
