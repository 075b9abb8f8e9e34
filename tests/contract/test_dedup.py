"""One job per key, whoever asks for it: in one transaction, between connections, until the job has ended."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from doclife.core import clock
from doclife.core.context import activate
from doclife.doctypes.notification_log import NotificationLog
from doclife.jobs.enqueue import enqueue
from doclife.jobs.job import is_job_enqueued
from doclife.outbox import complete, staging
from doclife.outbox.cancel import cancel
from doclife.outbox.claim import claim, claim_next
from doclife.outbox.prune import prune
from doclife.outbox.rescue import Rescuer
from doclife.outbox.workers import Heartbeats
from doclife.schema.tables import background_job
from doclife.testing import run_jobs
from doclife.uow.retry import is_conflict
from doclife.uow.unit import current_unit
from doclife.worker.patience import patiently
from tests.conftest import SLOW_ON_SERVERS
from tests.contract.outbox import job

THREADS = 4


def note(key):
    NotificationLog(subject=key, for_user="Administrator").insert()


def _stage_all(outbox, keys):
    jobs = [job(dedup_key=key) for key in keys]
    outbox.stage(*jobs)
    return [each.state for each in jobs]


def test_keys_are_compared_as_they_are_written(outbox):
    keys = [
        "nightly",
        "Nightly",
        "nightly ",
        " nightly",
        "nightly\t",
        "n\u00efghtly",
        "ni\u0308ghtly",
        "nightly\U0001f319",
    ]
    assert _stage_all(outbox, keys) == ["queued"] * len(keys)
    assert _stage_all(outbox, keys) == ["dropped"] * len(keys)


def test_any_text_is_a_key(outbox):
    """RQ takes only letters, digits, _ and - as an id, and Frappe's `site::id` is refused by it."""
    keys = ["site::import", "site||import", "a.b/c d", "é", "x" * 255, "'; DROP TABLE --", "%s", ":name", "{}"]
    assert _stage_all(outbox, keys) == ["queued"] * len(keys)
    assert _stage_all(outbox, [keys[4][:-1] + "y", keys[0]]) == ["queued", "dropped"]


def test_the_same_key_twice_in_one_commit_is_one_job(outbox):
    """Frappe looks at the call and pushes at the commit: both pass, and the second arguments run twice."""
    first, second = job(dedup_key="k", kwargs='{"n":1}'), job(dedup_key="k", kwargs='{"n":2}')
    outbox.stage(first, second)
    assert (first.state, second.state) == ("queued", "dropped")
    assert claim_next(outbox.database, ["default"], "w").kwargs == '{"n":1}'
    assert claim_next(outbox.database, ["default"], "w") is None


def test_more_keys_than_one_statement_looks_up(outbox, monkeypatch):
    monkeypatch.setattr(staging, "LOOK_UP", 3)
    assert _stage_all(outbox, ["b", "e"]) == ["queued"] * 2
    assert _stage_all(outbox, "abcdefgh") == [
        "queued", "dropped", "queued", "queued", "dropped", "queued", "queued", "queued",
    ]  # fmt: skip


def _finish(outbox, mine):
    with outbox.database.transaction() as connection:
        complete.finish(connection, mine, None)


def _fail(outbox, mine):
    with outbox.database.transaction() as connection:
        assert complete.fail(connection, mine, "x")


def _cancel_running(outbox, mine):
    assert cancel(outbox.database, outbox.broker, Heartbeats(outbox.database), mine.id) == "cancelled"


def _die(outbox, mine):
    rescuer = Rescuer(outbox.database, outbox.broker, Heartbeats(outbox.database), outbox.record_dead)
    assert rescuer.run() == 1
    while (again := claim_next(outbox.database, ["default"], "w")) is not None:
        assert _stage_all(outbox, ["k"]) == ["dropped"]  # it runs again, so its key is taken still
        assert (again.id, rescuer.run()) == (mine.id, 1)
    assert outbox.row(mine.id).status == "failed"


@pytest.mark.parametrize("end", [_finish, _fail, _cancel_running, _die], ids=lambda end: end.__name__.strip("_"))
def test_a_key_is_free_when_its_job_has_ended_however_it_ended(outbox, end):
    (id,) = outbox.stage(job(dedup_key="k"))
    mine = claim(outbox.database, id, "w")
    assert _stage_all(outbox, ["k"]) == ["dropped"]
    end(outbox, mine)
    assert _stage_all(outbox, ["k"]) == ["queued"]
    with clock.travel(by=timedelta(days=31)):
        assert prune(outbox.database) == 1
        assert _stage_all(outbox, ["k"]) == ["dropped"]


def test_a_key_is_free_when_its_queued_job_was_cancelled(outbox):
    (id,) = outbox.stage(job(dedup_key="k"))
    assert cancel(outbox.database, outbox.broker, Heartbeats(outbox.database), id) == "cancelled"
    assert _stage_all(outbox, ["k"]) == ["queued"]


@pytest.mark.parametrize("again", ["give back", "try again", "try later"])
def test_a_key_stays_with_a_job_that_is_queued_again(outbox, again):
    (id,) = outbox.stage(job(dedup_key="k"))
    mine = claim(outbox.database, id, "w")
    with outbox.database.transaction() as connection:
        if again == "give back":
            assert complete.give_back(connection, mine)
        else:
            assert complete.requeue(connection, mine, error="x", after_s=60 if again == "try later" else 0)
    assert _stage_all(outbox, ["k"]) == ["dropped"]


def _compete(outbox, rounds, *, ending):
    """Lets threads enqueue the same keys in different orders; returns how the jobs went, and how many commits lost.

    Args:
        ending: each thread also ends jobs, so that the keys come again; else each round has keys of its own.
    """
    start = threading.Barrier(THREADS)

    def write(number):
        try:
            return rounds_of(number)
        except BaseException:
            start.abort()  # or the others wait for this one for ever
            raise

    def rounds_of(number):
        drawn = random.Random(number)
        states = Counter()
        for n in range(rounds):
            keys = [f"{key} {n % 3 if ending else n}" for key in "abcdefgh"]
            drawn.shuffle(keys)
            start.wait()
            states.update(_commit(outbox, keys))
            for _ in range(5 if ending else 0):
                if (mine := claim_next(outbox.database, ["default"], f"w{number}")) is not None:
                    patiently(lambda mine=mine: _finish(outbox, mine))
        return states

    with ThreadPoolExecutor(THREADS) as threads:
        futures = [threads.submit(write, number) for number in range(THREADS)]
    errors = [error for error in map(Future.exception, futures) if not isinstance(error, threading.BrokenBarrierError)]
    assert [error for error in errors if error is not None] == []
    return sum((future.result() for future in futures), Counter())


def _commit(outbox, keys):
    lost = 0
    while True:
        jobs = [job(dedup_key=key) for key in keys]
        unit = outbox.unit()
        for each in jobs:
            unit.stage(each)
        try:
            unit.commit()
        except Exception as error:
            if not is_conflict(error):
                raise
            lost += 1
            continue
        finally:
            unit.close()
        return Counter(each.state for each in jobs) + Counter(lost=lost)


ROUNDS = [6, pytest.param(200, marks=pytest.mark.slow)]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_the_same_keys_in_different_orders_do_not_deadlock(outbox, rounds):
    states = _compete(outbox, rounds, ending=False)
    assert states == Counter(queued=rounds * 8, dropped=(THREADS - 1) * rounds * 8)
    assert len(outbox.ids("queued")) == rounds * 8


@pytest.mark.parametrize("rounds", ROUNDS)
def test_keys_that_come_again_while_their_jobs_end_are_taken_once(outbox, rounds):
    states = _compete(outbox, rounds, ending=True)
    lost = states.pop("lost", 0)
    # only there a lock on a key keeps others from ending jobs: decision 0027
    assert lost == 0 or outbox.database.dialect in ("mysql", "mariadb")
    assert lost <= THREADS * rounds // 4
    assert states.total() == THREADS * rounds * 8
    assert states["dropped"] >= rounds
    ended, left = outbox.ids("finished"), outbox.ids("queued")
    assert len(ended) + len(left) == states["queued"]
    with outbox.database.reading() as connection:
        taken = connection.execute(sa.select(background_job.c.dedup_key).where(background_job.c.status == "queued"))
        keys = list(taken.scalars())
    assert len(keys) == len(set(keys)) == len(left)


# as callers see it


def test_a_key_that_an_outer_frame_has_staged_is_taken_in_an_inner_one(site):
    unit = current_unit()
    first = enqueue(note, key="first", job_id="k")
    with unit.savepoint():
        assert enqueue(note, key="second", job_id="k") is None
        assert is_job_enqueued("k")
        with unit.savepoint():
            note("written")
            assert enqueue(note, key="third", job_id="k") is None
    assert [each.id for each in run_jobs()] == [first.id]


def test_a_savepoint_that_is_rolled_back_frees_its_key(site):
    unit = current_unit()
    frame = unit.push()
    note("written")
    gone = enqueue(note, key="gone", job_id="k")
    unit.roll_back(frame)
    assert (gone.status(), is_job_enqueued("k")) == ("dropped", False)
    kept = enqueue(note, key="kept", job_id="k")
    assert [each.id for each in run_jobs()] == [kept.id]
    assert [each.subject for each in _notes()] == ["kept"]


def _notes():
    table = NotificationLog.__table__
    return current_unit().link.execute(sa.select(table.c.subject).order_by(table.c.subject)).all()


@pytest.mark.parametrize("doclife_db_url", SLOW_ON_SERVERS, indirect=True)
def test_the_loser_between_two_transactions_is_dropped_and_its_id_never_runs(committed_site):
    site = committed_site
    one, other = site.context(), site.context()
    jobs = []
    for context in (one, other):
        with activate(context):
            jobs.append(enqueue(note, key=f"{len(jobs)}", job_id="k"))
    assert [each._staged.state for each in jobs] == ["staged", "staged"]
    for context, state in ((one, "queued"), (other, "dropped")):
        with activate(context):
            context.unit.commit()
            assert jobs[0 if context is one else 1].status() == state
            assert is_job_enqueued("k")
    with activate(other):
        assert site.broker.held("default", [each.id for each in jobs]) == {jobs[0].id}
        assert [each.id for each in run_jobs()] == [jobs[0].id]
        assert [each.subject for each in _notes()] == ["0"]
        assert jobs[1].status() == "dropped"
        assert enqueue(note, key="next", job_id="k") is not None
    for context in (one, other):
        context.unit.close()
