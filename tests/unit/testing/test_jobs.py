"""Jobs in tests: found whether committed or not, run as a worker runs them."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.jobs.enqueue import enqueue, enqueue_doc
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data
from doclife.testing import (
    as_user,
    assert_enqueued,
    captured_jobs,
    make_user,
    refute_enqueued,
    run_due,
    run_jobs,
    travel_to,
)
from tests.stored import stored
from tests.unit.testing import tasks

NOTE = "tests.unit.testing.tasks.note"


@pytest.fixture(autouse=True)
def _nothing_seen(site):
    tasks.seen.clear()


# assert_enqueued


@pytest.mark.parametrize("committed", [False, True])
def test_a_job_is_found_by_path_or_function_arguments_and_terms(committed):
    enqueue(tasks.note, queue="long", job_id="nightly", word="a", at_front=True)
    if committed:
        current().unit.commit()
    job = assert_enqueued(NOTE)
    assert (job.method, job.kwargs, job.queue, job.status) == (
        NOTE,
        {"word": "a"},
        "long",
        "queued" if committed else "staged",
    )
    assert assert_enqueued(tasks.note, word="a", queue="long", job_id="nightly", at_front=True, timeout=1500) == job


@pytest.mark.parametrize("wrong", [{"word": "b"}, {"queue": "short"}, {"more": 1}, {"job_id": "x"}])
def test_a_job_with_other_arguments_or_terms_is_not_taken_for_it(wrong):
    enqueue(tasks.note, word="a")
    with pytest.raises(AssertionError) as caught:
        assert_enqueued(tasks.note, **wrong)
    assert f"{NOTE}({{'word': 'a'}}) on default, staged" in str(caught.value)
    refute_enqueued(tasks.note, **wrong)


def test_a_missing_job_names_the_nearest_method():
    enqueue(tasks.note, word="a")
    with pytest.raises(AssertionError, match=rf"no job {NOTE}s was enqueued\. Did you mean '{NOTE}'"):
        assert_enqueued(NOTE + "s")


def test_nothing_enqueued_says_so():
    with pytest.raises(AssertionError, match="Nothing was"):
        assert_enqueued(NOTE)
    refute_enqueued(NOTE)


def test_refute_shows_what_it_found():
    enqueue(tasks.note, word="a")
    with pytest.raises(AssertionError, match="with word='a' was enqueued"):
        refute_enqueued(NOTE, word="a")


def test_a_job_that_a_rollback_dropped_is_not_found():
    enqueue(tasks.note, word="a")
    current().unit.rollback()
    refute_enqueued(NOTE)


def test_a_job_of_a_document_is_found_by_its_method_and_document(site):
    class Mailed(Document):
        title = Data()

        def send(self, to):
            self.db_set("title", f"sent to {to}")

    site.use(Mailed)
    doc = Mailed(title="x").insert()
    enqueue_doc("Mailed", doc.name, "send", to="ada")
    assert_enqueued("send", doctype="Mailed", name=doc.name, to="ada")
    run_jobs()
    assert get_doc("Mailed", doc.name).title == "sent to ada"


def test_captured_jobs_are_those_of_the_block():
    enqueue(tasks.note, word="before")
    with captured_jobs() as jobs:
        assert len(jobs) == 0
        enqueue(tasks.note, word="inside")
        enqueue(tasks.add_role, name="x")
        current().unit.commit()
        assert len(jobs) == 2
    enqueue(tasks.note, word="after")
    assert [(job.method.rpartition(".")[2], job.kwargs) for job in jobs] == [
        ("note", {"word": "inside"}),
        ("add_role", {"name": "x"}),
    ]


# run_jobs


def test_jobs_are_run_as_their_user_in_their_order_with_those_they_enqueue():
    make_user("ada@example.com")
    enqueue(tasks.enqueue_another, word="third")
    enqueue(tasks.note, word="first")
    with as_user("ada@example.com"):
        enqueue(tasks.note, word="second")
    ran = run_jobs()
    assert tasks.seen == ["first by Administrator", "second by ada@example.com", "third by Administrator"]
    assert [job.status for job in ran] == ["finished"] * 4
    assert current().user == "Administrator"
    assert run_jobs() == []


def test_what_a_job_writes_is_there_afterwards():
    enqueue(tasks.add_role, name="Clerk")
    run_jobs()
    assert get_doc("Role", "Clerk")


def test_a_failed_job_fails_the_test_and_has_written_nothing():
    enqueue(tasks.fails)
    with pytest.raises(AssertionError, match=r"the job tests\.unit\.testing\.tasks\.fails\(\{\}\) failed: .*"):
        run_jobs()
    enqueue(tasks.fails)
    (job,) = run_jobs(allow_failures=True)
    assert job.status == "failed"
    assert "ZeroDivisionError: broken" in job.error
    assert stored("Role", name="never") == []


def test_a_failure_does_not_print_all_of_long_arguments():
    enqueue("tests.unit.testing.tasks.note", word=list(range(10_000)), wrong=1)
    with pytest.raises(AssertionError) as caught:
        run_jobs()
    assert len(str(caught.value)) < 2000


def test_only_the_queues_asked_for_are_served():
    enqueue(tasks.note, queue="long", word="long")
    enqueue(tasks.note, queue="short", word="short")
    run_jobs("short")
    assert tasks.seen == ["short by Administrator"]
    run_jobs()
    assert tasks.seen == ["short by Administrator", "long by Administrator"]


def test_a_job_for_later_runs_when_its_time_has_come():
    with travel_to("2026-05-01 10:00"):
        from datetime import datetime

        enqueue(tasks.note, word="later", run_at=datetime(2026, 5, 1, 11))
        assert run_jobs() == []
    with travel_to("2026-05-01 11:00"):
        run_jobs()
    assert tasks.seen == ["later by Administrator"]


def test_jobs_run_although_the_broker_is_down(site):
    site.broker.down = True
    enqueue(tasks.note, word="a")
    run_jobs()
    assert tasks.seen == ["a by Administrator"]


# run_due


@pytest.fixture
def schedules(site):
    site.use_hooks(
        "shop",
        {"scheduler_events": {"daily": ["tests.unit.testing.tasks.fails"], "hourly": [f"{__name__}.hourly"]}},
    )


def hourly():
    tasks.seen.append("hourly")


def test_what_is_due_at_the_moment_travelled_to_runs(schedules):
    with travel_to("2020-03-01 10:59:30"):
        run_due()
    assert tasks.seen == []
    with travel_to("2020-03-01 11:00:10"):
        (job,) = run_due()
    assert (job.method, job.status, tasks.seen) == (f"{__name__}.hourly", "finished", ["hourly"])
    with travel_to("2020-03-01 11:00:50"):
        assert run_due() == []


def test_what_was_due_since_a_moment_runs_in_one_go(schedules):
    with travel_to("2030-03-02 00:00:30"):
        ran = run_due(since="2030-03-01 23:59", allow_failures=True)
    assert sorted(job.method.rpartition(".")[2] for job in ran) == ["fails", "hourly"]


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_schedules_follow_the_clock_of_the_site(schedules):
    with travel_to("2030-03-01 15:00:30+00:00"):
        ran = run_due(since="2030-03-01 14:59+00:00", allow_failures=True)
    assert len(ran) == 2, "midnight in Tokyo"
