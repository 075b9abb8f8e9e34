"""Jobs of processes that are told to end, that are killed again and again, or that nothing stops."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from doclife.outbox.cancel import cancel
from doclife.schema.tables import background_job
from doclife.worker.presence import liveness, new_name
from doclife.worker.relaying import relay_of
from tests.contract.brokers import until
from tests.integration import job_bodies
from tests.integration.worker_processes import BOTH, ROOT, SECONDS, Workers, kill

pytestmark = [pytest.mark.chaos, pytest.mark.doclife_settings(queue="rq")]

#: a worker that waits for nothing long
IMPATIENT = """
import sys
from doclife.worker import timeout
timeout.REPEAT_S, timeout.GRACE_S, timeout.LATER_S = 0.2, 0.5, 1.5
timeout.TimeLimit.interrupt.__kwdefaults__["grace_s"] = 0.5
from doclife.worker.main import main
sys.exit(main(sys.argv[1:]))
"""


def _impatient(workers: Workers) -> subprocess.Popen[bytes]:
    site = workers.site
    command = [sys.executable, "-c", IMPATIENT, "--site", site.name, "--sites-dir", str(site.sites_dir)]
    with (workers.folder / "told").open("wb") as told:
        return subprocess.Popen([*command, "--isolation", workers.isolation], cwd=ROOT, stderr=told)


def _has_gone_on_or_ended(workers: Workers, id: str, began: Path, seen: int) -> bool:
    return len(began.read_text().split()) > seen + 1 or workers.job(id)["status"] == "finished"


@BOTH
def test_a_job_that_is_deployed_over_goes_on_from_its_checkpoint(workers: Workers, tmp_path: Path) -> None:
    began, go = tmp_path / "began", tmp_path / "go"
    id = workers.enqueue(job_bodies.rows_in_steps, count=4, began=str(began), go=str(go))
    worker = workers.start()
    until(began.exists, SECONDS)
    worker.terminate()
    go.touch()
    assert worker.wait(timeout=SECONDS) == 0
    job = workers.job(id)
    assert (job["status"], job["attempt"], job["kills"]) == ("queued", 0, 0)
    assert job["cursor"] == {"rows": {"cursor": 1, "done": False}}
    assert workers.start("--burst").wait(timeout=SECONDS) == 0
    assert workers.notes == ["row 000", "row 001", "row 002", "row 003", "sum"]
    assert (workers.job(id)["status"], workers.job(id)["attempt"]) == ("finished", 1)


@pytest.mark.slow
@BOTH
def test_a_long_job_that_is_killed_again_and_again_does_each_row_once(workers: Workers, tmp_path: Path) -> None:
    began, go = tmp_path / "began", tmp_path / "go"
    id = workers.enqueue(job_bodies.rows_in_steps, count=400, began=str(began), go=str(go))
    with workers.site.database.transaction() as connection:
        connection.execute(sa.update(background_job).values(max_attempts=100))
    supervisor = workers.start("--workers", "2")
    until(began.exists, SECONDS)
    go.touch()
    dice = random.Random(1)
    for _ in range(4):
        threading.Event().wait(dice.uniform(0, 0.1))
        pids = began.read_text().split()
        with suppress(ProcessLookupError):  # it has ended in this moment
            kill(int(pids[-1]))
        # a supervisor waits before it starts a third one; on a fast machine the job may be at its end by now
        until(partial(_has_gone_on_or_ended, workers, id, began, len(pids)), 2 * SECONDS)
    workers.until_ended(id)
    assert workers.stop(supervisor) == 0
    assert workers.notes == [*(f"row {n:03}" for n in range(400)), "sum"]
    assert 2 <= workers.job(id)["kills"] <= 4


@pytest.mark.slow
@pytest.mark.one_database
@BOTH
def test_a_call_of_c_that_keeps_the_interpreter_ends_with_its_process(workers: Workers, tmp_path: Path) -> None:
    began = tmp_path / "began"
    id = workers.enqueue(job_bodies.never_returns, began=str(began), timeout=1)
    worker = _impatient(workers)
    until(began.exists, SECONDS)
    if workers.isolation == "inproc":
        assert worker.wait(timeout=SECONDS) == 1
        assert "in never_returns" in (tmp_path / "told").read_text()
        assert relay_of(workers.site, new_name()).rescuer.run() == 1
    else:
        until(lambda: workers.job(id)["kills"] == 1, SECONDS)
        worker.kill()
        worker.wait()
    assert workers.job(id)["kills"] >= 1


@pytest.mark.slow
@BOTH
def test_a_cancelled_job_that_nothing_stops_ends_with_its_process_and_does_not_run_again(workers: Workers) -> None:
    site = workers.site
    id = workers.enqueue(job_bodies.cannot_be_stopped, key="never", on_failure=job_bodies.after)
    worker = _impatient(workers)
    until(lambda: workers.job(id)["status"] == "started", SECONDS)
    assert cancel(site.database, site.broker, liveness(site), id, wait_s=0) == "started"
    if workers.isolation == "inproc":
        assert worker.wait(timeout=SECONDS) == -9
        relay_of(site, new_name()).rescuer.bury([workers.job(id)["worker"]])
    until(lambda: workers.job(id)["status"] == "cancelled", SECONDS)
    if worker.poll() is None:
        worker.terminate()
        worker.wait(timeout=SECONDS)
    assert workers.start("--burst").wait(timeout=SECONDS) == 0
    assert (workers.notes, workers.job(id)["attempt"]) == ([], 1)
