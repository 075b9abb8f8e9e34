"""The worker's loop: what it takes, in which order, and what it leaves behind."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from doclife.core.clock import travel
from doclife.core.errors import DatabaseUnavailable, UnknownQueueError
from doclife.jobs.enqueue import enqueue
from doclife.jobs.listing import list_jobs
from doclife.outbox import workers
from doclife.outbox.workers import DEAD_AFTER_S
from doclife.queue.protocol import Ticket
from doclife.schema.tables import background_job
from doclife.worker import loop as loop_module
from doclife.worker import patience
from doclife.worker.loop import WorkerLoop
from doclife.worker.relaying import relay_of
from tests.contract.brokers import until
from tests.contract.databases import only_on
from tests.stored import stored
from tests.unit.worker import bodies

pytestmark = pytest.mark.slow_on_servers


@pytest.fixture(autouse=True)
def seen():
    bodies.seen.clear()
    return bodies.seen


def _enqueue(site, **terms):
    with site.work():
        return enqueue(bodies.look, **terms).id


def _numbers(seen):
    return [kwargs["n"] for *_, kwargs in seen]


def test_burst_runs_what_is_due_by_priority_and_ends(committed_site, seen):
    for n, queue in enumerate(["long", "default", "short", "default"]):
        _enqueue(committed_site, queue=queue, n=n)
    _enqueue(committed_site, queue="default", at_front=True, n=4)
    assert WorkerLoop(committed_site, burst=True).run() == 5
    assert _numbers(seen) == [2, 4, 1, 3, 0]
    assert WorkerLoop(committed_site, burst=True).run() == 0


def test_a_worker_serves_its_queues_alone(committed_site, seen):
    for n, queue in enumerate(["long", "default", "short"]):
        _enqueue(committed_site, queue=queue, n=n)
    assert WorkerLoop(committed_site, ["default", "long"], burst=True).run() == 2
    assert _numbers(seen) == [1, 0]
    with pytest.raises(UnknownQueueError, match="Did you mean 'short'"):
        WorkerLoop(committed_site, ["shrot"])


def test_a_worker_ends_after_so_many_jobs(committed_site, seen):
    for n in range(5):
        _enqueue(committed_site, n=n)
    assert WorkerLoop(committed_site, max_jobs=3).run() == 3
    assert committed_site.broker.depth("default") == 2


def test_a_worker_is_known_while_it_works(committed_site, seen):
    with committed_site.work():
        enqueue(bodies.look_at_workers)
    assert WorkerLoop(committed_site, ["default"], burst=True, name="w-1").run() == 1
    assert seen == [({"w-1": ("default",)}, [("w-1", '["default"]')])]
    assert committed_site.broker.workers == {}
    with committed_site.work():
        assert stored("Worker") == []


def test_an_id_that_is_delivered_twice_runs_once(committed_site, seen):
    id = _enqueue(committed_site, n=1)
    committed_site.broker.release([Ticket(id)], again=True)
    committed_site.broker.release([Ticket("unknown")])
    assert committed_site.broker.depth("default") == 3
    assert WorkerLoop(committed_site, burst=True).run() == 1
    assert _numbers(seen) == [1]


def test_while_the_broker_is_down_jobs_are_taken_from_the_table(committed_site, seen):
    committed_site.broker.down = True
    for n, queue in enumerate(["long", "short", "default"]):
        _enqueue(committed_site, queue=queue, n=n)
    assert WorkerLoop(committed_site, burst=True).run() == 3
    assert _numbers(seen) == [1, 2, 0]


def test_what_the_broker_has_lost_is_found_by_a_worker_that_starts(committed_site, seen):
    for n in range(3):
        _enqueue(committed_site, n=n)
    committed_site.broker.lose_everything()
    assert WorkerLoop(committed_site, max_jobs=3).run() == 3
    assert _numbers(seen) == [0, 1, 2]


def test_what_was_released_in_vain_runs_when_the_broker_is_back(committed_site, seen, monkeypatch):
    broker = committed_site.broker
    broker.down = True
    _enqueue(committed_site, n=1)
    monkeypatch.setattr(loop_module, "POLL_S", 0.01)
    monkeypatch.setattr(loop_module, "AGAIN_S", 0.05)
    loop = WorkerLoop(committed_site, max_jobs=3)
    with committed_site.work():
        enqueue(bodies.bring_broker_back)  # it runs from the table
        enqueue(bodies.look, n=2, at_front=True)
    committed_site.backlog.clear()  # nobody else offers them again
    assert loop.run() == 3
    assert sorted(_numbers(seen)) == [1, 2]


def test_a_failing_job_does_not_end_the_worker(committed_site, seen):
    with committed_site.work():
        enqueue(bodies.fail)
    _enqueue(committed_site, n=1)
    assert WorkerLoop(committed_site, burst=True).run() == 2
    assert sorted(job.status for job in list_jobs(committed_site.database)) == ["failed", "finished"]


def test_a_worker_that_waits_takes_a_job_at_once_and_stops_when_told(committed_site, seen):
    loop = WorkerLoop(committed_site)
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        with committed_site.work():
            enqueue(bodies.look, n=1)
        while not list_jobs(committed_site.database, status="finished"):
            threading.Event().wait(0.01)
    finally:
        loop.stop()
        thread.join()
    assert _numbers(seen) == [1]
    assert committed_site.broker.workers == {}


def test_jobs_are_counted_at_the_broker(committed_site):
    outcomes = []
    broker = committed_site.broker
    done = broker.done
    broker.done = lambda id, worker, outcome="": (outcomes.append(outcome), done(id, worker, outcome))[1]
    with committed_site.work():
        enqueue(bodies.fail)
        enqueue(bodies.role, name="x")
    WorkerLoop(committed_site, burst=True).run()
    assert outcomes == ["failed", "finished"]


@pytest.mark.doclife_settings(queue="rq", redis_url="nonsense://nowhere")
def test_a_broker_that_cannot_be_opened_fails_no_commit(committed_site):
    id = _enqueue(committed_site, n=1)
    assert [job.id for job in list_jobs(committed_site.database, status="queued")] == [id]


@pytest.mark.one_database
def test_stale_ids_do_not_end_a_burst_early(committed_site, seen):
    committed_site.broker.release([Ticket("gone-1"), Ticket("gone-2")])
    _enqueue(committed_site, n=1)
    assert WorkerLoop(committed_site, burst=True).run() == 1
    assert committed_site.broker.depth("default") == 0


def _away(monkeypatch, name, *, times, after=False):
    """Has the database be away for a function of the loop, before it has done its work or after that."""
    done = getattr(loop_module, name)
    left = [None] * times

    def work(*arguments, **options):
        if left:
            left.pop()
            if after:
                done(*arguments, **options)
            raise DatabaseUnavailable("gone")
        return done(*arguments, **options)

    monkeypatch.setattr(loop_module, "POLL_S", 0.01)
    monkeypatch.setattr(loop_module, name, work)


def _row(site, id):
    with site.database.reading() as connection:
        return connection.execute(sa.select(background_job).where(background_job.c.name == id)).mappings().one()


@pytest.mark.parametrize("after", [False, True], ids=["before the claim", "after its commit"])
def test_a_worker_outlives_a_database_that_is_away(committed_site, seen, monkeypatch, after):
    _away(monkeypatch, "claim", times=2, after=after)
    ids = [_enqueue(committed_site, n=n) for n in range(2)]
    assert WorkerLoop(committed_site, max_jobs=2).run() == 2
    assert sorted(_numbers(seen)) == [0, 1]
    rows = [_row(committed_site, id) for id in ids]
    assert [(row["status"], row["attempt"], row["kills"]) for row in rows] == [("finished", 1, 0)] * 2


@contextmanager
def _in_a_thread(loop):
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@only_on("sqlite")
@pytest.mark.doclife_settings(sqlite_busy_timeout=0.01)
@pytest.mark.parametrize("moment", ["it starts", "it compares", "it claims"])
def test_a_worker_outlives_a_job_of_another_one_that_writes_for_long(committed_site, seen, monkeypatch, moment):
    site = committed_site
    monkeypatch.setattr(patience, "TRIES", 1)
    monkeypatch.setattr(loop_module, "POLL_S", 0.01)
    _enqueue(site, n=1)
    if moment == "it compares":
        site.broker.lose_everything()
    loop, long_job = WorkerLoop(site, max_jobs=1), ExitStack()
    compare = loop._compare

    def compare_behind_it():
        loop._compare = compare
        long_job.enter_context(site.database.transaction())
        compare()

    if moment == "it starts":
        long_job.enter_context(site.database.transaction())
    else:
        loop._compare = compare_behind_it
    with capture_logs() as logs, _in_a_thread(loop):
        told = "worker_waits_to_be_registered" if moment == "it starts" else "worker_waits_for_the_database"
        until(lambda: told in [each["event"] for each in logs])
        assert seen == []
        long_job.close()
    assert _numbers(seen) == [1]


@only_on("sqlite")
@pytest.mark.doclife_settings(sqlite_busy_timeout=0.01)
def test_a_worker_that_waits_to_be_registered_can_be_stopped(committed_site):
    loop = WorkerLoop(committed_site)
    loop.stop()
    with committed_site.database.transaction():
        assert loop.run() == 0


@pytest.mark.one_database
def test_a_job_whose_end_could_not_be_written_runs_again_and_counts(committed_site, seen, monkeypatch):
    """A job that brings the database down each time must not do so for ever."""
    _away(monkeypatch, "run_claimed", times=2)
    id = _enqueue(committed_site, n=1)
    assert WorkerLoop(committed_site, max_jobs=3).run() == 3
    row = _row(committed_site, id)
    assert (row["status"], row["attempt"], row["kills"]) == ("finished", 3, 2)
    assert _numbers(seen) == [1]


@pytest.mark.one_database
def test_nobody_waits_for_the_database_at_the_end_of_a_burst(committed_site, monkeypatch):
    _away(monkeypatch, "claim", times=1)
    _enqueue(committed_site, n=2)
    with pytest.raises(DatabaseUnavailable):
        WorkerLoop(committed_site, burst=True).run()


@pytest.mark.one_database
def test_a_suspended_worker_takes_nothing(committed_site, seen, monkeypatch):
    monkeypatch.setattr(loop_module, "SUSPENDED_S", 0.01)
    broker = committed_site.broker
    broker.paused = True
    _enqueue(committed_site, n=1)
    assert WorkerLoop(committed_site, burst=True).run() == 0
    loop = WorkerLoop(committed_site, max_jobs=1)
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        until(lambda: any(info["state"] == "suspended" for info in broker.workers.values()))
        assert seen == []
        broker.paused = False
    finally:
        thread.join()
    assert _numbers(seen) == [1]


@only_on("postgres", "mariadb")
def test_a_worker_that_was_stopped_for_long_is_known_before_its_next_claim(committed_site, seen):
    """It was taken for dead, its row is gone; what it claimed now would be rescued from it."""
    _enqueue(committed_site, n=1)
    with committed_site.work():
        enqueue(bodies.look_at_workers, at_front=True)
    loop = WorkerLoop(committed_site, max_jobs=2)
    runs = loop._next

    def stop_for_long():
        workers.unregister(committed_site.database, loop._worker)
        with travel(by=timedelta(seconds=DEAD_AFTER_S + 1)):
            return runs()

    loop._next = stop_for_long
    assert loop.run() == 2
    [(_, rows), _] = seen
    assert [name for name, _ in rows] == [loop._worker]


@pytest.mark.one_database
def test_jobs_of_a_queue_that_is_gone_wait_for_it(committed_site, seen):
    """It was taken out of the settings while jobs were in it."""
    id = _enqueue(committed_site, n=1)
    committed_site.broker.forget([id])
    with committed_site.database.transaction() as connection:
        connection.execute(sa.update(background_job).values(queue="gone"))
    _enqueue(committed_site, n=2)
    assert WorkerLoop(committed_site, burst=True).run() == 1
    relay = relay_of(committed_site, "here", grace_s=0)
    assert relay.lease.hold()
    assert relay.round() == {"rescued": 0, "due": 0, "missing": 0, "pruned": 0}
    assert committed_site.broker.depth("gone") == 1  # the first worker found it missing there
    assert WorkerLoop(committed_site, burst=True).run() == 0
    assert [job.status for job in list_jobs(committed_site.database, queue="gone")] == ["queued"]
    assert _numbers(seen) == [2]


@pytest.mark.one_database
@pytest.mark.parametrize("taken", [0, 1], ids=["nothing", "something"])
def test_an_idle_worker_finds_what_never_came_into_its_queues(committed_site, seen, monkeypatch, taken):
    """The broker was away for a moment, and the worker has not noticed."""
    monkeypatch.setattr(loop_module, "LOOK_S", 0.02)
    monkeypatch.setattr(loop_module, "WAIT_S", 0.01)
    broker = committed_site.broker
    loop = WorkerLoop(committed_site, max_jobs=3 + taken)
    compare, compared = loop._compare, []

    def lose_after():
        compare()
        if not compared:
            for n in range(3):
                _enqueue(committed_site, n=n)
            broker.lose_everything()
        compared.append(True)

    loop._compare = lose_after
    for _ in range(taken):
        _enqueue(committed_site, n=3)
    assert loop.run() == 3 + taken
    assert sorted(_numbers(seen)) == list(range(3)) + [3] * taken
    assert len(compared) == 2  # at the start, and when the first was found in the table
