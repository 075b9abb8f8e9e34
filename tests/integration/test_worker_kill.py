"""Killed workers, brokers and writers: every committed job takes effect once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from doclife.core.clock import monotonic
from doclife.queue.embedded import Lease
from doclife.queue.rq_backend import RqBroker
from doclife.worker.presence import new_name
from doclife.worker.relaying import relay_of
from tests.contract.brokers import until
from tests.integration import job_bodies
from tests.integration.embedded_processes import Embedded
from tests.integration.worker_processes import BOTH, ROOT, SECONDS, Workers, kill

pytestmark = [pytest.mark.chaos, pytest.mark.doclife_settings(queue="rq")]


@BOTH
def test_a_job_whose_worker_is_killed_runs_again_and_leaves_one_effect(workers: Workers, tmp_path: Path) -> None:
    began, go = tmp_path / "began", tmp_path / "go"
    id = workers.enqueue(job_bodies.note_and_wait, key="once", began=str(began), go=str(go))
    supervisor = workers.start("--workers", "2")
    until(began.exists, SECONDS)
    until(lambda: began.read_text() != "", SECONDS)
    first = int(began.read_text())
    kill(first)
    until(lambda: len(began.read_text().splitlines()) == 2, SECONDS)
    assert int(began.read_text().splitlines()[1]) != first
    go.touch()
    workers.until_ended(id)
    job = workers.job(id)
    assert workers.notes == ["once"]
    assert (job["status"], job["attempt"], job["kills"], job["fence"]) == ("finished", 2, 1, 2)
    assert workers.stop(supervisor) == 0
    assert workers.count("tabWorker") == 0


@BOTH
@pytest.mark.slow
def test_the_relay_of_another_worker_rescues_without_a_supervisor(workers: Workers, tmp_path: Path) -> None:
    began, go = tmp_path / "began", tmp_path / "go"
    go.touch()
    victim = workers.start("--queue", "long")
    id = workers.enqueue(
        job_bodies.note_and_wait, queue="long", key="once", began=str(began), go=str(tmp_path / "never")
    )
    until(began.exists, SECONDS)
    kill(victim.pid)
    victim.wait()
    # the one that the killed worker waits for never comes; the second attempt finds it
    (tmp_path / "never").touch()
    start = monotonic()
    workers.start("--queue", "short,long")
    # on servers its heartbeat must have been missing for 45 s
    until(lambda: workers.job(id)["status"] == "finished", 60 + SECONDS)
    assert workers.notes == ["once"]
    assert workers.job(id)["kills"] == 1
    assert monotonic() - start < 60


@pytest.mark.slow
@BOTH
def test_a_job_that_kills_its_workers_is_dead_after_three(workers: Workers) -> None:
    id = workers.enqueue(job_bodies.kill_worker, key="poison", on_failure=job_bodies.after)
    healthy = workers.enqueue(job_bodies.note, key="healthy")
    workers.start("--workers", "2")
    workers.until_ended()
    job = workers.job(id)
    assert (job["status"], job["attempt"], job["kills"]) == ("failed", 3, 3)
    assert "its worker died while it ran 3 times" in job["error"]
    assert workers.job(healthy)["status"] == "finished"
    assert workers.notes == [f"after {id}: its worker died while it ran 3", "healthy"]
    assert workers.count("tabError Log") == 1


@BOTH
def test_commits_go_on_and_jobs_run_while_the_broker_is_dead(workers: Workers) -> None:
    site = workers.site
    embedded = Embedded(site.sites_dir)
    worker = workers.start()
    workers.until_ended(workers.enqueue(job_bodies.note, key="before"))
    keeper, server = embedded.keeper, embedded.server
    kill(keeper)
    kill(server)
    until(lambda: not site.broker.ping())
    start = monotonic()
    ids = [workers.enqueue(job_bodies.note_and_follow, key=f"{n}") for n in range(10)]
    assert monotonic() - start < 5
    workers.until_ended(*ids)
    workers.until_ended()
    assert workers.notes == sorted(["before", *(f"{n}" for n in range(10)), *(f"{n}, then" for n in range(10))])
    assert workers.stop(worker) == 0


@BOTH
def test_a_broker_that_is_killed_and_comes_back_loses_and_repeats_nothing(workers: Workers) -> None:
    embedded = Embedded(workers.site.sites_dir)
    ids = [workers.enqueue(job_bodies.note, key=f"{n:03}") for n in range(60)]
    workers.start("--workers", "2")
    until(lambda: len(workers.notes) > 5, SECONDS)
    kill(embedded.server)  # its keeper starts it again
    ids += [workers.enqueue(job_bodies.note, key=f"{n:03}") for n in range(60, 120)]
    workers.until_ended(*ids)
    assert workers.notes == [f"{n:03}" for n in range(120)]


@BOTH
def test_a_wiped_broker_gets_back_what_it_has_lost(workers: Workers, lease: Lease) -> None:
    ids = [workers.enqueue(job_bodies.note, key=f"{n:03}") for n in range(50)]
    with Redis.from_url(lease.url) as server:
        server.flushall()
    assert workers.site.broker.depth("default") == 0
    relay = relay_of(workers.site, new_name(), grace_s=0)
    assert relay.round()["missing"] == 50
    assert relay.round()["missing"] == 0  # a backlog is not pushed again
    assert workers.site.broker.depth("default") == 50
    assert workers.start("--burst").wait(timeout=SECONDS) == 0
    workers.until_ended(*ids)
    assert workers.notes == [f"{n:03}" for n in range(50)]


WRITER = """
import os, signal, sys
from doclife.jobs.enqueue import enqueue
from doclife.site.load import load_site
site = load_site(sys.argv[1], sys.argv[2])
site.on_release.append(lambda jobs: os.kill(os.getpid(), signal.SIGKILL))
with site.work():
    enqueue("tests.integration.job_bodies.note", key="orphan")
"""


@pytest.mark.slow
def test_a_job_whose_writer_is_killed_before_its_release_is_found_by_the_relay(workers: Workers) -> None:
    site = workers.site
    writer = subprocess.run([sys.executable, "-c", WRITER, site.name, str(site.sites_dir)], cwd=ROOT, check=False)
    assert writer.returncode == -9
    assert site.broker.depth("default") == 0
    assert relay_of(site, new_name(), grace_s=0).round()["missing"] == 1
    assert site.broker.depth("default") == 1
    worker = workers.start()
    workers.until_ended()
    assert workers.notes == ["orphan"]
    assert workers.stop(worker) == 0


def test_what_a_killed_worker_had_popped_is_queued_again(workers: Workers) -> None:
    site = workers.site
    ids = [workers.enqueue(job_bodies.note, key=f"{n}") for n in range(3)]
    dead = new_name()
    broker = site.broker
    broker.register_worker(dead, ["default"])
    assert broker.pop(["default"], dead) == ids[0]
    assert broker.depth("default") == 2
    relay_of(site, new_name()).rescuer.bury([dead])
    assert broker.depth("default") == 3
    assert workers.start("--burst").wait(timeout=SECONDS) == 0
    assert workers.notes == ["0", "1", "2"]


@BOTH
def test_a_worker_that_is_told_to_end_finishes_its_job_and_keeps_nothing(workers: Workers, tmp_path: Path) -> None:
    began, go = tmp_path / "began", tmp_path / "go"
    worker = workers.start()
    id = workers.enqueue(job_bodies.wait_and_note, key="last", began=str(began), go=str(go))
    until(began.exists, SECONDS)
    left = workers.enqueue(job_bodies.note, key="left")
    worker.terminate()
    go.touch()
    assert worker.wait(timeout=SECONDS) == 0
    assert workers.notes == ["last"]
    assert workers.job(id)["status"] == "finished"
    assert (workers.job(left)["status"], workers.site.broker.depth("default")) == ("queued", 1)
    assert workers.count("tabWorker") == 0


@BOTH
def test_rq_info_shows_the_worker_and_its_queues(workers: Workers, lease: Lease) -> None:
    workers.enqueue(job_bodies.note, key="x", queue="long")
    worker = workers.start("--queue", "default,short")
    until(lambda: workers.count("tabWorker") == 1, SECONDS)
    broker = workers.site.broker
    assert isinstance(broker, RqBroker)
    command = [sys.executable, "-m", "rq.cli", "info", "--url", lease.url]

    def shown() -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    until(lambda: "1 workers" in shown(), SECONDS)
    text = shown()
    assert f"{os.uname().nodename.split('.')[0]}"[:10] in text
    assert f"{workers.site.name}:long" in text
    assert f"{workers.site.name}:default, {workers.site.name}:short" in text
    assert workers.stop(worker) == 0


IMPATIENT = """
import sys
from doclife.worker import timeout
timeout.REPEAT_S, timeout.GRACE_S = 0.2, 0.5
from doclife.worker.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_a_job_that_swallows_its_timeout_is_killed_with_its_worker(workers: Workers) -> None:
    site = workers.site
    id = workers.enqueue(job_bodies.cannot_be_stopped, key="never", timeout=1, on_failure=job_bodies.after)
    rescuer = relay_of(site, new_name()).rescuer
    for attempt in (1, 2, 3):
        command = [sys.executable, "-c", IMPATIENT, "--site", site.name, "--sites-dir", str(site.sites_dir)]
        worker = subprocess.run(command, cwd=ROOT, stderr=subprocess.DEVNULL, timeout=SECONDS, check=False)
        assert worker.returncode == -9
        # on servers a worker is missed after 45 s only, unless somebody knows that its process is gone
        on_sqlite = site.database.dialect == "sqlite"
        assert (rescuer.run() if on_sqlite else rescuer.bury([workers.job(id)["worker"]])) == 1
        assert workers.job(id)["kills"] == attempt
    assert workers.job(id)["status"] == "failed"
    assert workers.start("--burst").wait(timeout=SECONDS) == 0
    assert [note[:12] for note in workers.notes] == [f"after {id}"[:12]]


@BOTH
def test_workers_end_when_their_supervisor_is_killed(workers: Workers) -> None:
    supervisor = workers.start("--workers", "2")
    until(lambda: workers.count("tabWorker") == 2, SECONDS)
    kill(supervisor.pid)
    supervisor.wait()
    until(lambda: workers.count("tabWorker") == 0, SECONDS)
