"""Sync and tick: rows that follow the hooks, jobs that come once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import ModuleType

import msgspec
import pytest
from sqlalchemy import select

from doclife.core import clock
from doclife.core.errors import ValidationError
from doclife.doctypes.scheduled_job_type import ScheduledJobType
from doclife.events.hooks import AppHooks
from doclife.jobs.listing import list_jobs
from doclife.model.access import get_doc
from doclife.outbox import complete
from doclife.outbox.claim import claim_next
from doclife.query.lists import get_all
from doclife.scheduler.sync import sync
from doclife.scheduler.tick import tick
from doclife.schema.tables import background_job, scheduled_job_run, scheduled_job_type
from doclife.testing import as_user, make_user, travel_to
from doclife.uow.unit import current_unit
from doclife.worker.run import run_claimed

NIGHTLY = "tests.unit.scheduler.bodies.nightly"
OTHER = "tests.unit.scheduler.bodies.other"

NOON = "2026-01-15 12:00"


def _declare(site, events):
    site.apps[:] = [app for app in site.apps if app.name != "tests"]
    site.use_hooks("tests", {"scheduler_events": events})
    return sync(site)


def _rows(*columns):
    query = select(*(scheduled_job_type.c[name] for name in columns)).order_by(scheduled_job_type.c.name)
    return [tuple(row) for row in current_unit().link.execute(query)]


def _set(**values):
    unit = current_unit()
    unit.before_write()
    unit.link.execute(scheduled_job_type.update().values(**values))
    unit.commit()


def _finish_all(site):
    while (claimed := claim_next(site.database, ["short", "default", "long"], "w")) is not None:
        assert run_claimed(site, claimed) == "finished"


def _finish_at_once():
    """Ends the jobs without running them."""
    unit = current_unit()
    unit.before_write()
    unit.link.execute(background_job.update().values(status="finished", dedup_key=None))
    unit.commit()


def _dues():
    query = select(scheduled_job_run.c.due).order_by(scheduled_job_run.c.due)
    return list(current_unit().link.execute(query).scalars())


def _of_january(text):
    return datetime.strptime(f"2026-01-{text}", "%Y-%m-%d %H:%M")


def test_rows_follow_the_hooks_and_stops_and_times_survive(site):
    with travel_to(NOON):
        assert _declare(site, {"daily": NIGHTLY, "hourly": OTHER}) == 2
        assert _declare(site, {"daily": NIGHTLY, "hourly": OTHER}) == 0
        assert _rows("method", "frequency", "next_execution") == [
            (NIGHTLY, "daily", datetime(2026, 1, 16)),
            (OTHER, "hourly", datetime(2026, 1, 15, 13)),
        ]
        _set(stopped=1, last_execution=clock.utc_now())
        assert _declare(site, {"cron": {"30 3 * * *": NIGHTLY}}) == 2
        assert _rows("method", "frequency", "cron_format", "stopped", "last_execution", "next_execution") == [
            (NIGHTLY, "cron", "30 3 * * *", 1, datetime(2026, 1, 15, 12), datetime(2026, 1, 16, 3, 30))
        ]
        assert _declare(site, {}) == 1
        assert _rows("name") == []


def test_a_changed_queue_leaves_the_next_time_alone(site):
    with travel_to(NOON):
        _declare(site, {"daily": NIGHTLY})
        _set(next_execution=clock.utc_now())
        _declare(site, {"daily": {"method": NIGHTLY, "queue": "short"}})
        assert _rows("queue", "next_execution") == [("short", datetime(2026, 1, 15, 12))]


@pytest.mark.doclife_settings(time_zone="Asia/Kolkata")
def test_times_are_the_sites_and_show_as_a_document(site):
    with travel_to(NOON):
        _declare(site, {"daily": NIGHTLY, "cron": {"0 9 * * *": {"method": OTHER, "time_zone": "Europe/Berlin"}}})
        assert get_doc(ScheduledJobType, NIGHTLY).next_execution == datetime(2026, 1, 16)
        # 9:00 in Berlin (UTC+1) is 13:30 in India (UTC+5:30)
        assert get_doc(ScheduledJobType, OTHER).next_execution == datetime(2026, 1, 15, 13, 30)


def test_what_is_due_is_enqueued_once_with_its_terms(site):
    with travel_to(NOON):
        _declare(site, {"daily": {"method": NIGHTLY, "queue": "long", "timeout": 77, "retries": 3}, "hourly": OTHER})
        assert len(tick(site).fired) == 0
    with travel_to("2026-01-16 00:00:20"):
        assert len(tick(site).fired) == 2
        assert len(tick(site).fired) == 0
        assert _rows("next_execution", "last_execution") == [
            (datetime(2026, 1, 17), datetime(2026, 1, 16, 0, 0, 20)),
            (datetime(2026, 1, 16, 1), datetime(2026, 1, 16, 0, 0, 20)),
        ]
    jobs = {job.method: job for job in list_jobs(site.database)}
    terms = get_all("Background Job", {"name": jobs[NIGHTLY].id}, ["queue", "run_as", "timeout", "retry"])[0]
    assert (terms.queue, terms.run_as, terms.timeout, terms.retry["max"]) == ("long", "Administrator", 77, 3)
    terms = get_all("Background Job", {"name": jobs[OTHER].id}, ["queue", "timeout", "retry"])[0]
    assert (terms.queue, terms.timeout, terms.retry) == ("default", 300, None)
    runs = current_unit().link.execute(select(scheduled_job_run).order_by(scheduled_job_run.c.schedule)).all()
    assert [(run.schedule, run.due, run.job) for run in runs] == [
        (NIGHTLY, datetime(2026, 1, 16), jobs[NIGHTLY].id),
        (OTHER, datetime(2026, 1, 15, 13), jobs[OTHER].id),
    ]
    assert site.broker.held("long", [jobs[NIGHTLY].id])
    _finish_all(site)


def test_all_fires_at_every_tick(site):
    with travel_to(NOON):
        _declare(site, {"all": NIGHTLY})
    for minute in (0, 1, 2):
        with travel_to(f"2026-01-15 12:0{minute}:00"):
            assert len(tick(site).fired) == 1
            _finish_all(site)
    assert len(list_jobs(site.database)) == 3


def test_all_fires_once_for_each_moment_a_tick_stands_for(site):
    """However many tick for it, and on a clock that was set back."""
    with travel_to(NOON):
        _declare(site, {"all": NIGHTLY, "hourly": OTHER})
    noon = datetime(2026, 1, 15, 12, tzinfo=UTC)
    for seconds, expected in ((1, 1), (2, 0), (61, 1), (65, 0)):
        now = noon + timedelta(seconds=seconds)
        with travel_to(now):
            at = now.replace(second=0)
            assert len(tick(site, at, only_missed=True).fired) == 0
            assert len(tick(site, at).fired) == expected
            _finish_all(site)
    assert _rows("next_execution")[0] == (datetime(2026, 1, 15, 12, 2),)
    _set(next_execution=noon)
    with travel_to(noon + timedelta(seconds=3)):
        assert len(tick(site, noon).fired) == 2
        assert tick(site, noon).fired == []


def test_a_tick_goes_by_time_and_name_and_ends_where_it_is_told_to(site):
    with travel_to(NOON):
        _declare(site, {"hourly": [OTHER, NIGHTLY], "cron": {"30 * * * *": OTHER}})
    goes_on = iter([True, True, False])
    with travel_to("2026-01-15 13:00"):
        ticked = tick(site, between=lambda: next(goes_on))
        assert [name for name, _job in ticked.fired] == [f"{OTHER} #2", NIGHTLY]
        assert [name for name, _job in tick(site).fired] == [OTHER]


def test_a_schedule_whose_last_job_is_not_done_is_not_started_again(site):
    with travel_to(NOON):
        _declare(site, {"hourly": NIGHTLY})
    with travel_to("2026-01-15 13:00"):
        assert len(tick(site).fired) == 1
    with travel_to("2026-01-15 14:00"):
        assert len(tick(site).fired) == 0
        assert _rows("next_execution", "last_execution") == [(datetime(2026, 1, 15, 15), datetime(2026, 1, 15, 13))]
        claimed = claim_next(site.database, ["default"], "w")
        with site.database.transaction() as connection:
            complete.fail(connection, claimed, "x")
    with travel_to("2026-01-15 15:00"):
        assert len(tick(site).fired) == 1


FIVE = "*/5 * * * *"

#: a site that was down from 15 January 12:00 to 18 January 12:00:30: the first runs, how many come, what is next
CAUGHT_UP = {
    # 24 hours on each of three days, the first at 13:00, the last at 12:00
    ("hourly", "all"): (["15 13:00", "15 14:00", "15 15:00"], 72, "18 13:00"),
    ("hourly", "once"): (["15 13:00"], 1, "18 13:00"),
    ("hourly", "skip"): (["18 12:00"], 1, "18 13:00"),  # half a minute is not late
    ("daily", "all"): (["16 00:00", "17 00:00", "18 00:00"], 3, "19 00:00"),
    ("daily", "once"): (["16 00:00"], 1, "19 00:00"),
    ("daily", "skip"): ([], 0, "19 00:00"),
    # twelve times as many as each hour
    (FIVE, "all"): (["15 12:05", "15 12:10", "15 12:15"], 864, "18 12:05"),
    (FIVE, "once"): (["15 12:05"], 1, "18 12:05"),
    (FIVE, "skip"): (["18 12:00"], 1, "18 12:05"),
}


@pytest.mark.slow_on_servers
@pytest.mark.parametrize(("when", "catch_up"), CAUGHT_UP)
def test_after_three_days_what_was_missed_is_caught_up_as_declared(site, when, catch_up):
    """One after the other, none lost and none twice, also where the job of one runs while others are due."""
    first, runs, following = CAUGHT_UP[when, catch_up]
    with travel_to(NOON):
        _declare(site, {"cron": {when: {"method": NIGHTLY, "catch_up": catch_up}}})
    with travel_to("2026-01-18 12:00:30"):
        ticks = 0
        waiting = True
        while waiting and ticks < 80:
            ticked = tick(site, only_missed=True)
            assert len(ticked.fired) == (ticks < runs)
            if ticks < 3 and ticked.fired:  # it is queued still
                again = tick(site)
                assert (again.fired, again.waiting) == ([], ticked.waiting)
            _finish_at_once()
            ticks += 1
            waiting = ticked.waiting
        assert ticks == min(max(runs, 1), 80)
        if not waiting:
            assert _rows("next_execution") == [(_of_january(following),)]
    assert _dues()[:3] == [_of_january(text) for text in first]
    assert len(set(_dues())) == len(_dues()) == min(runs, 80)


def test_of_each_tick_none_is_caught_up(site):
    with travel_to(NOON):
        _declare(site, {"all": {"method": NIGHTLY, "catch_up": "all"}})
    with travel_to("2026-01-18 12:00:30"):
        for expected in (1, 0):
            ticked = tick(site)
            assert (len(ticked.fired), ticked.waiting) == (expected, False)
        assert _dues() == [datetime(2026, 1, 18, 12, 0, 30)]


def test_a_skipping_schedule_runs_when_it_is_in_time(site):
    with travel_to(NOON):
        _declare(site, {"hourly": {"method": NIGHTLY, "catch_up": "skip"}})
    with travel_to("2026-01-15 13:00:59"):
        assert len(tick(site).fired) == 1


def test_what_is_stopped_is_not_enqueued(site):
    with travel_to(NOON):
        _declare(site, {"hourly": NIGHTLY})
        _set(stopped=1)
    with travel_to("2026-01-15 14:00"):
        assert len(tick(site).fired) == 0


def test_a_run_that_happened_does_not_happen_again_when_the_time_is_set_back(site):
    with travel_to(NOON):
        _declare(site, {"hourly": NIGHTLY})
    with travel_to("2026-01-15 13:00"):
        assert len(tick(site).fired) == 1
        _finish_all(site)
        _set(next_execution=clock.utc_now())
        assert len(tick(site).fired) == 0
        assert _rows("next_execution") == [(datetime(2026, 1, 15, 14),)]


def test_one_that_cannot_be_enqueued_does_not_stop_the_others(site):
    with travel_to(NOON):
        _declare(site, {"hourly": [NIGHTLY, OTHER]})
        unit = current_unit()
        unit.before_write()
        broken = scheduled_job_type.update().where(scheduled_job_type.c.method == NIGHTLY).values(queue="gone")
        unit.link.execute(broken)
        unit.commit()
    with travel_to("2026-01-15 13:00"):
        ticked = tick(site)
    (job,) = list_jobs(site.database)
    assert (job.method, ticked.fired) == (OTHER, [(OTHER, job.id)])
    assert "there is no queue 'gone'" in ticked.failed[NIGHTLY]


def test_a_failed_run_takes_nothing_with_it(committed_site):
    """The run, its job and the new time are one transaction."""
    site, released = committed_site, []
    site.apps.append(AppHooks("tests", {"scheduler_events": {"hourly": NIGHTLY}}, ModuleType("tests")))
    with travel_to(NOON):
        sync(site)
    site.on_release.append(released.append)
    background_job.drop(site.database.engine)  # the job cannot be written
    with travel_to("2026-01-15 13:00"):
        assert len(tick(site).fired) == 0
    with site.work():
        assert _rows("next_execution", "last_execution") == [(datetime(2026, 1, 15, 13), None)]
        assert current_unit().link.execute(select(scheduled_job_run)).all() == []
    assert released == []


@pytest.mark.one_database
def test_a_system_manager_stops_a_schedule_and_cannot_have_it_enqueue_something_else(site):
    _declare(site, {"daily": NIGHTLY})
    make_user("manager@example.com", "System Manager")
    ((name,),) = _rows("name")
    with as_user("manager@example.com"):
        for change in (ScheduledJobType.save, ScheduledJobType.discard):
            schedule = get_doc(ScheduledJobType, name)
            schedule.method = OTHER
            with pytest.raises(ValidationError):
                change(schedule)
        schedule = get_doc(ScheduledJobType, name)
        schedule.stopped = True
        schedule.save()
    assert _rows("method", "stopped", "docstatus") == [(NIGHTLY, 1, 0)]


#: the times at which a schedule of each half hour is due in the autumn night, in UTC: every half hour of it
NIGHTS = {
    # 3:00 becomes 2:00, at 1:00 UTC
    "Europe/Berlin": datetime(2026, 10, 24, 23, 30, tzinfo=UTC),
    # 2:00 becomes 1:30, at 15:00 UTC
    "Australia/Lord_Howe": datetime(2026, 4, 4, 13, 30, tzinfo=UTC),
}


@pytest.mark.parametrize("zone", NIGHTS)
def test_every_half_hour_of_the_night_in_which_the_clock_is_set_back_comes_once(site, zone):
    """Through stored times, which the site's zone does not tell apart."""
    half_hour, start = timedelta(minutes=30), NIGHTS[zone]
    site.settings = msgspec.structs.replace(site.settings, time_zone=zone)
    with travel_to(start):
        _declare(site, {"cron": {"*/30 * * * *": NIGHTLY, "15,45 * * * *": OTHER}})
    fired = []
    for n in range(1, 13):
        with travel_to(start + half_hour * n / 2):
            fired += [(name, n) for name, _job in tick(site).fired]
            sync(site)  # changes nothing
            _finish_at_once()
    halves, quarters = [n for n in range(1, 13) if n % 2 == 0], [n for n in range(1, 13) if n % 2]
    assert [n for name, n in fired if name == NIGHTLY] == halves
    assert [n for name, n in fired if name == OTHER] == quarters
