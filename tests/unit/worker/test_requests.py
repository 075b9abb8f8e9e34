"""What a worker that runs a job is asked for, and a job that is cancelled or given back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from doclife.core.errors import JobNotFound
from doclife.jobs.enqueue import enqueue
from doclife.outbox import workers
from doclife.outbox.cancel import cancel
from doclife.outbox.claim import claim
from doclife.schema.tables import background_job
from doclife.worker import presence, pulse, stopping, timeout
from doclife.worker.loop import WorkerLoop
from doclife.worker.presence import present
from doclife.worker.relaying import relay_of
from doclife.worker.run import run_claimed
from tests.contract.brokers import until
from tests.stored import stored
from tests.unit.worker import bodies


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    bodies.seen.clear()
    bodies.running.clear()
    bodies.go_on.clear()
    monkeypatch.setattr(pulse, "BEAT_S", 0.02)
    monkeypatch.setattr(timeout, "REPEAT_S", 0.1)


def _enqueue(site, method=bodies.run_on, **terms):
    with site.work():
        return enqueue(method, **terms).id


def _row(site, id):
    with site.database.reading() as connection:
        return connection.execute(select(background_job).where(background_job.c.name == id)).one()


def _roles(site, *names):
    with site.work():
        return [name for (name,) in stored("Role", "name") if name in names]


def _cancel(site, id, **options):
    return cancel(site.database, site.broker, presence.liveness(site), id, **options)


@contextmanager
def _beside(act: Callable[[], object]) -> Iterator[list[object]]:
    """Has a thread act while a job runs here; yields what it returns."""
    results: list[object] = []

    def work() -> None:
        bodies.running.wait(20)
        results.append(act())

    thread = threading.Thread(target=work)
    thread.start()
    yield results
    thread.join()


def test_a_worker_is_asked_and_answers(committed_site):
    alive = presence.liveness(committed_site)
    assert not alive.ask("nobody", {"stack": "j"})
    assert alive.asked("nobody") is None
    with present(committed_site, queues=[], isolation="inproc") as worker:
        assert (alive.asked(worker), alive.answered(worker)) == (None, None)
        assert alive.ask(worker, {"stack": "j"})
        assert alive.ask(worker, {"cancel": "j", "fence": 3})
        assert alive.asked(worker) == {"cancel": "j", "fence": 3}
        assert alive.asked(worker) is None
        alive.answer(worker, "at line 7\nää")
        assert alive.answered(worker) == "at line 7\nää"
        assert alive.ask(worker, {"stack": "j"})
        assert alive.answered(worker) is None  # an answer to the request before is none to this one
    assert alive.asked(worker) is None


def test_a_queued_job_is_cancelled_by_its_row_and_never_runs(committed_site):
    id = _enqueue(committed_site, bodies.role, name="Buyer", job_id="k", on_failure=bodies.on_failure)
    assert _cancel(committed_site, id) == "cancelled"
    assert committed_site.broker.depth("default") == 0
    assert claim(committed_site.database, id, "w") is None
    row = _row(committed_site, id)
    assert (row.status, row.dedup_key, row.attempt, row.ended_at is not None) == ("cancelled", None, 0, True)
    assert _enqueue(committed_site, bodies.role, name="Buyer", job_id="k")
    assert _cancel(committed_site, id) == "cancelled"  # twice does no harm
    with pytest.raises(JobNotFound):
        _cancel(committed_site, "unknown")


@pytest.mark.one_database
def test_a_job_is_cancelled_although_the_broker_is_down(committed_site):
    id = _enqueue(committed_site, bodies.role, name="Buyer")
    committed_site.broker.down = True
    assert _cancel(committed_site, id) == "cancelled"
    committed_site.broker.down = False
    assert WorkerLoop(committed_site, burst=True).run() == 0


@pytest.mark.one_database
def test_a_job_that_has_ended_is_not_cancelled(committed_site):
    id = _enqueue(committed_site, bodies.role, name="Buyer")
    WorkerLoop(committed_site, burst=True).run()
    assert _cancel(committed_site, id) == "finished"


def test_a_running_job_is_interrupted_and_leaves_nothing(committed_site):
    id = _enqueue(committed_site, job_id="k", on_failure=bodies.on_failure, retry=3)
    with _beside(lambda: _cancel(committed_site, id)) as answers:
        WorkerLoop(committed_site, max_jobs=1).run()
    assert answers == ["cancelled"]
    row = _row(committed_site, id)
    assert (row.status, row.dedup_key, row.attempt, row.exceptions) == ("cancelled", None, 1, 0)
    assert "was cancelled" in row.error
    assert _roles(committed_site, "Slow") == []
    assert "swallowed" not in bodies.seen
    assert WorkerLoop(committed_site, burst=True).run() == 0  # neither an attempt nor its on_failure


@pytest.mark.one_database
def test_a_job_beside_the_main_thread_is_cancelled_at_its_commit(committed_site):
    id = _enqueue(committed_site, bodies.role_when_told, name="Slow")
    loop = WorkerLoop(committed_site, max_jobs=1)
    thread = threading.Thread(target=loop.run)
    thread.start()
    bodies.running.wait(20)
    assert _cancel(committed_site, id, wait_s=0.5) == "started"
    bodies.go_on.set()
    thread.join()
    assert _row(committed_site, id).status == "cancelled"
    assert _roles(committed_site, "Slow") == []


def test_a_cancelled_job_whose_worker_dies_does_not_run_again(committed_site):
    """Its process was killed because nothing else could stop it."""
    id = _enqueue(committed_site, on_failure=bodies.on_failure)
    other = _enqueue(committed_site)
    alive = presence.liveness(committed_site)
    alive.hold("w")
    workers.register(committed_site.database, "w", pid=1, queues=["default"], isolation="inproc")
    claimed = claim(committed_site.database, id, "w")
    assert claim(committed_site.database, other, "w")
    alive.ask("w", {"cancel": id, "fence": claimed.fence})
    assert relay_of(committed_site, "r").rescuer.bury(["w"]) == 2
    assert [_row(committed_site, each).status for each in (id, other)] == ["cancelled", "queued"]
    assert _row(committed_site, id).error == "it was cancelled, and its worker died while it ran"
    alive.let_go("w")


@pytest.mark.one_database
def test_a_job_whose_worker_is_known_to_be_dead_is_cancelled_at_once(committed_site):
    id = _enqueue(committed_site)
    assert claim(committed_site.database, id, "gone")
    assert _cancel(committed_site, id) == "cancelled"


@pytest.mark.one_database
def test_an_old_request_does_not_touch_the_jobs_next_run(committed_site):
    id = _enqueue(committed_site, bodies.role, name="Buyer")
    with present(committed_site, queues=[], isolation="inproc", name="w"):
        claimed = claim(committed_site.database, id, "w")
        presence.liveness(committed_site).ask("w", {"cancel": id, "fence": claimed.fence - 1})
        with pulse.Pulse(
            "w", committed_site.broker, int, parent=0, stop=pulse.StopFlag(), liveness=presence.liveness(committed_site)
        ) as beats:
            assert run_claimed(committed_site, claimed, watch=beats.watch) == "finished"


@pytest.mark.one_database
def test_a_worker_shows_where_its_job_is(committed_site):
    id = _enqueue(committed_site)
    alive = presence.liveness(committed_site)

    def look() -> str:
        worker = _row(committed_site, id).worker
        alive.ask(worker, {"stack": "another"})
        until(lambda: alive.answered(worker) is not None)
        refused = alive.answered(worker)
        alive.ask(worker, {"stack": id})
        until(lambda: alive.answered(worker) is not None)
        answer = alive.answered(worker)
        _cancel(committed_site, id)
        return f"{refused}\n{answer}"

    with _beside(look) as answers:
        WorkerLoop(committed_site, max_jobs=1).run()
    (text,) = answers
    assert text.startswith("job another does not run here")
    first = text.splitlines()[1]
    assert first.strip().startswith("File ")
    assert first.endswith(", in run_on")


@pytest.mark.doclife_settings(worker_grace=0.05)
def test_the_job_of_a_worker_that_ends_is_given_back_after_the_grace(committed_site):
    id = _enqueue(committed_site, retry=3, job_id="k")
    loop = WorkerLoop(committed_site)
    with _beside(loop.stop):
        assert loop.run() == 1
    row = _row(committed_site, id)
    assert (row.status, row.attempt, row.exceptions, row.kills, row.dedup_key) == ("queued", 0, 0, 0, "k")
    assert row.fence == 1
    assert _roles(committed_site, "Slow") == []
    assert committed_site.broker.depth("default") == 1


@pytest.mark.one_database
def test_told_twice_a_worker_gives_its_job_back_at_once(committed_site, monkeypatch):
    monkeypatch.setattr(stopping, "AGAIN_S", 0)
    id = _enqueue(committed_site)
    loop = WorkerLoop(committed_site)

    def stop_twice() -> None:
        loop.stop()
        loop.stop()

    with _beside(stop_twice):
        loop.run()
    assert _row(committed_site, id).status == "queued"


@pytest.mark.one_database
def test_a_job_that_ends_within_the_grace_is_finished(committed_site):
    id = _enqueue(committed_site, bodies.role_when_told, name="Buyer")
    loop = WorkerLoop(committed_site)

    def stop_and_let_go() -> None:
        loop.stop()
        bodies.go_on.set()

    with _beside(stop_and_let_go):
        loop.run()
    assert (_row(committed_site, id).status, _roles(committed_site, "Buyer")) == ("finished", ["Buyer"])


@pytest.mark.one_database
def test_what_a_cancelled_job_has_committed_stays(committed_site):
    id = _enqueue(committed_site, bodies.commit_then_run_on)
    with _beside(lambda: _cancel(committed_site, id)):
        WorkerLoop(committed_site, max_jobs=1).run()
    assert _row(committed_site, id).status == "cancelled"
    assert _roles(committed_site, "Kept", "Slow") == ["Kept"]
