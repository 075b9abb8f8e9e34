"""run_jobs(with_scheduled=...): jobs for later, run now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from doclife.core import clock
from doclife.jobs.enqueue import enqueue
from doclife.jobs.retry import Retry
from doclife.testing import run_jobs, running
from tests.stored import stored
from tests.unit.testing import tasks


@pytest.fixture(autouse=True)
def _nothing_seen(site):
    tasks.seen.clear()


def _in(hours):
    return clock.now("UTC") + timedelta(hours=hours)


def test_jobs_for_later_run_in_the_order_of_their_times_after_those_that_are_due():
    enqueue(tasks.note, word="second", run_at=_in(2))
    enqueue(tasks.note, queue="long", word="first", run_at=_in(1))
    enqueue(tasks.note, word="now")
    ran = run_jobs(with_scheduled=True)
    assert tasks.seen == [f"{word} by Administrator" for word in ("now", "first", "second")]
    assert [job.status for job in ran] == ["finished"] * 3


@pytest.mark.parametrize("as_text", [False, True])
def test_up_to_a_moment_only(as_text):
    enqueue(tasks.note, word="soon", run_at=_in(1))
    enqueue(tasks.note, word="late", run_at=_in(3))
    until = _in(2)
    run_jobs(with_scheduled=str(until) if as_text else until)
    assert tasks.seen == ["soon by Administrator"]


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_a_naive_moment_is_in_the_sites_zone():
    now = clock.now("Asia/Tokyo")
    enqueue(tasks.note, word="soon", run_at=now + timedelta(hours=1))
    run_jobs(with_scheduled=now)
    assert tasks.seen == []
    run_jobs(with_scheduled=now + timedelta(hours=1))
    assert tasks.seen == ["soon by Administrator"]


def test_only_the_queues_asked_for():
    enqueue(tasks.note, queue="long", word="long", run_at=_in(1))
    assert run_jobs("short", with_scheduled=True) == []


def test_further_attempts_come_at_once_and_the_last_failure_counts():
    enqueue(tasks.fails_until, attempt=3, retry=Retry(max=2, base=600))
    (job,) = run_jobs(with_scheduled=True)
    assert (job.status, tasks.seen) == ("finished", [1, 2, 3])
    enqueue(tasks.fails_until, attempt=3, retry=Retry(max=1, base=600))
    with pytest.raises(AssertionError, match="attempt 2 fails"):
        run_jobs(with_scheduled=True)


def test_jobs_that_enqueue_themselves_for_later_end_in_an_error(monkeypatch):
    monkeypatch.setattr(running, "MOST_EARLY", 3)
    enqueue(tasks.comes_again, run_at=_in(1))
    with pytest.raises(AssertionError, match=r"3 jobs for later were run, .*one of .*tasks\.comes_again"):
        run_jobs(with_scheduled=True)
    assert tasks.seen == ["again"] * 3


@pytest.mark.parametrize("later", [None, 1])
def test_a_method_that_does_not_exist_is_looked_for_once_and_the_others_run(monkeypatch, later):
    monkeypatch.setattr(running, "MOST_EARLY", 3)
    at = None if later is None else _in(later)
    enqueue("tests.unit.testing.tasks.noet", word="x", run_at=at)
    enqueue("tests.unit.testing.tasks.ntoe", word="x", run_at=at)
    enqueue(tasks.note, word="late", run_at=_in(2))
    jobs = run_jobs(with_scheduled=True, allow_failures=True)
    assert tasks.seen == ["late by Administrator"]
    assert [job.status for job in jobs] == ["queued", "queued", "finished"]
    assert stored("Background Job", "attempt") == [(1,), (1,), (1,)]
    with pytest.raises(AssertionError, match=r"tasks\.noet\(.*\) waits: .*\n.*tasks\.ntoe\(.*\) waits: "):
        run_jobs(with_scheduled=True)
    assert stored("Background Job", "attempt") == [(2,), (2,), (1,)]
