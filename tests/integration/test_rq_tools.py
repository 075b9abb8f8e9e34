"""What RQ's own tools see of a worker, and what they can tell it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq.command import send_kill_horse_command, send_shutdown_command, send_stop_job_command
from rq.suspension import resume, suspend
from rq.worker import Worker

from doclife.queue.embedded import Lease, acquire
from doclife.site.runtime import Site
from doclife.worker.control import RqWorker
from tests.contract.brokers import until
from tests.integration import job_bodies
from tests.integration.worker_processes import SECONDS, Workers

pytestmark = [pytest.mark.chaos, pytest.mark.one_database, pytest.mark.doclife_settings(queue="rq")]


@pytest.fixture
def server(committed_site: Site) -> Iterator[Redis]:
    lease: Lease
    with acquire(committed_site.sites_dir) as lease:
        with Redis.from_url(lease.url) as server:
            yield server
        committed_site.close()
        lease.release(wait_s=10)


@pytest.fixture
def workers(committed_site: Site, server: Redis, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(committed_site, tmp_path, "fork")
    yield workers
    workers.end()


def _endless(workers: Workers, tmp_path: Path) -> str:
    """Enqueues a job that waits for ever, and returns its id when it runs."""
    began = tmp_path / "began"
    id = workers.enqueue(job_bodies.note_and_wait, key="never", began=str(began), go=str(tmp_path / "go"))
    until(lambda: began.exists() and began.read_text() != "", SECONDS)
    return id


def test_the_class_that_hears_commands_is_a_worker_of_rq() -> None:
    assert issubclass(RqWorker, Worker)


@pytest.mark.slow
def test_jobs_are_stopped_and_horses_killed_by_the_tools_of_rq(workers: Workers, server: Redis, tmp_path: Path) -> None:
    process = workers.start()
    id = _endless(workers, tmp_path)
    [worker] = Worker.all(connection=server)
    assert (worker.pid, worker.queue_names()[0]) == (process.pid, f"{workers.site.name}:short")
    send_kill_horse_command(server, worker.name)
    until(lambda: workers.job(id)["attempt"] == 2, SECONDS)
    until(lambda: len((tmp_path / "began").read_text().splitlines()) == 2, SECONDS)
    assert workers.job(id)["kills"] == 1
    send_stop_job_command(server, id)
    until(lambda: workers.job(id)["status"] == "cancelled", SECONDS)
    until(lambda: Worker.all(connection=server)[0].get_state() == "idle", SECONDS)
    workers.until_ended(workers.enqueue(job_bodies.note, key="next"))
    assert workers.notes == ["next"]
    send_shutdown_command(server, worker.name)
    assert process.wait(SECONDS) == 0
    assert Worker.all(connection=server) == []


@pytest.mark.slow
@pytest.mark.parametrize("isolation", ["inproc", "fork"])
def test_suspended_workers_take_nothing_until_they_are_resumed(workers: Workers, server: Redis, isolation: str) -> None:
    workers.isolation = isolation
    suspend(server)
    process = workers.start()
    until(lambda: [each.get_state() for each in Worker.all(connection=server)] == ["suspended"], SECONDS)
    id = workers.enqueue(job_bodies.note, key="later")
    burst = workers.start("--burst")
    assert burst.wait(SECONDS) == 0
    assert workers.job(id)["status"] == "queued"
    resume(server)
    workers.until_ended(id)
    assert workers.notes == ["later"]
    assert workers.stop(process) == 0


@pytest.mark.slow
def test_rq_info_counts_what_was_done(workers: Workers, server: Redis) -> None:
    process = workers.start("--queue", "long")
    url = workers.site.broker.url  # type: ignore[attr-defined]
    workers.until_ended(
        workers.enqueue(job_bodies.note, key="x", queue="long"), workers.enqueue(job_bodies.fail, queue="long")
    )
    command = [sys.executable, "-m", "rq.cli", "info", "--url", url]

    def shown() -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    until(lambda: "jobs: 1 finished, 1 failed" in shown(), SECONDS)
    assert f"{process.pid}): idle {workers.site.name}:long" in shown().replace("None ", "")
