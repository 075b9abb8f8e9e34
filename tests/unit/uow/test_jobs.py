"""Staged jobs: each exists exactly when the commit of what justifies it exists."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from doclife.core.context import Context, activate
from doclife.core.settings import Settings
from doclife.outbox.staging import StagedJob
from doclife.schema.tables import background_job
from doclife.uow.unit import UnitOfWork


class Failed(Exception):
    pass


@pytest.fixture
def released():
    return []


@pytest.fixture
def unit(database, released):
    made = UnitOfWork(database, strict=True, release=released.extend)
    yield made
    made.close()


def _job(method="shop.tasks.ship", key=None):
    return StagedJob(queue="default", method=method, kwargs="{}", run_as="Administrator", timeout=300, dedup_key=key)


def _in_failing_frame(unit, work):
    with unit.savepoint():
        work()
        raise Failed


def _stored(database):
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(select(background_job.c.name, background_job.c.status))]


def test_a_commit_writes_staged_jobs_and_releases_them(unit, database, released):
    job = _job()
    unit.stage(job)
    assert (job.state, _stored(database)) == ("staged", [])
    unit.commit()
    assert _stored(database) == [(job.id, "queued")]
    assert released == [job]
    assert job.state == "queued"


def test_a_rollback_drops_staged_jobs(unit, database, released):
    job = _job()
    unit.stage(job)
    unit.rollback()
    unit.commit()
    assert (_stored(database), released, job.state) == ([], [], "dropped")


def test_a_failed_frame_drops_its_jobs_and_those_of_frames_inside(unit, database, released):
    kept, outer, inner = _job(), _job(), _job()

    def work():
        unit.stage(outer)
        with unit.savepoint():
            unit.stage(inner)

    unit.stage(kept)
    with pytest.raises(Failed):
        _in_failing_frame(unit, work)
    unit.commit()
    assert _stored(database) == [(kept.id, "queued")]
    assert released == [kept]
    assert (outer.state, inner.state) == ("dropped", "dropped")


def test_jobs_are_released_in_the_order_of_the_calls_across_frames(unit, released):
    jobs = [_job() for _ in range(5)]
    unit.stage(jobs[0])
    with unit.savepoint():
        unit.stage(jobs[1])
        with unit.savepoint():
            unit.stage(jobs[2])
        unit.stage(jobs[3])
    unit.stage(jobs[4])
    assert list(unit.staged()) == jobs
    unit.commit()
    assert released == jobs
    assert list(unit.staged()) == []


def test_jobs_of_one_commit_are_one_insert_whatever_their_number(unit):
    for _ in range(50):
        unit.stage(_job())
    ran = []

    def watch(name):
        send = getattr(unit.link, name)

        def watched(statement, *params):
            ran.append(str(statement).partition(" (")[0].replace("`", '"'))
            return send(statement, *params)

        setattr(unit.link, name, watched)

    for name in ("execute", "run", "run_many"):
        watch(name)
    unit.commit()
    assert [text for text in ran if "SAVEPOINT" not in text and text != "BEGIN IMMEDIATE"] == [
        'INSERT INTO "tabBackground Job"'
    ]


def test_jobs_are_written_by_the_commit_that_a_callback_before_it_stages_them_for(unit, database):
    job = _job()
    unit.add_callback("before_commit", lambda: unit.stage(job))
    unit.commit()
    assert _stored(database) == [(job.id, "queued")]


def test_jobs_of_a_commit_that_fails_are_gone(unit, database, released):
    job = _job()
    unit.stage(job)

    def refuse(link):
        raise Failed

    unit.fence = refuse
    with pytest.raises(Failed):
        unit.commit()
    unit.fence = None
    unit.commit()
    assert (_stored(database), released, job.state) == ([], [], "dropped")


def test_the_release_comes_after_the_commit_and_before_callbacks(unit, database):
    order = []
    unit._release = lambda jobs: order.append(("released", len(_stored(database))))
    unit.add_callback("after_commit", lambda: order.append("callback"))
    unit.stage(_job())
    unit.commit()
    assert order == [("released", 1), "callback"]


def test_a_job_whose_key_is_held_is_dropped_and_never_released(unit, database, released):
    first, second, other = _job(key="nightly"), _job(key="nightly"), _job(key="weekly")
    unit.stage(first)
    unit.commit()
    unit.stage(second)
    unit.stage(other)
    unit.commit()
    assert {name for name, _ in _stored(database)} == {first.id, other.id}
    assert released == [first, other]
    assert second.state == "dropped"


def test_times_of_a_job_are_utc_whatever_the_zone_of_the_site(unit, database):
    class Site:
        settings = Settings(time_zone="Asia/Tokyo")

    context = Context(Site())
    context.unit = unit
    with activate(context):
        unit.stage(_job())
        unit.commit()
    hours = [sa.extract("hour", background_job.c[name]) for name in ("creation", "enqueued_at")]
    with database.reading() as connection:
        creation, enqueued = connection.execute(sa.select(*hours)).one()
    assert (int(creation) - int(enqueued)) % 24 == 9
