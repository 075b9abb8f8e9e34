"""Crash windows 14 to 18: a relay dies or meets another one, rows and broker are not of the same time."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from doclife.core import clock
from doclife.outbox.leases import LEASE_S
from doclife.outbox.workers import DEAD_AFTER_S
from doclife.queue.protocol import Ticket
from doclife.schema.tables import background_job
from tests.integration.windows import bodies
from tests.integration.windows.test_workers import IN_THE_JOB

pytestmark = pytest.mark.chaos

BROKER = "doclife.queue.rq_backend:RqBroker"


def _due(scene):
    """Makes the only job one whose time has just come."""
    with scene.client() as client:
        client.flushall()
    with scene.site.database.transaction() as connection:
        past = clock.utc_now() - timedelta(seconds=1)
        connection.execute(sa.update(background_job).values(released_at=None, run_at=past))


def test_14_when_the_leader_dies_another_one_leads_within_its_lease(scene):
    scene.enqueue()
    _due(scene)
    scene.kill("relay", args={"leads": True}, call="doclife.outbox.relay:release_due", when="before")
    assert scene.depth == 0
    other = scene.relay()
    assert not other.lease.hold()
    with clock.travel(by=timedelta(seconds=LEASE_S + 1)):
        assert other.lease.hold()
        assert other.round()["due"] == 1
    assert scene.drain() == 1
    assert scene.notes == ["job"]


def test_15_two_relays_that_release_the_same_job_do_no_harm(scene):
    id = scene.enqueue()
    _due(scene)
    scene.stop("relay", call=f"{BROKER}.release", when="before")
    assert scene.relay().round()["due"] == 1
    assert scene.drain() == 1
    scene.go_on()
    assert scene.depth == 1
    assert scene.drain() == 0
    assert (scene.notes, scene.depth, scene.job(id).attempt) == (["job"], 0, 1)


def test_15_a_relay_that_comes_late_does_not_note_a_release_that_is_not_due_any_more(scene):
    id = scene.enqueue()
    _due(scene)
    scene.stop("relay", call=f"{BROKER}.release", when="after")
    tomorrow = clock.utc_now() + timedelta(days=1)
    with scene.site.database.transaction() as connection:  # as a job that has run meanwhile and asks for another run
        connection.execute(sa.update(background_job).values(run_at=tomorrow))
    scene.go_on()
    assert scene.job(id).released_at is None
    assert scene.drain() == 0
    assert (scene.notes, scene.states()) == ([], ["queued"])


@pytest.mark.slow
def test_15_two_relays_that_rescue_the_same_job_count_one_kill(scene):
    scene.enqueue()
    scene.kill_worker(**IN_THE_JOB["before-completion"])
    scene.stop("bury", args={"worker": scene.worker}, call="doclife.outbox.complete:requeue", when="before")
    if scene.site.database.dialect == "sqlite":  # whose only writer stands still
        scene.go_on()
    assert scene.bury() == (scene.site.database.dialect != "sqlite")
    assert scene.drain() == 1
    if scene.site.database.dialect != "sqlite":
        scene.go_on()
    assert (scene.notes, scene.job().kills, scene.job().attempt) == (["job"], 1, 2)


def test_17_ids_of_a_database_that_was_restored_from_a_backup_are_dropped(scene):
    scene.broker.release([Ticket("gone")])
    assert scene.drain() == 0
    assert scene.depth == 0
    with scene.client() as client:
        assert client.exists("rq:job:gone") == 0


def test_18_ids_of_a_broker_that_was_restored_from_a_backup_are_dropped(scene):
    scene.enqueue()
    with scene.client() as client:
        backup = {key: client.dump(key) for key in client.scan_iter()}
        assert scene.drain() == 1
        client.flushall()
        for key, value in backup.items():
            client.restore(key, 0, value)
    assert scene.depth == 1
    assert scene.drain() == 0
    assert (scene.notes, scene.depth) == (["job"], 0)


def _rename_method(scene, name):
    with scene.site.database.transaction() as connection:
        connection.execute(sa.update(background_job).values(method=f"{bodies.__name__}.{name}"))


def test_20_a_job_whose_method_is_gone_waits_for_the_deployment_that_brings_it_back(scene):
    id = scene.enqueue()
    _rename_method(scene, "not_there_yet")
    scene.drain()
    waiting = scene.job(id)
    assert (waiting.status, waiting.exceptions, waiting.kills) == ("queued", 0, 0)
    assert "not_there_yet" in waiting.error
    assert scene.relay().round()["due"] == 0
    _rename_method(scene, "note")
    with clock.travel(by=timedelta(minutes=10)):
        assert scene.relay().round()["due"] == 1
        assert scene.drain() == 1
    assert scene.notes == ["job"]


def test_a_relay_that_dies_between_push_and_note_pushes_nothing_twice(scene):
    scene.enqueue()
    _due(scene)
    scene.kill("relay", call="doclife.outbox.delivery:_note_released", when="before")
    assert (scene.depth, scene.job().released_at) == (1, None)
    assert scene.relay().round()["due"] == 1
    assert (scene.depth, scene.job().released_at is None) == (1, False)
    assert scene.drain() == 1
    assert scene.notes == ["job"]


@pytest.mark.parametrize(
    "point",
    [
        pytest.param({"call": "doclife.outbox.complete:requeue", "when": "after"}, marks=pytest.mark.slow),
        {"call": "doclife.outbox.rescue:release", "when": "before"},
        pytest.param({"call": "doclife.outbox.workers:unregister", "when": "before"}, marks=pytest.mark.slow),
        pytest.param({"call": f"{BROKER}.unregister_worker", "when": "before"}, marks=pytest.mark.slow),
        pytest.param({"call": "doclife.outbox.rescue:release_again", "when": "before"}, marks=pytest.mark.slow),
    ],
    ids=["not-committed", "not-released", "not-unregistered", "list-left", "list-taken"],
)
def test_a_rescue_that_is_cut_off_is_completed_by_the_next(scene, point):
    scene.enqueue()
    scene.kill_worker(**IN_THE_JOB["before-completion"])
    scene.kill("bury", args={"worker": scene.worker}, **point)
    with clock.travel(by=timedelta(seconds=DEAD_AFTER_S + 1)):
        scene.relay().round()
        assert scene.depth == 1
        assert scene.count("tabWorker") == 0
        assert scene.drain() == 1
    assert (scene.notes, scene.job().kills, scene.job().attempt) == (["job"], 1, 2)
