"""RQ's own classes and command see what the broker wrote."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from redis import Redis
from rq import Queue, Worker
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from doclife.core.clock import monotonic
from doclife.queue import Ticket, rq_backend
from doclife.queue.protocol import RUNNER
from doclife.queue.rq_backend import BELL_WAIT_S, RqBroker
from tests.contract.brokers import ON_SERVERS, on_server, opened, until


@pytest.fixture(scope="module", params=ON_SERVERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with opened(request.param, tmp_path_factory.mktemp("sites")) as broker:
        assert isinstance(broker, RqBroker)
        yield broker.url


@pytest.fixture
def broker(url: str) -> Iterator[RqBroker]:
    with on_server(url) as broker:
        yield broker


@pytest.fixture
def connection(broker: RqBroker) -> Iterator[Redis]:
    with Redis.from_url(broker.url) as client:
        yield client


def blocked_clients(connection: Redis) -> int:
    return int(connection.info("clients")["blocked_clients"])


def test_a_ticket_is_a_job_of_rq(broker: RqBroker, connection: Redis) -> None:
    at = datetime(2026, 3, 5, 12, 30, 15, 250_000, tzinfo=UTC)
    id = f"{broker.site}-a"
    broker.release([Ticket(id, "long", False, "app.tasks.close_month", 1500, at)])

    queue = Queue(f"{broker.site}:long", connection=connection, serializer=JSONSerializer)
    assert queue in Queue.all(connection)
    assert queue.job_ids == [id]
    job = Job.fetch(id, connection=connection, serializer=JSONSerializer)
    assert (job.func_name, job.args, job.kwargs) == (RUNNER, [id], {})
    assert (job.description, job.timeout, job.origin) == ("app.tasks.close_month", 1500, f"{broker.site}:long")
    assert (job.enqueued_at, job.created_at) == (at, at)
    assert job.get_status() == JobStatus.QUEUED
    assert job.result_ttl == 0


def test_a_popped_job_is_started_and_a_done_one_gone(broker: RqBroker, connection: Redis) -> None:
    id = f"{broker.site}-a"
    broker.release([Ticket(id)])
    broker.pop(["default"], f"{broker.site}-w")
    job = Job.fetch(id, connection=connection, serializer=JSONSerializer)
    assert job.get_status() == JobStatus.STARTED
    assert job.worker_name == f"{broker.site}-w"
    assert job.started_at is not None
    broker.done(id, f"{broker.site}-w")
    assert not Job.exists(id, connection)


def test_nothing_is_left_on_the_server_but_the_names_of_queues(broker: RqBroker, connection: Redis) -> None:
    worker = f"{broker.site}-w"
    broker.register_worker(worker, ["short", "default"])
    broker.release([Ticket(f"{broker.site}-a"), Ticket(f"{broker.site}-b", "short")])
    while (id := broker.pop(["short", "default"], worker)) is not None:
        broker.done(id, worker, "finished")
    broker.unregister_worker(worker)
    assert list(connection.scan_iter(match=f"*{broker.site}*", count=1000)) == []


def test_a_worker_is_a_worker_of_rq(broker: RqBroker, connection: Redis) -> None:
    name = f"{broker.site}-w"
    broker.register_worker(name, ["short", "default"])
    broker.release([Ticket(f"{broker.site}-{n}") for n in range(3)])
    for outcome in ("finished", "failed", ""):
        id = broker.pop(["default"], name)
        assert id is not None
        broker.done(id, name, outcome)  # type: ignore[arg-type]
    broker.heartbeat(name, "busy")

    queue = Queue(f"{broker.site}:short", connection=connection)
    (worker,) = Worker.all(queue=queue)
    assert worker.name == name
    assert worker.queue_names() == [f"{broker.site}:short", f"{broker.site}:default"]
    assert worker.get_state() == "busy"
    assert (worker.successful_job_count, worker.failed_job_count) == (1, 1)
    assert 50 <= connection.ttl(f"rq:worker:{name}") <= 60
    broker.unregister_worker(name)
    assert Worker.all(queue=queue) == []


def test_a_heartbeat_registers_a_worker_that_the_server_forgot(broker: RqBroker, connection: Redis) -> None:
    name = f"{broker.site}-w"
    broker.register_worker(name, ["default"])
    connection.delete(f"rq:worker:{name}", f"rq:workers:{broker.site}:default")
    connection.srem("rq:workers", f"rq:worker:{name}")
    broker.heartbeat(name, "busy")
    (worker,) = Worker.all(queue=Queue(f"{broker.site}:default", connection=connection))
    assert worker.get_state() == "busy"


def test_rq_info_shows_queue_and_worker(broker: RqBroker) -> None:
    broker.register_worker(f"{broker.site}-w", ["default"])
    broker.release([Ticket(f"{broker.site}-a"), Ticket(f"{broker.site}-b")])
    command = [sys.executable, "-m", "rq.cli", "info", "--raw", "--url", broker.url]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert f"queue {broker.site}:default 2, 0 executing" in shown
    assert f"{broker.site}-w (" in shown


def test_a_job_that_rq_itself_enqueued_is_popped(broker: RqBroker, connection: Redis) -> None:
    queue = Queue(f"{broker.site}:default", connection=connection, serializer=JSONSerializer)
    queue.enqueue("app.tasks.x", job_id=f"{broker.site}-q")
    assert broker.pop(["default"], f"{broker.site}-w") == f"{broker.site}-q"


def test_the_bell_holds_one_token_while_its_queue_holds_ids(broker: RqBroker, connection: Redis) -> None:
    bell = f"doclife:bell:{broker.site}:default"
    broker.release([Ticket(f"{broker.site}-{n}") for n in range(3)])
    broker.release([Ticket(f"{broker.site}-3")])
    lengths = [connection.llen(bell)]
    while broker.pop(["default"], f"{broker.site}-w") is not None:
        lengths.append(connection.llen(bell))
    assert lengths == [1, 1, 1, 1, 0]


def test_an_id_that_came_without_a_ring_is_missed_for_a_moment_only(broker: RqBroker, connection: Redis) -> None:
    with ThreadPoolExecutor(1) as pool:
        popped = pool.submit(broker.pop, ["default"], f"{broker.site}-w", 30)
        until(lambda: blocked_clients(connection) > 0)
        start = monotonic()
        connection.rpush(f"rq:queue:{broker.site}:default", f"{broker.site}-a")
        assert popped.result(timeout=20) == f"{broker.site}-a"
        assert monotonic() - start < BELL_WAIT_S + 1


def test_an_id_without_its_hash_is_popped_and_leaves_none(broker: RqBroker, connection: Redis) -> None:
    id = f"{broker.site}-a"
    broker.release([Ticket(id), Ticket(f"{broker.site}-b")])
    connection.delete(f"rq:job:{id}")
    assert broker.pop(["default"], f"{broker.site}-w") == id
    assert not connection.exists(f"rq:job:{id}")
    broker.done(id, f"{broker.site}-w")
    assert broker.pop(["default"], f"{broker.site}-w") == f"{broker.site}-b"
    broker.clear()


def test_a_long_list_is_read_once_for_many_pages(broker: RqBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rq_backend, "LONG_LIST", 100)
    ids = [f"{broker.site}-{n}" for n in range(150)]
    broker.release([Ticket(id) for id in ids])
    read, lrange = [], broker.link.slow.lrange
    monkeypatch.setattr(broker.link.slow, "lrange", lambda *which: read.append(which) or lrange(*which))
    for start in range(0, 150, 10):
        page = ids[start : start + 10]
        assert broker.held("default", [*page, "of-nobody"]) == set(page)
    assert len(read) == 1
    first = broker.pop(["default"], f"{broker.site}-w")
    assert first == ids[0]
    assert broker.held("default", ids[:10]) == set(ids[1:10]), "whoever takes ids asks anew"
    broker.clear()
