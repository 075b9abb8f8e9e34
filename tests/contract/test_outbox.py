"""The outbox on every database: claims, fences, ends, keys, under real concurrency."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from doclife.core import clock
from doclife.outbox import complete
from doclife.outbox.claim import claim, claim_next
from doclife.outbox.complete import LeaseLost
from tests.contract.outbox import job


def _transaction(outbox, write):
    with outbox.database.transaction() as connection:
        return write(connection)


def test_a_claim_is_had_once_and_counts(outbox):
    (id,) = outbox.stage(job(kwargs='{"n":1}', label="Import", retry={"max": 2}))
    claimed = claim(outbox.database, id, "w1")
    assert (claimed.id, claimed.method, claimed.kwargs, claimed.label) == (id, "app.tasks.run", '{"n":1}', "Import")
    assert (claimed.fence, claimed.attempt, claimed.retry) == (1, 1, {"max": 2})
    assert claim(outbox.database, id, "w2") is None
    row = outbox.row(id)
    assert (row.status, row.worker, row.fence, row.attempt) == ("started", "w1", 1, 1)


def test_what_does_not_exist_or_is_not_due_is_not_claimed(outbox):
    tomorrow = clock.now() + timedelta(days=1)
    (id,) = outbox.stage(job(run_at=tomorrow))
    assert claim(outbox.database, id, "w1") is None
    assert claim(outbox.database, "no-such-job", "w1") is None
    assert claim_next(outbox.database, ["default"], "w1") is None
    with clock.travel(by=timedelta(days=1, seconds=1)):
        assert claim(outbox.database, id, "w1").id == id


def test_polling_takes_the_first_queue_the_front_then_the_oldest(outbox):
    base = datetime(2026, 1, 1)
    old, front, new = outbox.stage(
        job(run_at=base), job(at_front=True, run_at=base + timedelta(2)), job(run_at=base + timedelta(1))
    )
    (short,) = outbox.stage(job(queue="short"))
    (other,) = outbox.stage(job(queue="long"))
    taken = []
    while (claimed := claim_next(outbox.database, ["short", "default"], "w")) is not None:
        taken.append(claimed.id)
    assert taken == [short, front, old, new]
    assert outbox.ids("queued") == [other]


def test_many_polling_workers_take_every_job_once(outbox):
    ids = outbox.stage(*(job() for _ in range(60)))
    start = threading.Barrier(4)

    def poll(worker):
        start.wait()
        taken = []
        while (claimed := claim_next(outbox.database, ["default"], worker)) is not None:
            taken.append(claimed.id)
        return taken

    with ThreadPoolExecutor(4) as threads:
        taken = [id for each in threads.map(poll, "abcd") for id in each]
    assert sorted(taken) == sorted(ids)


def test_finishing_is_part_of_the_transaction_of_the_effects(outbox):
    (id,) = outbox.stage(job(dedup_key="nightly"))
    claimed = claim(outbox.database, id, "w1")
    unit = outbox.unit()

    def finish(link):
        complete.finish(link, claimed, '"done"', progress={"percent": 100})

    unit.before_write()
    unit.link.execute(outbox.effects.insert().values(key="paid"))
    unit.fence = finish
    assert outbox.keys() == []
    unit.commit()
    unit.close()
    row = outbox.row(id)
    assert outbox.keys() == ["paid"]
    assert (row.status, row.dedup_key, row.result, row.progress) == ("finished", None, '"done"', {"percent": 100})
    assert row.ended_at >= row.started_at


@pytest.mark.parametrize("last", [False, True], ids=["in-between", "at-the-end"])
def test_a_worker_that_lost_its_job_commits_nothing(outbox, last):
    (id,) = outbox.stage(job())
    paused = claim(outbox.database, id, "w1")
    unit = outbox.unit()
    unit.before_write()
    unit.link.execute(outbox.effects.insert().values(key="from the paused worker"))
    if (
        outbox.database.dialect == "sqlite"
    ):  # whose writer lock keeps everybody else waiting until this transaction ends
        unit.rollback()
    assert _transaction(outbox, lambda c: complete.requeue(c, paused, error="its worker died", kills=1))
    other = claim(outbox.database, id, "w2")
    if outbox.database.dialect == "sqlite":
        unit.before_write()
        unit.link.execute(outbox.effects.insert().values(key="from the paused worker"))

    def fence(link):
        if last:
            complete.finish(link, paused, None)
        else:
            complete.verify(link, paused, writing=True)

    unit.fence = fence
    with pytest.raises(LeaseLost):
        unit.commit()
    unit.close()
    assert outbox.keys() == []
    assert (other.fence, other.attempt, other.kills) == (2, 2, 1)
    assert _transaction(outbox, lambda c: complete.fail(c, paused, "late")) is False
    assert _transaction(outbox, lambda c: complete.give_back(c, paused)) is False
    assert _transaction(outbox, lambda c: complete.requeue(c, paused, error="late")) is False
    assert outbox.row(id).status == "started"


def test_a_commit_that_writes_nothing_looks_without_locking(outbox):
    (id,) = outbox.stage(job())
    mine = claim(outbox.database, id, "w1")
    unit = outbox.unit()
    complete.verify(unit.link, mine, writing=False)
    assert not unit.link.writing
    unit.rollback()
    assert _transaction(outbox, lambda c: complete.requeue(c, mine, error="died"))
    with pytest.raises(LeaseLost):
        complete.verify(unit.link, mine, writing=False)
    unit.close()


def test_progress_is_kept_by_a_commit_in_between(outbox):
    (id,) = outbox.stage(job())
    mine = claim(outbox.database, id, "w1")
    unit = outbox.unit()
    unit.before_write()
    complete.verify(unit.link, mine, writing=True, progress={"percent": 40})
    unit.commit()
    unit.close()
    assert outbox.row(id).progress == {"percent": 40}


def test_failing_keeps_the_reason_and_frees_the_key(outbox):
    (id,) = outbox.stage(job(dedup_key="nightly"))
    mine = claim(outbox.database, id, "w1")
    assert _transaction(outbox, lambda c: complete.fail(c, mine, "no paper", exceptions=3))
    row = outbox.row(id)
    assert (row.status, row.error, row.exceptions, row.dedup_key) == ("failed", "no paper", 3, None)
    assert row.ended_at is not None


def test_a_job_that_is_given_back_has_not_been_tried(outbox):
    (id,) = outbox.stage(job())
    mine = claim(outbox.database, id, "w1")
    assert _transaction(outbox, lambda c: complete.give_back(c, mine))
    row = outbox.row(id)
    assert (row.status, row.attempt, row.worker, row.fence) == ("queued", 0, None, 1)
    again = claim(outbox.database, id, "w2")
    assert (again.attempt, again.fence) == (1, 2)


def test_a_job_that_is_queued_for_later_waits_until_then(outbox):
    (id,) = outbox.stage(job())
    mine = claim(outbox.database, id, "w1")
    assert _transaction(outbox, lambda c: complete.requeue(c, mine, error="try later", after_s=60, exceptions=1))
    row = outbox.row(id)
    assert (row.status, row.error, row.exceptions, row.released_at) == ("queued", "try later", 1, None)
    assert claim(outbox.database, id, "w2") is None
    with clock.travel(by=timedelta(seconds=61)):
        assert claim(outbox.database, id, "w2").attempt == 2


def test_a_key_is_free_again_when_its_job_has_ended(outbox):
    (first,) = outbox.stage(job(dedup_key="nightly"))
    dropped = job(dedup_key="nightly")
    outbox.stage(dropped)
    assert dropped.state == "dropped"
    mine = claim(outbox.database, first, "w1")
    outbox.stage(still := job(dedup_key="nightly"))
    assert still.state == "dropped"
    assert _transaction(outbox, lambda c: complete.fail(c, mine, "x"))
    outbox.stage(next_one := job(dedup_key="nightly"))
    assert next_one.state == "queued"


def test_the_same_keys_in_opposite_orders_neither_deadlock_nor_double(outbox):
    start = threading.Barrier(2)

    def write(keys):
        for number in range(15):
            jobs = [job(dedup_key=f"{key} {number}") for key in keys]
            unit = outbox.unit()
            for each in jobs:
                unit.stage(each)
            start.wait()
            unit.commit()
            unit.close()
        return True

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(write, ["abc", "cba"])) == [True, True]
    with outbox.database.reading() as connection:
        keys = connection.exec_driver_sql(
            "SELECT dedup_key FROM `tabBackground Job`"
            if outbox.database.dialect in ("mysql", "mariadb")
            else 'SELECT dedup_key FROM "tabBackground Job"'
        ).scalars()
        assert sorted(keys) == sorted(f"{key} {number}" for key in "abc" for number in range(15))


def test_jobs_written_outside_a_unit_have_the_sites_times(outbox):
    from doclife.outbox.staging import insert_jobs

    written = job()
    with clock.travel(datetime(2026, 7, 1, 12), tick=False):
        _transaction(outbox, lambda c: insert_jobs(c, [written], time_zone="Asia/Tokyo"))
    row = outbox.row(written.id)
    assert (written.state, row.creation, row.enqueued_at) == (
        "queued",
        datetime(2026, 7, 1, 21),
        datetime(2026, 7, 1, 12),
    )
