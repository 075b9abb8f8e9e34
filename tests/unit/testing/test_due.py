"""run_due(until=...): a month of schedules without a second of waiting."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from doclife.core import clock
from doclife.core.context import current
from doclife.core.errors import ValidationError
from doclife.jobs.enqueue import enqueue
from doclife.schema.tables import scheduled_job_type
from doclife.testing import due as due_module
from doclife.testing import due_times, run_due, travel_to

ran: list[tuple[str, datetime]] = []
HERE = "tests.unit.testing.test_due"


def _note(word):
    ran.append((word, clock.now(current().site.settings.time_zone)))


def daily():
    _note("daily")


def weekly():
    _note("weekly")


def monthly():
    _note("monthly")


def hourly():
    _note("hourly")


def every():
    _note("all")


def later():
    _note("later")


def hands_over():
    _note("hands over")
    enqueue(later, run_at=datetime(2026, 3, 2, 8, 30))


def fails():
    raise ZeroDivisionError("broken")


def fails_once():
    _note("fails once")
    if len(ran) == 1:
        raise ZeroDivisionError("broken")


def again():
    enqueue(again, run_at=clock.now() + timedelta(seconds=1))


def again_at_once():
    enqueue(again_at_once)


@pytest.fixture
def declare(site):
    def declare(events):
        site.use_hooks("shop", {"scheduler_events": events})

    ran.clear()
    return declare


def _days(word, *days, month=3, hour=0):
    return [(word, datetime(2026, month, day, hour)) for day in days]


@pytest.mark.slow_on_servers
def test_a_month_gives_exactly_the_runs_of_the_calendar(declare):
    declare({"daily": f"{HERE}.daily", "weekly": f"{HERE}.weekly", "monthly": f"{HERE}.monthly"})
    with travel_to("2026-02-28 12:00"):
        jobs = run_due(until="2026-03-31 23:59")
        assert clock.now() == datetime(2026, 3, 31, 23, 59)
    # 1 March 2026 is a Sunday
    expected = [*_days("daily", *range(1, 32)), *_days("weekly", 1, 8, 15, 22, 29), *_days("monthly", 1)]
    assert sorted(ran) == sorted(expected)
    assert [time for _word, time in ran] == sorted(time for _word, time in ran)
    assert [(job.method.rpartition(".")[2], job.started_at) for job in jobs] == ran


@pytest.mark.one_database
@pytest.mark.doclife_settings(time_zone="Europe/Berlin")
@pytest.mark.parametrize(
    ("day", "hours", "nights"),
    [
        # 2:00 to 3:00 is left out: 23 hours, and 2:30 comes at 3:00
        ("2026-03-29", [0, 1, 3, 4, 5], [datetime(2026, 3, 29, 3)]),
        # 2:00 to 3:00 comes twice: 25 hours, and 2:30 comes once
        ("2026-10-25", [0, 1, 2, 2, 3, 4, 5], [datetime(2026, 10, 25, 2, 30)]),
    ],
)
def test_nights_in_which_the_clocks_are_changed(declare, day, hours, nights):
    declare({"hourly": f"{HERE}.hourly", "cron": {"30 2 * * *": f"{HERE}.daily"}})
    start = datetime.fromisoformat(day)
    with travel_to(start - timedelta(minutes=1)):
        run_due(until=start + timedelta(hours=5, minutes=59))
    assert [time.hour for word, time in ran if word == "hourly"] == hours
    assert [time for word, time in ran if word == "daily"] == nights


@pytest.mark.one_database
def test_the_end_is_included_and_the_next_call_goes_on(declare):
    declare({"daily": f"{HERE}.daily"})
    with travel_to("2026-03-01 12:00"):
        run_due(until="2026-03-02")
        assert ran == _days("daily", 2)
        run_due(until="2026-03-03 23:59:59")
        assert ran == _days("daily", 2, 3)
        assert run_due() == []


@pytest.mark.one_database
def test_jobs_for_later_run_at_their_times(declare):
    declare({"daily": {"method": f"{HERE}.hands_over", "catch_up": "skip"}})
    with travel_to("2026-03-01 12:00"):
        jobs = run_due(until="2026-03-02 08:29")
        assert [job.status for job in jobs] == ["finished"]
        assert [job.method for job in run_due(until="2026-03-02 09:00")] == [f"{HERE}.later"]
    assert ran == [("hands over", datetime(2026, 3, 2)), ("later", datetime(2026, 3, 2, 8, 30))]


@pytest.mark.one_database
def test_a_further_attempt_runs_at_its_time(declare):
    declare({"daily": {"method": f"{HERE}.fails_once", "retries": 1}})
    with travel_to("2026-03-01 12:00"):
        (job,) = run_due(until="2026-03-02 12:00")
    assert (job.status, len(ran)) == ("finished", 2)
    assert ran[1][1] > ran[0][1]


@pytest.mark.one_database
def test_missed_runs_come_as_the_schedule_says(declare):
    entries = [
        {"method": f"{HERE}.daily", "catch_up": "all"},
        {"method": f"{HERE}.weekly", "catch_up": "once"},
        {"method": f"{HERE}.monthly", "catch_up": "skip"},
    ]
    declare({"hourly": entries})
    with travel_to("2026-03-01 12:30"):
        run_due(since="2026-03-01 08:30", until="2026-03-01 13:30")
    # 9, 10, 11 and 12 were missed; 13 comes
    assert [time.hour for word, time in ran if word == "daily"] == [12, 12, 12, 12, 13]
    assert [time.hour for word, time in ran if word == "weekly"] == [12, 13]
    assert [time.hour for word, time in ran if word == "monthly"] == [13]


@pytest.mark.one_database
def test_missed_runs_come_without_an_end_too_and_each_tick_once(declare):
    declare({"hourly": {"method": f"{HERE}.hourly", "catch_up": "all"}, "all": f"{HERE}.every"})
    with travel_to("2026-03-01 12:30"):
        jobs = run_due(since="2026-03-01 08:30")
        with pytest.raises(ValueError, match="is to come"):
            run_due(since="2026-03-01 12:31")
    # 9, 10, 11 and 12 were missed; what is due at each tick has missed nothing
    assert sorted(word for word, _time in ran) == ["all", *["hourly"] * 4]
    assert len(jobs) == 5


@pytest.mark.one_database
def test_schedules_of_all_run_where_each_tick_is_asked_for(declare):
    declare({"all": f"{HERE}.every", "hourly": f"{HERE}.hourly", "cron": {"0 13 * * * 30": f"{HERE}.daily"}})
    with travel_to("2026-03-01 12:58:30"):
        run_due(until="2026-03-01 12:59:59")
        assert ran == []
        run_due(until="2026-03-01 13:01", every_tick=True)
    one = datetime(2026, 3, 1, 13)
    assert sorted(ran) == [
        ("all", one),
        ("all", one.replace(minute=1)),
        ("daily", one.replace(second=30)),
        ("hourly", one),
    ]


@pytest.mark.one_database
@pytest.mark.doclife_settings(scheduler_tick_interval=0.3)
def test_ticks_that_no_float_meets_are_met(declare, monkeypatch):
    monkeypatch.setattr(due_module, "MOST_MOMENTS", 10)
    declare({"all": f"{HERE}.every"})
    with travel_to("2026-03-01 12:00"):  # 1,772,366,400 s, which is 5,907,888,000 ticks
        run_due(until="2026-03-01 12:00:01", every_tick=True)
    assert [time.microsecond for _word, time in ran] == [0, 300_000, 600_000, 900_000]


@pytest.mark.one_database
@pytest.mark.doclife_settings(pause_scheduler=True)
def test_where_a_setting_holds_the_scheduler_only_jobs_that_are_there_run(declare):
    declare({"daily": f"{HERE}.daily"})
    with travel_to("2026-03-01 12:00"):
        enqueue(later)
        run_due(until="2026-03-03 12:00")
        assert run_due(since="2026-03-02") == []
    assert [word for word, _time in ran] == ["later"]


@pytest.mark.one_database
@pytest.mark.doclife_settings(queue="inline")
def test_jobs_that_run_with_the_commit_are_returned_too(declare):
    declare({"daily": f"{HERE}.daily"})
    with travel_to("2026-03-01 12:00"):
        jobs = run_due(until="2026-03-03 12:00")
    assert [(job.status, job.started_at) for job in jobs] == [
        ("finished", datetime(2026, 3, 2)),
        ("finished", datetime(2026, 3, 3)),
    ]
    assert ran == _days("daily", 2, 3)


@pytest.mark.one_database
def test_a_job_that_fails_stops_the_clock_where_it_failed(declare):
    declare({"daily": f"{HERE}.fails"})
    with travel_to("2026-03-01 12:00"):
        with pytest.raises(AssertionError, match="ZeroDivisionError: broken"):
            run_due(until="2026-03-31")
        assert clock.now() == datetime(2026, 3, 2)
        jobs = run_due(until="2026-03-04", allow_failures=True)
    assert [job.status for job in jobs] == ["failed", "failed"]


@pytest.mark.one_database
def test_a_schedule_that_cannot_be_started_fails_the_test(site):
    with travel_to("2026-03-01 12:00"), site.database.transaction() as connection:
        connection.execute(
            scheduled_job_type.insert().values(
                name="script", app="shop", method=f"{HERE}.daily", frequency="daily", queue="gone", entry=1,
                server_script="Nightly", next_execution=clock.utc_now(), docstatus=0, idx=0,
            )
        )  # fmt: skip
    with travel_to("2026-03-01 12:00"):
        with pytest.raises(AssertionError, match="the schedule script could not be started: there is no queue 'gone'"):
            run_due(until="2026-03-03")
        assert run_due(until="2026-03-03", allow_failures=True) == []


@pytest.mark.one_database
def test_it_moves_only_a_clock_that_was_moved_and_only_on(declare):
    declare({"daily": f"{HERE}.daily"})
    with pytest.raises(ValueError, match="travel"):
        run_due(until="2100-01-01")
    with travel_to("2026-03-02"), pytest.raises(ValueError, match="is past"):
        run_due(until="2026-03-01")


@pytest.mark.one_database
def test_endless_work_ends_with_what_it_is(declare, monkeypatch):
    monkeypatch.setattr(due_module, "MOST_MOMENTS", 5)
    monkeypatch.setattr("doclife.testing.running.MOST_RUNS", 5)
    declare({"daily": f"{HERE}.again"})
    with travel_to("2026-03-01 23:59:59"), pytest.raises(AssertionError, match=r"as far as 2026-03-02 00:00:0\d"):
        run_due(until="2026-03-31")
    declare({"daily": f"{HERE}.again_at_once"})
    with travel_to("2026-03-01 12:00"), pytest.raises(AssertionError, match=r"5 runs of jobs.*again_at_once"):
        run_due(until="2026-03-02")


@pytest.mark.one_database
def test_when_a_schedule_is_due_next(declare):
    declare({"cron": {"0 9 * * 1-5": f"{HERE}.daily"}})
    with travel_to("2026-03-06 10:00"):  # a Friday
        assert due_times(f"{HERE}.daily", 2) == [datetime(2026, 3, 9, 9), datetime(2026, 3, 10, 9)]
        assert due_times("0 9 * * 1-5") == [datetime(2026, 3, 9, 9)]
        with pytest.raises(ValidationError, match="Did you mean"):
            due_times("dialy")
        with pytest.raises(ValidationError, match="declared as 'daily'"):
            due_times("daily")
        with pytest.raises(ValidationError, match="at least 1, not 0"):
            due_times("cron", 0)
