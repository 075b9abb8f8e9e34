"""Crash windows 1 to 7: a writer dies around its COMMIT, the broker fails at the release."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

import pytest

from doclife.core import clock
from doclife.core.errors import DoclifeError
from doclife.outbox.delivery import GRACE_S
from doclife.outbox.relay import INTERVAL_S
from doclife.queue.embedded import acquire
from doclife.queue.protocol import Ticket
from doclife.queue.rq_backend import RqBroker
from doclife.uow.unit import current_unit
from tests.integration.embedded_processes import Embedded
from tests.integration.windows import bodies
from tests.integration.windows.killing import lose

pytestmark = pytest.mark.chaos


def _waiting(scene):
    with scene.client() as client:
        return client.lrange("rq:queue:test:default", 0, -1)


@pytest.mark.parametrize(
    "point",
    [
        pytest.param({"call": "doclife.uow.unit:insert_staged", "when": "before"}, marks=pytest.mark.slow),
        pytest.param({"call": "doclife.uow.unit:insert_staged", "when": "after"}, marks=pytest.mark.slow),
        {"commit": True, "when": "before"},
    ],
    ids=["before-the-jobs", "after-the-jobs", "before-commit"],
)
def test_1_a_writer_that_dies_before_its_commit_leaves_nothing(scene, point):
    scene.kill("write", **point)
    assert (scene.notes, scene.jobs(), scene.depth) == ([], [], 0)
    assert sum(scene.relay().round().values()) == 0
    assert scene.drain() == 0


def test_2_a_job_whose_writer_dies_before_the_release_is_released_after_the_grace(scene):
    scene.kill("write", commit=True, when="after")
    assert (scene.notes, scene.states(), scene.depth) == (["document"], ["queued"], 0)
    relay = scene.relay(grace_s=GRACE_S)
    assert relay.round()["missing"] == 0
    with clock.travel(by=timedelta(seconds=GRACE_S)):
        assert relay.round()["missing"] == 1
    assert GRACE_S + INTERVAL_S <= 35
    assert scene.depth == 1
    assert scene.drain() == 1
    assert scene.notes == ["document", "job 0"]


@pytest.mark.parametrize("committed", [True, False])
def test_3_when_nobody_knows_whether_the_commit_was_done_the_row_decides(scene, monkeypatch, committed):
    dialect = scene.site.database.engine.dialect
    commit = dialect.do_commit

    def lose_connection(connection):
        if committed:
            commit(connection)
        raise lose(dialect, connection)

    with scene.site.work():
        bodies.note("document")
        bodies.enqueue(bodies.note, key="job")
        monkeypatch.setattr(dialect, "do_commit", lose_connection)
        with pytest.raises(DoclifeError):
            current_unit().commit()
        monkeypatch.undo()
    assert scene.depth == 0
    if not committed:
        assert (scene.notes, scene.jobs()) == ([], [])
        return
    assert (scene.notes, scene.states()) == (["document"], ["queued"])
    assert scene.relay().round()["missing"] == 1
    assert scene.drain() == 1
    assert scene.notes == ["document", "job"]


@pytest.mark.slow
def test_4_a_commit_does_not_wait_for_a_broker_that_hangs(scene, tmp_path):
    with acquire(tmp_path) as lease:
        server = Embedded(tmp_path).server
        scene.site.close()
        scene.site._broker = broker = RqBroker(lease.url, "test")
        scene.enqueue(key="before")  # connected
        os.kill(server, signal.SIGSTOP)
        start = clock.monotonic()
        for n in range(5):
            scene.enqueue(key=f"job {n}")
        waited = clock.monotonic() - start
        os.kill(server, signal.SIGCONT)
        assert waited < 1  # 0.25 s for the first, nothing for the others
        assert scene.states() == ["queued"] * 6
        assert broker.ping()
        scene.enqueue(key="after")  # takes along what was not released
        ids = _waiting(scene)
        assert sorted(ids) == [job.name for job in scene.jobs()]
        assert scene.drain() == 7
        assert scene.notes == ["after", "before", *(f"job {n}" for n in range(5))]
        scene.site.close()
        lease.release(wait_s=10)


def test_5_a_release_that_was_cut_off_is_completed_and_repeats_nothing(scene):
    scene.kill(
        "write",
        args={"jobs": 5},
        batch=2,
        call="doclife.queue.rq_backend:RqBroker._push",
        when="after",
        nth=2,
        anywhere=True,
    )
    assert scene.depth == 4
    assert scene.relay().round()["missing"] == 1
    ids = _waiting(scene)
    assert sorted(ids) == [job.name for job in scene.jobs()]
    assert scene.drain() == 5
    assert scene.notes == ["document", *(f"job {n}" for n in range(5))]


@pytest.mark.slow
def test_6_a_job_that_relay_and_writer_release_at_once_waits_once(scene):
    scene.stop("write", call="doclife.queue.rq_backend:RqBroker.release", when="before")
    assert (scene.states(), scene.depth) == (["queued"], 0)
    assert scene.relay().round()["missing"] == 1
    scene.go_on()
    assert scene.depth == 1
    assert scene.drain() == 1
    assert scene.notes == ["document", "job 0"]


def test_6_an_id_that_is_delivered_twice_runs_once(scene):
    id = scene.enqueue()
    scene.broker.release([Ticket(id)], again=True)
    assert _waiting(scene) == [id, id]
    assert scene.drain() == 1
    assert (scene.notes, scene.depth, scene.job().attempt) == (["job"], 0, 1)


def test_7_a_wiped_broker_gets_back_what_it_lost_after_the_grace(scene):
    ids = [scene.enqueue(key=f"job {n}") for n in range(3)]
    with scene.client() as client:
        client.flushall()
    relay = scene.relay(grace_s=GRACE_S)
    assert relay.round()["missing"] == 0
    with clock.travel(by=timedelta(seconds=GRACE_S)):
        assert relay.round()["missing"] == 3
    assert sorted(_waiting(scene)) == ids
    assert scene.drain() == 3
    assert scene.notes == ["job 0", "job 1", "job 2"]


def test_7_an_id_that_is_in_no_list_though_its_hash_says_queued_is_found(scene):
    """RQ's zombie, which blocks its id for ever."""
    id = scene.enqueue()
    with scene.client() as client:
        client.delete("rq:queue:test:default")
        assert client.hget(f"rq:job:{id}", "status") == "queued"
    assert scene.relay().round()["missing"] == 1
    assert _waiting(scene) == [id]
    assert scene.drain() == 1
    assert scene.notes == ["job"]
