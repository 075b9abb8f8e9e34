"""Jobs as their enqueuer sees them, and as lists show them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from doclife.core import clock
from doclife.core.errors import JobNotFound, ValidationError
from doclife.jobs.current import job as current_job
from doclife.jobs.enqueue import enqueue
from doclife.jobs.job import Job, is_job_enqueued
from doclife.jobs.listing import list_jobs, queue_stats, show_job
from doclife.outbox import complete
from doclife.outbox.claim import claim
from doclife.testing import travel_to
from doclife.uow.unit import current_unit

NOTE = "tests.unit.jobs.bodies.note"


def _end(site, job, end=complete.finish):
    mine = claim(site.database, job.id, "w")
    with site.database.transaction() as connection:
        end(connection, mine, '"x"')


def test_a_job_tells_its_status_all_its_life(site):
    job = enqueue(NOTE)
    assert job.status() == "staged"
    current_unit().commit()
    assert job.status() == "queued"
    mine = claim(site.database, job.id, "w")
    assert job.status() == "started"
    with site.database.transaction() as connection:
        complete.finish(connection, mine, None)
    assert job.status() == "finished"
    assert Job(job.id).status() == "finished"
    assert Job(job.id) == job
    with pytest.raises(JobNotFound, match="kept for a day"):
        Job("gone").status()


def test_a_loser_at_the_commit_is_dropped(site):
    current_unit().stage(_twin := _staged_twin("k"))
    job = enqueue(NOTE, job_id="other")
    job._staged.dedup_key = "k"  # what another process took after the call looked
    current_unit().commit()
    assert {_twin.state, job.status()} == {"queued", "dropped"}


def _staged_twin(key):
    enqueue(NOTE, job_id=key)
    return current_unit().frames[-1].jobs.pop()


def test_is_job_enqueued_knows_keys_and_ids(site):
    job = enqueue(NOTE, job_id="nightly")
    assert is_job_enqueued("nightly")
    assert is_job_enqueued(job.id)
    current_unit().commit()
    assert is_job_enqueued("nightly")
    mine = claim(site.database, job.id, "w")
    assert is_job_enqueued(job.id)
    with site.database.transaction() as connection:
        complete.finish(connection, mine, None)
    assert not is_job_enqueued("nightly")
    assert not is_job_enqueued(job.id)
    assert not is_job_enqueued("never")


def test_lists_filter_and_page_the_newest_first(site):
    jobs = [enqueue(NOTE, "short" if n % 2 else "long", n=n) for n in range(5)]
    other = enqueue("tests.unit.jobs.bodies.before_job")
    current_unit().commit()
    ids = [job.id for job in jobs]
    _end(site, jobs[0])
    database = site.database
    assert [job.id for job in list_jobs(database)] == [other.id, *reversed(ids)]
    assert [job.id for job in list_jobs(database, status="finished")] == [ids[0]]
    assert [job.id for job in list_jobs(database, status=["queued", "started"], queue="long")] == [ids[4], ids[2]]
    assert [job.id for job in list_jobs(database, method=NOTE, start=1, limit=2)] == [ids[3], ids[2]]
    assert len(list_jobs(database, method="tests.unit.*")) == 6
    assert list_jobs(database, method="tests_unit*") == []
    with pytest.raises(ValidationError, match="Did you mean 'finished'"):
        list_jobs(database, status="finishd")


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_one_job_is_shown_with_everything(site):
    with travel_to("2026-03-01 09:00"):
        job = enqueue(NOTE, job_id="k", retry=2, x=1)
        current_unit().commit()
        assert show_job(site.database, "k").id == job.id
        _end(site, job)
    found = show_job(site.database, job.id)
    assert (found.status, found.kwargs, found.result, found.dedup_key) == ("finished", {"x": 1}, "x", None)
    assert (found.retry["max"], found.seconds, found.enqueued_at.hour) == (2, 0.0, 9)
    assert show_job(site.database, "k").id == job.id, "the newest that has ended"
    with pytest.raises(JobNotFound, match="there is no job 'l'"):
        show_job(site.database, "l")


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_queues_have_figures(site):
    with travel_to("2026-03-01 09:00"):
        done, failed, running, waiting = (enqueue(NOTE) for _ in range(4))
        enqueue(NOTE, run_at=clock.now("Asia/Tokyo") + timedelta(hours=1))
        enqueue(NOTE, "long")
        current_unit().commit()
        _end(site, done)
        _end(site, failed, complete.fail)
        claim(site.database, running.id, "w")
        assert waiting.status() == "queued"
    with travel_to("2026-03-01 09:00:30"):
        default, long = queue_stats(site.database)
    assert (default.queue, default.queued, default.scheduled, default.started) == ("default", 1, 1, 1)
    assert (default.finished, default.failed, default.oldest_s) == (1, 1, 30.0)
    assert (long.queue, long.queued, long.oldest_s) == ("long", 1, 30.0)


def test_there_is_no_current_job_here(site):
    assert not current_job
    assert current_job.id is None
    with pytest.raises(AttributeError, match="it has id, queue"):
        _ = current_job.idd
