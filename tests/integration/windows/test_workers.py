"""Crash windows 8 to 13 and 19: a worker dies, stands still, or loses its database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from doclife.core import clock
from doclife.outbox.relay import INTERVAL_S
from doclife.outbox.workers import DEAD_AFTER_S
from tests.integration.windows import bodies
from tests.integration.windows.killing import lose

pytestmark = pytest.mark.chaos

#: where a worker dies between its claim and the COMMIT of the job
IN_THE_JOB = {
    "after-the-claim": {"call": "doclife.worker.loop:claim", "when": "after"},
    "in-the-body": {"statement": "INSERT INTO .tabNotification Log", "when": "after"},
    "before-completion": {"call": "doclife.outbox.complete:finish", "when": "before"},
    "before-commit": {"commit": True, "when": "before", "armed": False},
}


def _on_sqlite(scene):
    return scene.site.database.dialect == "sqlite"


@pytest.mark.parametrize("supervised", [pytest.param(True, marks=pytest.mark.slow), False])
def test_8_a_worker_that_dies_between_pop_and_claim_loses_nothing(scene, supervised):
    id = scene.enqueue()
    scene.kill_worker(call="doclife.worker.loop:claim", when="before")
    assert (scene.states(), scene.depth, scene.popped) == (["queued"], 0, [id])
    if supervised:
        assert scene.bury() == 0
    else:
        assert scene.relay().round()["missing" if not _on_sqlite(scene) else "due"] == (not _on_sqlite(scene))
    assert scene.depth == 1
    assert scene.drain() == 1
    assert (scene.notes, scene.job().attempt, scene.job().kills) == (["job"], 1, 0)


def test_8_a_worker_that_dies_within_its_claim_has_not_claimed(scene):
    """On MariaDB between the UPDATE and the SELECT that stands for its RETURNING."""
    id = scene.enqueue()
    scene.kill_worker(statement="UPDATE .tabBackground Job. SET .*attempt", when="after")
    assert (scene.states(), scene.job().fence, scene.popped) == (["queued"], 0, [id])
    scene.bury()
    assert scene.drain() == 1
    assert (scene.notes, scene.job().attempt) == (["job"], 1)


@pytest.mark.parametrize(
    "where",
    ["before-commit", *(pytest.param(each, marks=pytest.mark.slow) for each in IN_THE_JOB if "commit" not in each)],
)
def test_9_a_worker_that_dies_in_its_job_leaves_none_of_its_effects_and_the_job_runs_again(scene, where):
    scene.enqueue("note_and_follow")
    scene.kill_worker(**IN_THE_JOB[where])
    assert (scene.notes, scene.states(), scene.job().worker) == ([], ["started"], scene.worker)
    assert scene.bury() == 1
    assert (scene.states(), scene.job().kills, scene.depth) == (["queued"], 1, 1)
    assert scene.drain() == 3
    assert scene.notes == ["job", "job, then 0", "job, then 1"]
    assert [(job.status, job.attempt) for job in scene.jobs()] == [("finished", 2), ("finished", 1), ("finished", 1)]


@pytest.mark.slow
def test_9_without_a_supervisor_the_relay_rescues_within_a_minute(scene):
    scene.enqueue()
    scene.kill_worker(**IN_THE_JOB["before-completion"])
    relay = scene.relay()
    if not _on_sqlite(scene):  # where the operating system tells at once
        assert relay.round()["rescued"] == 0
    assert DEAD_AFTER_S + INTERVAL_S < 60
    with clock.travel(by=timedelta(seconds=DEAD_AFTER_S + 1)):
        assert relay.round()["rescued"] == 1
        assert scene.count("tabWorker") == 0
        assert scene.drain() == 1
    assert scene.notes == ["job"]


@pytest.mark.slow
def test_9_a_job_that_committed_midway_begins_again(scene):
    scene.enqueue("note_twice")
    scene.kill_worker(commit=True, when="before", nth=2, armed=False)
    assert (scene.notes, scene.states()) == (["job, before the commit"], ["started"])
    assert scene.bury() == 1
    assert scene.drain() == 1
    assert scene.notes == ["job, after it", "job, before the commit", "job, before the commit"]


def test_10_a_worker_that_dies_after_its_commit_has_run_its_job(scene):
    id = scene.enqueue("note_and_follow")
    scene.kill_worker(commit=True, when="after", armed=False)
    assert (scene.notes, scene.states()) == (["job"], ["finished", "queued", "queued"])
    assert (scene.popped, scene.depth) == ([id], 0)
    assert scene.bury() == 0
    assert scene.popped == []
    with scene.client() as client:
        assert client.exists(f"rq:job:{id}") == 0
    assert scene.relay().round()["missing"] == 2
    assert scene.drain() == 2
    assert scene.notes == ["job", "job, then 0", "job, then 1"]
    assert scene.job(id).attempt == 1


def test_11_a_worker_that_wakes_after_its_job_was_taken_commits_nothing(scene):
    scene.enqueue()
    scene.stop_worker(call="doclife.outbox.complete:finish", when="before")
    with clock.travel(by=timedelta(seconds=DEAD_AFTER_S + 1)):
        rescued = scene.relay().rescuer.run()
        if _on_sqlite(scene):  # whoever stands still there keeps its lock and its job: nobody else could write anyway
            assert rescued == 0
        else:
            assert rescued == 1
            assert scene.drain() == 1
            assert (scene.notes, scene.job().fence) == (["job"], 2)
    scene.go_on()
    assert (scene.notes, scene.states()) == (["job"], ["finished"])
    assert scene.job().kills == rescued


@pytest.mark.parametrize("committed", [True, False])
def test_12_when_nobody_knows_whether_a_job_was_committed_its_row_decides(scene, monkeypatch, committed):
    scene.enqueue()
    dialect = scene.site.database.engine.dialect
    commit = dialect.do_commit
    monkeypatch.setattr(bodies, "armed", False)

    def lose_connection(connection):
        if not bodies.armed:
            commit(connection)
            return
        monkeypatch.undo()
        if committed:
            commit(connection)
        raise lose(dialect, connection)

    monkeypatch.setattr(dialect, "do_commit", lose_connection)
    scene.drain()
    assert scene.notes == ["job"]
    assert (scene.states(), scene.job().attempt) == (["finished"], 1 if committed else 2)


@pytest.mark.slow
def test_13_a_job_that_kills_every_worker_is_given_up_and_says_so(scene):
    id = scene.enqueue("die", on_failure=bodies.after)
    for kills in (1, 2, 3):
        scene.kill_worker()
        assert scene.bury() == 1
        assert scene.job(id).kills == kills
    assert (scene.job(id).status, scene.count("tabError Log")) == ("failed", 1)
    assert "its worker died while it ran 3 times" in scene.job(id).error
    assert scene.drain() == 1
    assert scene.notes == ["after die"]


def test_19_an_effect_outside_the_database_is_repeated_under_the_same_id(scene, tmp_path):
    sent = tmp_path / "sent"
    id = scene.enqueue("send", key=str(sent))
    scene.kill_worker(commit=True, when="before", armed=False)
    scene.bury()
    assert scene.drain() == 1
    assert sent.read_text().splitlines() == [id, id]
    assert scene.notes == ["sent"]


# ends of a job that are more than one statement


def test_a_worker_that_dies_before_the_commit_of_follow_ups_leaves_none(scene):
    scene.enqueue(on_success=bodies.after)
    scene.kill_worker(statement="INSERT INTO .tabBackground Job", when="after", armed=False)
    assert (scene.notes, scene.states()) == ([], ["started"])
    scene.bury()
    assert scene.drain() == 2
    assert scene.notes == ["after note", "job"]


@pytest.mark.slow
def test_a_worker_that_dies_while_it_records_a_failure_has_recorded_nothing(scene):
    id = scene.enqueue("fail", on_failure=bodies.after)
    scene.kill_worker(statement="INSERT INTO .tabBackground Job", when="after", armed=False)
    assert (scene.states(), scene.count("tabError Log")) == (["started"], 0)
    scene.bury()
    assert scene.drain() == 2
    assert (scene.job(id).status, scene.job(id).exceptions, scene.count("tabError Log")) == ("failed", 1, 1)
    assert scene.notes == ["after fail"]


@pytest.mark.parametrize("when", [pytest.param("before", marks=pytest.mark.slow), "after"])
def test_a_worker_that_dies_while_it_gives_its_job_back_loses_nothing(scene, tmp_path, when):
    id = scene.enqueue("interrupted", key=str(tmp_path / "was interrupted"))
    scene.kill_worker(commit=True, when=when, armed=False)
    assert scene.states() == ["started" if when == "before" else "queued"]
    assert (scene.popped, scene.depth) == ([id], 0)
    assert scene.bury() == (when == "before")
    assert scene.depth == 1
    assert scene.drain() == 1
    job = scene.job()
    assert (
        (scene.notes, job.attempt, job.kills) == (["interrupted"], 2, 1)
        if when == "before"
        else (["interrupted"], 1, 0)
    )
