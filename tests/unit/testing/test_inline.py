"""Inline mode: jobs run with the commit that releases them, and their failures reach the test."""

from __future__ import annotations

from datetime import datetime

import pytest

from doclife.core.context import current
from doclife.jobs.enqueue import enqueue
from doclife.jobs.retry import Retry
from doclife.model.access import get_doc
from doclife.testing import as_user, jobs_inline, make_user, run_jobs
from doclife.testing.sandbox import sandbox
from tests.stored import stored
from tests.unit.testing import tasks


@pytest.fixture(autouse=True)
def _nothing_seen():
    tasks.seen.clear()


def test_a_commit_runs_what_it_releases_before_it_returns(site):
    with jobs_inline() as ran:
        enqueue(tasks.add_role, name="Clerk")
        assert stored("Role", "name", name="Clerk") == []
        current().unit.commit()
        assert get_doc("Role", "Clerk")
        assert [(job.method, job.kwargs, job.status) for job in ran] == [
            ("tests.unit.testing.tasks.add_role", {"name": "Clerk"}, "finished")
        ]


def test_the_end_of_the_block_commits_and_jobs_of_jobs_follow(site):
    make_user("ada@example.com")
    with jobs_inline() as ran, as_user("ada@example.com"):
        enqueue(tasks.enqueue_another, word="second")
        enqueue(tasks.note, word="first")
    assert tasks.seen == ["first by ada@example.com", "second by ada@example.com"]
    assert [job.status for job in ran] == ["finished"] * 3


def test_after_the_block_jobs_wait_as_before(site):
    with jobs_inline():
        pass
    enqueue(tasks.note, word="a")
    current().unit.commit()
    assert tasks.seen == []
    run_jobs()
    assert tasks.seen == ["a by Administrator"]


def test_a_rollback_runs_nothing(site):
    with jobs_inline() as ran:
        enqueue(tasks.note, word="a")
        current().unit.rollback()
    assert (ran, tasks.seen) == ([], [])


def test_jobs_for_later_wait(site):
    with jobs_inline() as ran:
        enqueue(tasks.note, word="later", run_at=datetime(2099, 1, 1))
    assert ran == []
    assert len(run_jobs(with_scheduled=True)) == 1


def _fail_inline(error=None):
    with jobs_inline():
        enqueue(tasks.fails)
        current().unit.commit()
        if error is not None:
            raise error


def test_a_failed_job_is_a_failure_of_the_block(site):
    with pytest.raises(AssertionError, match=r"(?s)tasks\.fails\(\{\}\) failed: .*ZeroDivisionError: broken"):
        _fail_inline()
    assert stored("Role", name="never") == []


def test_what_the_block_raises_itself_tells_of_the_failed_job(site):
    with pytest.raises(LookupError) as caught:
        _fail_inline(LookupError("the test's own"))
    (note,) = caught.value.__notes__
    assert note.startswith("the job tests.unit.testing.tasks.fails({}) failed: ")


def test_failures_may_be_allowed(site):
    with jobs_inline(allow_failures=True) as ran:
        enqueue(tasks.fails)
    assert [job.status for job in ran] == ["failed"]


def test_a_job_that_is_to_be_tried_again_is_no_failure_yet(site):
    with jobs_inline() as ran:
        enqueue(tasks.fails, retry=Retry(max=1, base=60))
    assert [job.status for job in ran] == ["queued"]
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        run_jobs(with_scheduled=True)


@pytest.mark.one_database
def test_it_works_with_real_commits(committed_site):
    with committed_site.work():
        with jobs_inline():
            enqueue(tasks.add_role, name="Clerk")
        assert get_doc("Role", "Clerk")


@pytest.mark.doclife_settings(queue="inline")
def test_the_setting_does_the_same_for_a_whole_test(site):
    enqueue(tasks.note, word="a")
    current().unit.commit()
    assert tasks.seen == ["a by Administrator"]


@pytest.mark.one_database
def test_with_the_setting_a_failed_job_is_an_error_of_the_test(doclife_templates):
    def fail_in_it():
        with sandbox(doclife_templates.get(()), {"queue": "inline"}):
            enqueue(tasks.fails)
            current().unit.commit()

    with pytest.raises(AssertionError, match="ZeroDivisionError: broken"):
        fail_in_it()
