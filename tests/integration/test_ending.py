"""How processes end: in good order, killed, and with those that started them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from doclife.core.clock import monotonic
from doclife.schema.tables import worker as worker_table
from tests.contract.brokers import until
from tests.integration import job_bodies
from tests.integration.embedded_processes import alive
from tests.integration.worker_processes import BOTH, ROOT, SECONDS, Workers, kill

pytestmark = [pytest.mark.chaos, pytest.mark.one_database, pytest.mark.doclife_settings(queue="rq")]


class Job:
    """A job that waits until it may go on, and leaves one row."""

    def __init__(self, workers: Workers, folder: Path) -> None:
        self.workers = workers
        self.began, self.go = folder / "began", folder / "go"
        self.id = workers.enqueue(job_bodies.wait_and_note, key="once", began=str(self.began), go=str(self.go))

    def until_running(self, times: int = 1) -> list[int]:
        """Waits until it has begun so often, and returns the processes in which it did."""
        until(lambda: self.began.exists() and self.began.read_text().count("\n") == times, SECONDS)
        return [int(line) for line in self.began.read_text().splitlines()]

    @property
    def state(self) -> tuple[str, int, int]:
        row = self.workers.job(self.id)
        return row["status"], row["attempt"], row["kills"]


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(line) for line in listed.split()]


def _family(pid: int) -> set[int]:
    found = {pid}
    for child in _children(pid):
        found |= _family(child)
    return found


@pytest.mark.slow
@BOTH
@pytest.mark.doclife_settings(worker_grace=0.3)
def test_a_job_that_outlasts_the_grace_is_given_back_and_runs_elsewhere(workers: Workers, tmp_path: Path) -> None:
    job = Job(workers, tmp_path)
    supervisor = workers.start("--workers", "2")
    job.until_running()
    assert workers.stop(supervisor) == 0
    assert job.state == ("queued", 0, 0)
    assert workers.count("tabWorker") == 0
    job.go.touch()
    assert workers.start("--burst").wait(SECONDS) == 0
    assert job.state == ("finished", 1, 0)
    assert workers.notes == ["once"]


@BOTH
@pytest.mark.slow
def test_told_twice_a_worker_gives_its_job_back_at_once(workers: Workers, tmp_path: Path) -> None:
    job = Job(workers, tmp_path)
    worker = workers.start()
    job.until_running()
    start = monotonic()
    worker.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):  # once means: within the grace of 25 s
        worker.wait(1.2)
    worker.send_signal(signal.SIGINT)
    assert worker.wait(SECONDS) == 0
    assert monotonic() - start < 20
    assert job.state == ("queued", 0, 0)


@BOTH
@pytest.mark.slow
@pytest.mark.doclife_settings(worker_grace=0.3)
def test_a_killed_supervisor_leaves_no_process_and_no_job_behind(workers: Workers, tmp_path: Path) -> None:
    job = Job(workers, tmp_path)
    supervisor = workers.start("--workers", "2")
    job.until_running()
    until(lambda: workers.count("tabWorker") == 2, SECONDS)
    family = _family(supervisor.pid)
    assert len(family) >= 3
    kill(supervisor.pid)
    supervisor.wait()
    until(lambda: not any(alive(pid) for pid in family), SECONDS)
    assert job.state == ("queued", 0, 0)
    assert workers.count("tabWorker") == 0


@pytest.mark.slow
@pytest.mark.parametrize("isolation", ["fork"])
def test_a_horse_dies_with_its_worker_and_the_supervisor_rescues(workers: Workers, tmp_path: Path) -> None:
    job = Job(workers, tmp_path)
    supervisor = workers.start("--workers", "2")
    [horse] = job.until_running()
    parent = int(Path(f"/proc/{horse}/stat").read_text().rpartition(")")[2].split()[1])
    assert parent in _children(supervisor.pid)
    kill(parent)
    until(lambda: not alive(horse), SECONDS)
    job.until_running(2)
    job.go.touch()
    workers.until_ended(job.id)
    assert job.state == ("finished", 2, 1)
    assert workers.notes == ["once"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
@pytest.mark.parametrize("isolation", ["fork"])
def test_a_worker_that_forks_has_one_thread(workers: Workers) -> None:
    """What another thread holds at the fork stays locked in the horse for ever."""
    worker = workers.start("--max-jobs", "3")
    for n in range(3):
        workers.until_ended(workers.enqueue(job_bodies.note_threads_of_parent, key=str(n)))
    assert worker.wait(SECONDS) == 0
    assert workers.notes == ["0: 1", "1: 1", "2: 1"]


@BOTH
@pytest.mark.slow
def test_of_two_supervisors_one_is_enough(workers: Workers, tmp_path: Path) -> None:
    first, second = workers.start("--workers", "2"), workers.start("--workers", "2")
    until(lambda: workers.count("tabWorker") == 4, SECONDS)
    ids = [workers.enqueue(job_bodies.note, key=f"{n:02}") for n in range(20)]
    family = _family(first.pid)
    for pid in family:
        with suppress(ProcessLookupError):  # horses end with their job, and with their worker
            kill(pid)
    first.wait()
    ids += [workers.enqueue(job_bodies.note, key=f"{n:02}") for n in range(20, 40)]
    workers.until_ended(*ids)
    assert workers.notes == [f"{n:02}" for n in range(40)]
    assert workers.stop(second) == 0


@BOTH
@pytest.mark.slow
@pytest.mark.doclife_settings(workers={"own": {"timeout": 5000, "background_workers": 2}})
def test_start_looks_after_the_queues_of_the_settings_and_takes_all_along_when_killed(
    workers: Workers, isolation: str
) -> None:
    start = workers.start("start", "--workers", "1", "--isolation", isolation, module="doclife.cli")
    until(lambda: workers.count("tabWorker") == 3, SECONDS)
    with workers.site.database.reading() as connection:
        rows = connection.execute(sa.select(worker_table.c.queues, worker_table.c.isolation)).all()
    queues = sorted(json.loads(row.queues) for row in rows)
    assert queues == [["own"], ["own"], ["short", "default", "long"]]
    assert {row.isolation for row in rows} == {isolation}
    id = workers.enqueue(job_bodies.note, key="own", queue="own")
    workers.until_ended(id)
    assert workers.job(id)["timeout"] == 5000
    family = _family(start.pid)
    assert len(family) >= 5  # itself, three workers, the scheduler; relays of workers that fork
    kill(start.pid)
    start.wait()
    until(lambda: not any(alive(pid) for pid in family), SECONDS)


@BOTH
@pytest.mark.slow
def test_several_workers_end_when_nothing_is_left_or_are_replaced(workers: Workers) -> None:
    ids = [workers.enqueue(job_bodies.note, key=f"{n:02}") for n in range(15)]
    assert workers.start("--workers", "2", "--burst").wait(SECONDS) == 0
    assert workers.notes == [f"{n:02}" for n in range(15)]
    supervisor = workers.start("--workers", "2", "--max-jobs", "2")
    ids += [workers.enqueue(job_bodies.note, key=f"{n:02}") for n in range(15, 21)]
    workers.until_ended(*ids)
    assert workers.notes == [f"{n:02}" for n in range(21)]
    assert len({workers.job(id)["worker"] for id in ids[15:]}) >= 3  # none ran more than two
    assert workers.stop(supervisor) == 0


PROGRAM = """
import os, subprocess, sys, threading
command = [sys.executable, "-m", "doclife.cli", "--site", sys.argv[1], "--sites-dir", sys.argv[2]]
parent = ["--parent", str(os.getpid())]
for words in (["worker"], ["scheduler", "run"], ["start"]):
    subprocess.Popen([*command, *words, *parent], start_new_session=True)
threading.Event().wait()
"""


@pytest.mark.slow
def test_what_a_program_has_started_ends_with_it_however_that_ends(workers: Workers) -> None:
    site = workers.site
    command = [sys.executable, "-c", PROGRAM, site.name, str(site.sites_dir)]
    with (workers.folder / "workers.log").open("ab") as log:
        program = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    until(lambda: workers.count("tabWorker") == 2 and len(_family(program.pid)) == 6, SECONDS)
    family = _family(program.pid)
    kill(program.pid)
    program.wait()
    until(lambda: not any(alive(pid) for pid in family), SECONDS)
    assert workers.count("tabWorker") == 0
