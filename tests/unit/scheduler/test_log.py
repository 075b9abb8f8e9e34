"""The log of a scheduled run says what its job did, in the same moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from doclife.core.errors import PermissionDenied, ValidationError
from doclife.doctypes.error_log import ErrorLog
from doclife.doctypes.scheduled_job_log import ScheduledJobLog
from doclife.jobs import manage
from doclife.jobs.enqueue import enqueue
from doclife.jobs.listing import list_jobs
from doclife.jobs.selection import Selection
from doclife.model.access import get_doc
from doclife.outbox import complete
from doclife.outbox.cancel import cancel
from doclife.outbox.claim import claim_next
from doclife.outbox.prune import prune
from doclife.outbox.rescue import Rescuer
from doclife.outbox.workers import Heartbeats
from doclife.query.lists import get_all, get_list
from doclife.scheduler.firing import fire
from doclife.scheduler.tick import tick
from doclife.schema.tables import scheduled_job_type
from doclife.testing import as_user, capture_statements, make_user, travel_to
from doclife.uow.unit import current_unit
from doclife.worker.run import run_claimed
from tests.unit.scheduler import bodies
from tests.unit.scheduler.test_tick import _declare, _set

pytestmark = pytest.mark.slow_on_servers

NIGHTLY = "tests.unit.scheduler.bodies.nightly"
FAILING = "tests.unit.scheduler.bodies.failing"

ONE = datetime(2026, 1, 15, 13, tzinfo=UTC)


def _started(site, method=NIGHTLY, **options):
    """Declares an hourly schedule and starts its run of one o'clock; returns the id of its job."""
    with travel_to(ONE - timedelta(hours=1)):
        _declare(site, {"hourly": {"method": method, **options}})
    with travel_to(ONE):
        ((_, job),) = tick(site).fired
    return job


def _claim(site):
    return claim_next(site.database, ["default"], "w")


def _log(*fields):
    current_unit().rollback()
    (found,) = get_all("Scheduled Job Log", fields=list(fields), as_list=True)
    return tuple(found)


def test_a_run_that_succeeds(site):
    job = _started(site)
    assert _log("name", "scheduled_job_type", "status", "triggered", "due", "started_at", "duration", "error") == (
        job, NIGHTLY, "scheduled", 0, datetime(2026, 1, 15, 13), None, None, None,
    )  # fmt: skip
    with travel_to(ONE + timedelta(seconds=5)):
        claimed = _claim(site)
        assert _log("status", "started_at", "ended_at") == ("started", datetime(2026, 1, 15, 13, 0, 5), None)
    with travel_to(ONE + timedelta(seconds=7.5)):
        assert run_claimed(site, claimed) == "finished"
    assert _log("status", "started_at", "ended_at", "duration", "error") == (
        "complete", datetime(2026, 1, 15, 13, 0, 5), datetime(2026, 1, 15, 13, 0, 7, 500_000), 2.5, None,
    )  # fmt: skip
    assert get_doc(ScheduledJobLog, job).get_title() == NIGHTLY


def test_a_run_that_fails_is_a_failed_job_with_an_error_log(site):
    job = _started(site, FAILING)
    assert run_claimed(site, _claim(site)) == "failed"
    status, error = _log("status", "error")
    assert status == "failed"
    assert error.startswith("Traceback")
    assert "RuntimeError: the books are locked" in error
    (row,) = list_jobs(site.database)
    assert (row.id, row.status) == (job, "failed")
    assert get_all("Background Job", pluck="error") == get_all(ErrorLog, {"job": job}, pluck="error") == [error]
    make_user("manager@example.com", "System Manager")
    with as_user("manager@example.com"):
        assert get_list("Scheduled Job Log", filters={"status": "failed"}, pluck="name") == [job]


def test_a_run_that_is_tried_again_is_scheduled_until_it_ends(site):
    job = _started(site, FAILING, retries=1)
    now = datetime.now(UTC)
    with travel_to(now):
        assert run_claimed(site, _claim(site)) == ""
    status, error, *times = _log("status", "error", "started_at", "ended_at", "duration")
    assert (status, times) == ("scheduled", [None, None, None])
    assert "the books are locked" in error
    with travel_to(now + timedelta(hours=1)):
        assert run_claimed(site, _claim(site)) == "failed"
        assert _log("status") == ("failed",)
        # somebody has mended it
        manage.retry_job(job, kwargs={})
        current_unit().commit()
        assert _log("status", "ended_at", "duration") == ("scheduled", None, None)
        claimed = _claim(site)
        assert _log("status") == ("started",)
        with site.database.transaction() as connection:
            complete.finish(connection, claimed, None)
        assert _log("status", "error") == ("complete", None)


def test_a_run_whose_worker_dies_is_scheduled_again_and_failed_in_the_end(site):
    """And while it stands as started it keeps its schedule from starting; no longer."""
    job = _started(site)
    rescuer = Rescuer(site.database, site.broker, Heartbeats(site.database), lambda *_: [])
    for kills in (1, 2, 3):
        claimed = _claim(site)
        with travel_to(ONE + timedelta(hours=kills)):
            assert tick(site).fired == []
        assert _log("status") == ("started",)
        assert rescuer.bury(["w"]) == 1
        assert claimed.id == job
        status, error = _log("status", "error")
        assert status == ("scheduled" if kills < 3 else "failed")
        assert "died while it ran" in error
    with travel_to(ONE + timedelta(hours=4)):
        assert len(tick(site).fired) == 1


def test_a_run_that_is_given_back_is_scheduled_again(site):
    _started(site)
    claimed = _claim(site)
    with site.database.transaction() as connection:
        assert complete.give_back(connection, claimed)
    assert _log("status", "started_at", "error") == ("scheduled", None, None)


def test_a_worker_that_has_lost_the_job_writes_no_log(site):
    _started(site)
    claimed = _claim(site)
    with site.database.transaction() as connection:
        complete.give_back(connection, claimed)
    with site.database.transaction() as connection:
        assert not complete.fail(connection, claimed, "too late")
        assert not complete.cancel(connection, claimed)
        assert not complete.requeue(connection, claimed, error="too late")
    assert _log("status", "error") == ("scheduled", None)


@pytest.mark.parametrize("how", ["with the commit", "at once", "while it runs", "of a dead worker", "purged"])
def test_a_run_that_is_cancelled(site, how):
    job = _started(site)
    if how == "with the commit":
        manage.cancel_job(job)
        current_unit().commit()
    elif how == "purged":
        assert manage.purge_jobs(site.database, site.broker, Selection(status=("queued",), queue="default")) == 1
    elif how == "at once":
        cancel(site.database, site.broker, Heartbeats(site.database), job)
    else:
        claimed = _claim(site)
        if how == "while it runs":
            with site.database.transaction() as connection:
                assert complete.cancel(connection, claimed, error="it was interrupted")
        else:
            assert cancel(site.database, site.broker, Heartbeats(site.database), job) == "cancelled"
    status, ended_at, duration = _log("status", "ended_at", "duration")
    assert status == "cancelled"
    assert ended_at is not None
    assert (duration is None) == (how not in ("while it runs", "of a dead worker"))


def test_a_schedule_may_keep_no_log(site):
    with travel_to(ONE - timedelta(hours=1)):
        _declare(site, {"hourly": NIGHTLY})
    _set(create_log=0)
    with travel_to(ONE):
        assert len(tick(site).fired) == 1
    assert run_claimed(site, _claim(site)) == "finished"
    assert get_all("Scheduled Job Log") == []


def test_one_started_by_hand_is_marked(site):
    _declare(site, {"hourly": NIGHTLY})
    now = datetime(2026, 1, 15, 13, 5, tzinfo=UTC)
    with site.work() as context:
        row = context.unit.link.execute(scheduled_job_type.select().with_for_update()).first()
        assert isinstance(fire(context, row, now, now, triggered=True), str)
    assert _log("status", "triggered", "due") == ("scheduled", 1, datetime(2026, 1, 15, 13, 5))


@pytest.mark.doclife_settings(time_zone="Europe/Berlin")
def test_a_duration_is_right_in_the_night_in_which_the_clock_is_set_back(site):
    _started(site)
    # 2:30 in Berlin comes twice that night, at 0:30 and at 1:30 UTC
    with travel_to(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)):
        claimed = _claim(site)
    with travel_to(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)):
        run_claimed(site, claimed)
    began, ended, duration = _log("started_at", "ended_at", "duration")
    assert (began, ended) == (datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 2, 30, fold=1))
    assert duration == 3600


def test_other_jobs_write_nothing_more(site):
    enqueue(bodies.other)
    with capture_statements() as statements:
        current_unit().commit()
    (claimed,) = [_claim(site)]
    with site.work() as context, capture_statements() as end:
        context.unit.before_write()
        complete.finish(context.unit.link, claimed, None)
    assert not [text for text in statements + end if "tabScheduled" in text]


@pytest.mark.one_database
def test_logs_are_read_by_system_managers_and_written_by_nobody(site):
    job = _started(site)
    log = get_doc(ScheduledJobLog, job)
    log.status = "complete"
    for change in (log.save, log.discard, lambda: log.db_set("status", "complete"), lambda: log.rename("x")):
        with pytest.raises(ValidationError, match="Scheduled Job Log"):
            change()
    make_user("ann@example.com")
    with as_user("ann@example.com"):
        with pytest.raises(PermissionDenied):
            get_doc(ScheduledJobLog, job).check_permission("read")
        with pytest.raises(PermissionDenied):
            get_list("Scheduled Job Log")
    assert _log("status") == ("scheduled",)


def test_old_logs_are_pruned(site):
    job = _started(site)
    with travel_to(ONE + timedelta(days=89)):
        assert prune(site.database) == 0
    with travel_to(ONE + timedelta(days=91)):
        assert prune(site.database) == 2  # with the run
    assert get_all("Scheduled Job Log") == []
    assert [row.id for row in list_jobs(site.database)] == [job]
