"""What goes wrong with jobs in Frappe and RQ, and does not here; each test is named after what went wrong there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from doclife.core import clock
from doclife.core.context import current
from doclife.core.errors import QueryDeadlockError, ValidationError
from doclife.doctypes.notification_log import NotificationLog
from doclife.jobs.current import job as current_job
from doclife.jobs.enqueue import enqueue
from doclife.jobs.job import is_job_enqueued
from doclife.jobs.retry import Retry
from doclife.outbox.claim import claim
from doclife.outbox.delivery import release_due
from doclife.queue.connect import open_broker
from doclife.testing import as_user, assert_enqueued, make_user, refute_enqueued, run_jobs
from doclife.uow.unit import current_unit
from doclife.worker.relaying import relay_of
from tests.stored import stored

seen: list[object] = []


@pytest.fixture(autouse=True)
def nothing_seen():
    seen.clear()


def note(key):
    NotificationLog(subject=key, for_user="Administrator").insert(ignore_permissions=True)


def notes():
    return [subject for (subject,) in stored("Notification Log", "subject", order_by="subject")]


def lose_a_deadlock():
    seen.append((current().user, current_job.attempt))
    note(f"attempt {current_job.attempt}")
    if current_job.attempt <= 2:
        raise QueryDeadlockError("deadlock found when trying to get lock")


def ask_for_a_printer():
    seen.append(clock.utc_now())
    raise ValueError("no paper")


def look(**kwargs):
    seen.append(kwargs)


# Frappe 1.2: on a deadlock it calls itself again without its user, inside the worker, hooks nested


def test_a_job_that_lost_a_deadlock_runs_again_as_administrator(site):
    make_user("ann@example.com")
    with as_user("ann@example.com"):
        enqueue(lose_a_deadlock)
        current_unit().commit()
    (ran,) = run_jobs()
    assert seen == [("ann@example.com", 1), ("ann@example.com", 2), ("ann@example.com", 3)]
    assert (ran.status, notes()) == ("finished", ["attempt 3"])


def test_the_hooks_of_a_job_that_is_tried_again_run_once_for_each_level_of_nesting(site):
    site.use_hooks("app", {"after_job": [f"{__name__}.look_after"], "before_job": [f"{__name__}.look_before"]})
    enqueue(lose_a_deadlock)
    run_jobs()
    assert [each for each in seen if isinstance(each, str)] == ["before", "after"] * 3


def look_before(method):
    seen.append("before")


def look_after(method):
    seen.append("after")


def test_a_job_that_is_tried_again_sleeps_in_its_worker(site):
    with clock.travel(tick=False, to=clock.utc_now()):
        job = enqueue(ask_for_a_printer, retry=Retry(max=2, backoff="fixed", base=600, jitter=False))
        assert [each.status for each in run_jobs()] == ["queued"]
        assert len(seen) == 1
        assert run_jobs() == []
    with clock.travel(by=timedelta(seconds=601)):
        assert release_due(site.database, site.broker) == 1  # by the relay of any worker: RQ needs a scheduler for it
        assert [each.id for each in run_jobs()] == [job.id]
    assert len(seen) == 2


# Frappe 1.1: callbacks of a commit hold the jobs


def test_a_savepoint_that_is_rolled_back_keeps_its_jobs(site):
    enqueue(note, key="kept", enqueue_after_commit=True)
    frame = current_unit().push()
    note("undone")
    enqueue(note, key="ghost", enqueue_after_commit=True)
    current_unit().roll_back(frame)
    assert len(run_jobs()) == 1
    assert notes() == ["kept"]


def test_a_failed_save_keeps_the_jobs_of_its_handlers(site):
    site.use_hooks("app", {"doc_events": {"Notification Log": {"after_insert": f"{__name__}.react"}}})
    unit = current_unit()
    unit.commit()
    with pytest.raises(ValidationError):
        note("refused")
    note("taken")
    unit.commit()
    assert_enqueued(note, key="about taken")
    refute_enqueued(note, key="about refused")


def react(doc):
    if not doc.subject.startswith("about"):
        enqueue(note, key=f"about {doc.subject}")
    if doc.subject == "refused":
        raise ValidationError("not today")


def test_the_first_callback_after_the_commit_that_fails_takes_all_later_ones_and_jobs_with_it(site):
    unit = current_unit()

    def fail():
        raise ConnectionError("Redis is down")

    note("document")
    unit.add_callback("after_commit", fail)
    unit.add_callback("after_commit", lambda: seen.append("later"))
    enqueue(note, key="job")
    unit.commit()
    assert seen == ["later"]
    run_jobs()
    assert notes() == ["document", "job"]
    assert [title for (title,) in stored("Error Log", "method")] != []


def test_a_job_that_is_enqueued_with_the_commit_has_no_id_yet(site):
    job = enqueue(note, key="x", enqueue_after_commit=True)
    assert job is not None
    assert [each.id for each in run_jobs()] == [job.id]


@pytest.mark.doclife_settings(queue="rq", redis_url="redis://127.0.0.1:1/0")
def test_a_commit_fails_or_waits_because_redis_is_down(site):
    assert open_broker(site.settings, site.name, site.sites_dir, start=False).ping() is False
    start = clock.monotonic()
    for n in range(20):
        note(f"document {n}")
        enqueue(note, key="job")
        current_unit().commit()
    assert clock.monotonic() - start < 4  # to wait a quarter of a second each would take five
    assert len(notes()) == 20
    assert len(stored("Background Job", status="queued")) == 20
    assert len(run_jobs()) == 20  # as workers do that poll the table


# Frappe 1.1 and RQ 2.1: deduplication is check, then act, and lives in Redis


def test_two_calls_with_one_id_in_a_transaction_run_the_second_twice(site):
    first = enqueue(look, job_id="import", deduplicate=True, n=1)
    assert enqueue(look, job_id="import", deduplicate=True, n=2) is None
    assert [each.id for each in run_jobs()] == [first.id]
    assert seen == [{"n": 1}]


def test_an_id_is_blocked_for_as_long_as_the_result_of_its_job_is_kept(site):
    enqueue(look, job_id="import", n=1)
    run_jobs()
    assert enqueue(look, job_id="import", n=2) is not None
    run_jobs()
    assert seen == [{"n": 1}, {"n": 2}]


def test_a_job_whose_worker_died_blocks_its_id_for_ever(site):
    """Frappe's "Skipped queueing ... because it was found in queue"."""
    rescuer = relay_of(site, "relay").rescuer
    job = enqueue(look, job_id="nightly", n=1)
    current_unit().commit()
    for _ in range(3):
        assert claim(site.database, job.id, "dead").id == job.id
        assert is_job_enqueued("nightly")
        assert rescuer.bury(["dead"]) == 1
    assert (job.status(), is_job_enqueued("nightly")) == ("failed", False)
    assert enqueue(look, job_id="nightly", n=2) is not None
    run_jobs()
    assert seen == [{"n": 2}]


# RQ 2.2: what is known of a job ends with its process


def test_the_failure_callback_of_a_job_whose_worker_was_killed_is_not_run(site):
    job = enqueue(look, on_failure=told, n=1)
    current_unit().commit()
    rescuer = relay_of(site, "relay").rescuer
    for _ in range(3):
        claim(site.database, job.id, "dead")
        rescuer.bury(["dead"])
    run_jobs()
    assert [(id, error[:28]) for id, error in seen] == [(job.id, "its worker died while it ran")]
    assert len(stored("Error Log")) == 1


def told(job_id, error):
    seen.append((job_id, error))


def test_a_rescued_job_is_failed_where_it_has_no_retry(site):
    job = enqueue(look, n=1)
    current_unit().commit()
    claim(site.database, job.id, "dead")
    relay_of(site, "relay").rescuer.bury(["dead"])
    assert job.status() == "queued"
    assert [each.status for each in run_jobs()] == ["finished"]


def test_a_job_that_succeeded_is_declared_abandoned(site):
    job = enqueue(look, n=1)
    current_unit().commit()
    run_jobs()
    assert relay_of(site, "relay").round()["rescued"] == 0
    assert job.status() == "finished"


def test_retries_are_forgotten_with_redis(site):
    job = enqueue(ask_for_a_printer, retry=Retry(max=1, backoff="fixed", base=60, jitter=False))
    run_jobs()
    site.broker.lose_everything()
    with clock.travel(by=timedelta(seconds=61)):
        assert release_due(site.database, site.broker) == 1
        assert [each.status for each in run_jobs(allow_failures=True)] == ["failed"]
    assert (job.status(), len(seen)) == ("failed", 2)
