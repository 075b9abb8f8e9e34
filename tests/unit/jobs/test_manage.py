"""Running jobs again, cancelling and removing them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from doclife.core import json
from doclife.core.context import current
from doclife.core.errors import JobArgumentError, JobError, JobNotFound, UnknownQueueError
from doclife.jobs.enqueue import enqueue
from doclife.jobs.manage import cancel_job, purge_jobs, retry_job, retry_jobs
from doclife.jobs.retry import Retry
from doclife.jobs.selection import Selection
from doclife.outbox import complete
from doclife.outbox.claim import claim
from doclife.schema.tables import background_job
from doclife.testing import as_user, make_user, run_jobs, travel_to
from tests.stored import stored
from tests.unit.testing import tasks

FAILS = "tests.unit.testing.tasks.fails"
NOTE = "tests.unit.testing.tasks.note"


@pytest.fixture(autouse=True)
def _nothing_seen():
    tasks.seen.clear()


def _enqueued(method=FAILS, **terms):
    job = enqueue(method, **terms)
    current().unit.commit()
    return job


def _failed(method=FAILS, **terms):
    job = _enqueued(method, **terms)
    run_jobs(allow_failures=True)
    assert job.status() == "failed"
    return job


def _row(job, *columns):
    (row,) = stored("Background Job", *columns, name=job.id)
    return row


# running again


def test_a_failed_job_runs_again_as_the_same_job(site):
    make_user("ada@example.com")
    with as_user("ada@example.com"):
        job = _failed(NOTE, wrong="x")
    fence, attempt = _row(job, "fence", "attempt")
    again = retry_job(job.id, kwargs={"word": "right"})
    assert (again, again.id, again.status()) == (job, job.id, "queued")
    current().unit.commit()
    run_jobs()
    assert tasks.seen == ["right by ada@example.com"]
    assert _row(job, "status", "fence", "attempt", "exceptions") == ("finished", fence + 1, attempt + 1, 1)


def test_it_is_queued_with_the_commit_and_not_by_a_rollback(site):
    job = _failed()
    retry_job(job.id)
    assert not site.broker.held("default", [job.id])
    current().unit.rollback()
    assert job.status() == "failed"
    retry_job(job.id)
    current().unit.commit()
    assert site.broker.held("default", [job.id]) == {job.id}


def test_used_up_attempts_give_one_more(site):
    job = _failed(retry=Retry(max=1, base=0, jitter=False))
    assert _row(job, "attempt", "exceptions") == (2, 2)
    retry_job(job.id)
    run_jobs(allow_failures=True)
    assert _row(job, "status", "attempt", "exceptions") == ("failed", 3, 3)


def test_a_cancelled_job_and_one_that_waits_for_its_next_attempt(site):
    cancelled = _enqueued(NOTE, word="cancelled")
    cancel_job(cancelled.id)
    waiting = _enqueued(NOTE, word="later", run_at=datetime(2099, 1, 1))
    assert retry_jobs([cancelled.id, waiting.id]) == 2
    run_jobs()
    assert tasks.seen == ["cancelled by Administrator", "later by Administrator"]


def test_new_arguments_keep_their_types_and_are_all_there_are(site):
    job = _failed(NOTE, old=1, word="x")
    retry_job(job.id, kwargs={"word": date(2026, 1, 31)})
    (packed,) = _row(job, "kwargs")
    assert json.unpack(packed) == {"word": date(2026, 1, 31)}


@pytest.mark.parametrize(
    ("kwargs", "why"),
    [
        ({"wrod": "x"}, r"tasks\.note takes no argument 'wrod'\. Did you mean 'word'"),
        ({}, r"tasks\.note needs the argument 'word', which is not given"),
        ({"word": object()}, r"cannot be stored: kwargs\.word: a builtins\.object"),
        (["x"], r"by name, as a dict"),
    ],
)
def test_arguments_that_the_method_does_not_take_change_nothing(site, kwargs, why):
    job = _failed(NOTE, wrong="x")
    with pytest.raises(JobArgumentError, match=why):
        retry_job(job.id, kwargs=kwargs)
    current().unit.commit()
    assert _row(job, "status", "kwargs") == ("failed", '{"wrong":"x"}')


@pytest.mark.doclife_settings(workers={"slow": {"timeout": 5000}})
def test_another_queue_and_its_timeout(site):
    usual, own = _failed(), _failed(timeout=77)
    for job in (usual, own):
        retry_job(job.id, queue="slow")
    current().unit.commit()
    assert [_row(job, "queue", "timeout") for job in (usual, own)] == [("slow", 5000), ("slow", 77)]
    assert site.broker.depth("slow") == 2
    with pytest.raises(UnknownQueueError, match=r"no queue 'slwo'\. Did you mean 'slow'"):
        retry_job(_failed().id, queue="slwo")


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_at_a_time_of_the_site(site):
    with travel_to("2030-03-01 09:00"):
        job = _failed()
        retry_job(job.id, run_at=datetime(2030, 3, 1, 18))
        current().unit.commit()
        assert _row(job, "run_at", "released_at") == (datetime(2030, 3, 1, 18), None)
        assert run_jobs() == []
    with travel_to("2030-03-01 18:00"):
        assert len(run_jobs(allow_failures=True)) == 1


def test_steps_go_on_where_they_were_or_from_the_start(site):
    job = _failed()
    with site.database.transaction() as connection:
        connection.execute(background_job.update().values(cursor={"rows": 7}))
    retry_job(job.id)
    assert _row(job, "cursor") == ({"rows": 7},)
    cancel_job(job.id)
    retry_job(job.id, from_start=True)
    assert _row(job, "cursor") == (None,)


def test_the_key_is_taken_again(site):
    job = _failed(job_id="nightly", job_name="Mails")
    retry_job(job.id)
    assert _row(job, "dedup_key", "ended_key") == ("nightly", None)
    assert enqueue(NOTE, job_id="nightly") is None


def test_a_job_whose_key_another_one_has_is_refused(site):
    job = _failed(job_id="nightly")
    other = _enqueued(NOTE, job_id="nightly", word="x")
    with pytest.raises(JobError, match=rf"its key 'nightly' is held by job {other.id}, which is queued"):
        retry_job(job.id)
    run_jobs()
    retry_job(job.id)
    assert job.status() == "queued"


def test_of_two_failed_jobs_with_one_key_the_first_asked_for_runs(site):
    first, second = _failed(job_id="nightly"), _failed(job_id="nightly")
    refused = []
    assert retry_jobs([first.id, second.id], refused=refused) == 1
    assert [str(each).split(" ")[1] for each in refused] == [second.id]


def test_jobs_that_wait_run_or_have_finished_are_refused(site):
    waiting, finished = _enqueued(NOTE, queue="long", word="w"), _enqueued(NOTE, word="f")
    run_jobs("default")
    runs = _enqueued(NOTE, word="r")
    assert claim(site.database, runs.id, "w")
    for job, why in ((waiting, "waits in its queue already"), (runs, "runs now"), (finished, "has finished")):
        with pytest.raises(JobError, match=why):
            retry_job(job.id)
    with pytest.raises(JobNotFound, match="there is no job 'nothing'"):
        retry_job("nothing")


# cancelling


def test_a_waiting_job_is_cancelled_with_the_commit(site):
    job = _enqueued(NOTE, job_id="nightly", word="x")
    assert cancel_job(job.id) == "cancelled"
    current().unit.rollback()
    assert job.status() == "queued"
    cancel_job(job.id)
    current().unit.commit()
    assert (job.status(), site.broker.depth("default")) == ("cancelled", 0)
    assert enqueue(NOTE, job_id="nightly", word="y") is not None


def test_a_cancelled_job_never_runs_and_tells_nobody(site):
    job = _enqueued(NOTE, word="x", on_failure=FAILS, on_success=FAILS)
    cancel_job(job.id)
    assert run_jobs() == []
    assert tasks.seen == []


def test_a_job_that_has_ended_is_not_cancelled(site):
    job = _failed()
    with pytest.raises(JobError, match=r"has ended already, it is failed"):
        cancel_job(job.id)
    with pytest.raises(JobNotFound):
        cancel_job("nothing")


@pytest.mark.one_database
def test_a_job_that_is_not_committed_yet_is_not_cancelled(site):
    job = enqueue(NOTE, word="x")
    with pytest.raises(JobError, match="is staged in this transaction"):
        cancel_job(job.id)
    assert job.status() == "staged"


def test_the_worker_of_a_running_job_is_asked_after_the_commit(committed_site):
    from doclife.worker.presence import liveness, present

    with committed_site.work(), present(committed_site, queues=["default"], isolation="inproc") as worker:
        job = _enqueued(NOTE, word="x")
        claimed = claim(committed_site.database, job.id, worker)
        assert cancel_job(job.id) == "started"
        assert liveness(committed_site).asked(worker) is None
        current().unit.commit()
        assert liveness(committed_site).asked(worker) == {"cancel": job.id, "fence": claimed.fence}
        with committed_site.database.transaction() as connection:
            complete.cancel(connection, claimed)


# removing


def test_jobs_that_have_ended_are_removed_by_status_and_age(site):
    with travel_to("2030-03-01 10:00"):
        old = _failed()
        finished = _enqueued(NOTE, word="x")
        run_jobs()
    with travel_to("2030-03-01 12:00"):
        new = _failed()
        waiting = _enqueued(NOTE, queue="long", word="y")

        def purge(**terms):
            return purge_jobs(site.database, site.broker, Selection(**terms))

        assert purge(status=["failed"], ended_before=3600) == 1
        assert purge(ended_before=3 * 3600) == 0
        assert {name for (name,) in stored("Background Job", "name")} == {finished.id, new.id, waiting.id}
        assert purge() == 2
        assert stored("Background Job", "name") == [(waiting.id,)]
    assert old.id


def test_what_waits_in_a_queue_is_removed_when_the_queue_is_named(site):
    job = _enqueued(NOTE, queue="long", word="x")
    other = _enqueued(NOTE, queue="short", word="x")
    for terms in ({"status": ["queued"]}, {"status": ["started"], "queue": "long"}):
        with pytest.raises(JobError, match="only jobs that have ended are removed"):
            purge_jobs(site.database, site.broker, Selection(**terms))
    assert purge_jobs(site.database, site.broker, Selection(status=["queued"], queue="long")) == 1
    assert stored("Background Job", "name") == [(other.id,)]
    assert site.broker.depth("long") == 0
    with pytest.raises(JobNotFound):
        job.status()


def test_many_are_removed_in_batches(site, monkeypatch):
    monkeypatch.setattr("doclife.jobs.manage.BATCH", 2)
    for _ in range(5):
        enqueue(NOTE, word="x")
    run_jobs()
    assert purge_jobs(site.database, site.broker, Selection(status=["finished"])) == 5


def test_a_broker_that_is_down_keeps_nobody_from_it(site):
    job = _failed()
    site.broker.down = True
    retry_job(job.id)
    current().unit.commit()
    cancel_job(job.id)
    current().unit.commit()
    assert job.status() == "cancelled"
