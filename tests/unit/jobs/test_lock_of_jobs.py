"""Locks that jobs hold end with that run of the job; rows that are of no use are removed."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from doclife.core import clock
from doclife.core.errors import LockTimeout
from doclife.jobs.enqueue import enqueue
from doclife.jobs.lock import lock
from doclife.outbox import complete, holders
from doclife.outbox.claim import claim
from doclife.schema.tables import lease
from doclife.worker.run import run_claimed
from tests.contract.databases import only_on
from tests.unit.jobs import bodies


@contextmanager
def _refused(site):
    """Another context that wants the lock and does not get it."""
    with site.work(), pytest.raises(LockTimeout) as refusal, lock("stock"):
        raise AssertionError("two are in the block")
    yield refusal


def _free(site, key="stock"):
    with site.work(), lock(key) as had:
        return had.token


def _hold(site):
    """A claimed job that has taken the lock and was killed; what its worker's process would have left."""
    with site.work() as context:
        job = enqueue(bodies.note, job_name="stocktaking")
        context.unit.commit()
        mine = claim(site.database, job.id, "w")
        with site.database.transaction() as run:
            name = holders.lease_name(holders.LOCK, "stock")
            assert holders.take(run, site.database.dialect, None, name, holders.of_job(job.id, mine.fence), ttl=300)
    return mine


@pytest.mark.parametrize("end", ["requeue", "fail", "finish", "give_back"])
def test_the_lock_of_a_job_ends_with_that_run_of_it(committed_site, end):
    site = committed_site
    mine = _hold(site)
    with _refused(site) as refusal:
        pass
    assert f"held by job {mine.id} (stocktaking) since " in str(refusal.value)
    with site.database.transaction() as connection:
        {
            "requeue": lambda: complete.requeue(connection, mine, error="died"),
            "fail": lambda: complete.fail(connection, mine, "died"),
            "finish": lambda: complete.finish(connection, mine, None),
            "give_back": lambda: complete.give_back(connection, mine),
        }[end]()
    assert _free(site)


def test_the_next_run_of_a_killed_job_has_its_lock(committed_site):
    site = committed_site
    mine = _hold(site)
    with site.database.transaction() as connection:
        complete.requeue(connection, mine, error="died")
    again = claim(site.database, mine.id, "w2")
    assert again.fence == mine.fence + 1
    assert _free(site)


def test_in_a_job_it_names_the_job_and_is_free_after_it(committed_site):
    site = committed_site
    with site.work():
        job = enqueue(bodies.with_lock)
    bodies.calls.clear()
    mine = claim(site.database, job.id, "w")
    assert run_claimed(site, mine) == "finished"
    assert bodies.calls == [holders.of_job(job.id, mine.fence)]
    assert _free(site)


def test_rows_are_pruned_when_they_are_of_no_use(committed_site):
    site = committed_site

    def left():
        with site.database.transaction() as connection:
            holders.prune(connection, site.database.dialect)
        with site.database.reading() as connection:
            return sorted(connection.execute(select(lease.c.name).where(lease.c.name.like("%:%"))).scalars())

    mine = _hold(site)
    _free(site, "given back")
    with site.database.transaction() as run:
        for name, holder in (("doc:a", holders.of_job(mine.id)), ("doc:b", holders.of_job("gone"))):
            holders.take(run, site.database.dialect, None, name, holder, ttl=None)
    assert left() == ["doc:a", "lock:given back", "lock:stock"]
    with clock.travel(by=timedelta(days=2)):
        assert left() == ["doc:a"]
        with site.database.transaction() as connection:
            complete.finish(connection, mine, None)
        assert left() == []


@only_on("postgres", "mariadb")
def test_a_lock_that_is_taken_again_while_rows_are_pruned_stays(committed_site):
    """Pruning does not see the job that takes it, which is committed together with the lock."""
    site = committed_site
    dialect, name = site.database.dialect, "doc:a"
    with site.database.transaction() as run:
        holders.take(run, dialect, None, name, holders.of_job("gone"), ttl=None)
    pruned = []

    def prune():
        with site.database.transaction() as connection:
            pruned.append(holders.prune(connection, dialect))

    thread = threading.Thread(target=prune)
    with site.work() as context:
        job = enqueue(bodies.note)
        context.unit.before_write()
        link = context.unit.link
        assert holders.take(link, dialect, holders.read(link, dialect, name), name, holders.of_job(job.id), ttl=None)
        thread.start()
        thread.join(2)  # it does not wait for who takes the lock
        assert pruned == [0]
    with site.database.reading() as connection:
        assert holders.counts(connection, holders.read(connection, dialect, name))


def test_after_the_commit_of_a_job_its_callbacks_keep_others_out(committed_site):
    site = committed_site
    with site.work():
        job = enqueue(bodies.lock_after_commit)
    bodies.calls.clear()
    bodies.under_lock[:] = [lambda: _refused(site)]
    assert run_claimed(site, claim(site.database, job.id, "w")) == "finished"
    assert bodies.calls == ["nobody else came in"]
    assert _free(site)
