"""Jobs for later: far and past times, aware and naive ones, the days on which clocks are set; on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from doclife.core import clock
from doclife.core.errors import JobArgumentError
from doclife.doctypes.notification_log import NotificationLog
from doclife.jobs.enqueue import enqueue
from doclife.outbox.claim import claim
from doclife.outbox.delivery import release_due
from doclife.testing import run_jobs
from doclife.uow.unit import current_unit
from tests.stored import stored

pytestmark = pytest.mark.doclife_settings(time_zone="Europe/Berlin")


def note(key):
    NotificationLog(subject=key, for_user="Administrator").insert()


def _at(*utc):
    return clock.travel(datetime(*utc, tzinfo=UTC), tick=False)


def _enqueue(run_at):
    job = enqueue(note, key="x", run_at=run_at)
    current_unit().commit()
    return job


def _runs_at(site, job, moment):
    """Asserts that a job neither is released nor can be claimed before a moment, and runs then."""
    for early in (timedelta(hours=3), timedelta(microseconds=1)):
        with clock.travel(moment - early, tick=False):
            assert release_due(site.database, site.broker) == 0
            assert claim(site.database, job.id, "w") is None
            assert run_jobs() == []
    assert site.broker.depth("default") == 0
    with clock.travel(moment, tick=False):
        assert release_due(site.database, site.broker) == 1
        assert site.broker.depth("default") == 1
        assert [each.id for each in run_jobs()] == [job.id]


NEW_YORK_WINTER = timezone(-timedelta(hours=5))

#: on 25 October 2026 at 01:00 UTC the clock goes back from 03:00 to 02:00, on 29 March from 02:00 to 03:00
TIMES = {
    "naive": (datetime(2026, 1, 10, 9), datetime(2026, 1, 10, 8, tzinfo=UTC)),
    "naive-in-summer": (datetime(2026, 7, 10, 9), datetime(2026, 7, 10, 7, tzinfo=UTC)),
    "aware": (datetime(2026, 1, 10, 9, tzinfo=NEW_YORK_WINTER), datetime(2026, 1, 10, 14, tzinfo=UTC)),
    "second-of-a-repeated-hour": (datetime(2026, 10, 25, 2, 15, fold=1), datetime(2026, 10, 25, 1, 15, tzinfo=UTC)),
    "first-of-a-repeated-hour": (datetime(2026, 10, 25, 2, 15), datetime(2026, 10, 25, 0, 15, tzinfo=UTC)),
    "aware-in-a-repeated-hour": (datetime(2026, 10, 25, 1, 15, tzinfo=UTC), datetime(2026, 10, 25, 1, 15, tzinfo=UTC)),
    "in-a-skipped-hour": (datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    "far": (datetime(2199, 12, 31, 23, 59, 59, 999999), datetime(2199, 12, 31, 22, 59, 59, 999999, tzinfo=UTC)),
}


@pytest.mark.parametrize("which", TIMES)
def test_a_job_runs_at_its_time_and_not_before(site, which):
    run_at, moment = TIMES[which]
    with clock.travel(moment - timedelta(hours=20), tick=False):
        job = _enqueue(run_at)
    _runs_at(site, job, moment)


def test_the_second_of_two_equal_times_is_later_than_the_first(site):
    with _at(2026, 10, 25, 0, 30):  # 02:30 for the first time
        later = _enqueue(datetime(2026, 10, 25, 1, 15, tzinfo=UTC))  # 02:15 for the second time
        now = _enqueue(datetime(2026, 10, 25, 2, 15))  # for the first time, a quarter of an hour ago
        assert site.broker.held("default", [later.id, now.id]) == {now.id}
        assert [each.id for each in run_jobs()] == [now.id]
        assert later.status() == "queued"
    _runs_at(site, later, datetime(2026, 10, 25, 1, 15, tzinfo=UTC))


@pytest.mark.parametrize("past", [datetime(1970, 1, 1), datetime(1999, 12, 31, 23, tzinfo=UTC)], ids=["naive", "aware"])
def test_a_job_for_the_past_runs_at_once(site, past):
    job = _enqueue(past)
    assert site.broker.held("default", [job.id]) == {job.id}
    assert [each.id for each in run_jobs()] == [job.id]


@pytest.mark.one_database
@pytest.mark.parametrize("run_at", [datetime.min, datetime.max.replace(tzinfo=NEW_YORK_WINTER)], ids=["first", "last"])
def test_a_time_that_cannot_be_kept_is_refused_at_the_call_and_changes_nothing(site, run_at):
    with pytest.raises(JobArgumentError, match="the years 1 to 9999"):
        enqueue(note, key="x", run_at=run_at)
    current_unit().commit()
    assert stored("Background Job") == []


def test_a_job_for_later_keeps_others_with_its_key_away(site):
    """RQ counts what is scheduled as not queued: Frappe deletes that job and replaces it."""
    with _at(2026, 1, 1):
        first = enqueue(note, key="first", job_id="k", run_at=datetime(2026, 1, 2))
        current_unit().commit()
        assert enqueue(note, key="second", job_id="k") is None
        current_unit().commit()
    with _at(2026, 1, 3):
        assert [each.id for each in run_jobs()] == [first.id]
    assert stored("Notification Log", "subject") == [("first",)]
