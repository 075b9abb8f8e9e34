"""Sync and planning: rows that follow the hooks, times that are those of now."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from types import ModuleType

import msgspec
import pytest
from sqlalchemy import select, type_coerce

from doclife.core.errors import HookError, ValidationError
from doclife.database.types import NaiveDateTime
from doclife.doctypes.scheduled_job_type import ScheduledJobType
from doclife.events.hooks import AppHooks
from doclife.model.access import get_doc, rename_doc
from doclife.scheduler.planning import plan_anew, plan_outdated
from doclife.scheduler.sync import sync, unsynced
from doclife.scheduler.tick import tick
from doclife.scheduler.times import next_time
from doclife.schema.tables import scheduled_job_type
from doclife.testing import as_user, make_user, travel_to
from doclife.uow.unit import current_unit
from tests.unit.scheduler.test_tick import NIGHTLY, NOON, OTHER, _declare, _rows, _set

pytestmark = pytest.mark.slow_on_servers

_type = scheduled_job_type.c


def _next(name):
    """Returns the stored time, in UTC."""
    query = select(type_coerce(_type.next_execution, NaiveDateTime())).where(_type.name == name)
    return current_unit().link.execute(query).scalar()


def _set_of(name, **values):
    unit = current_unit()
    unit.before_write()
    unit.link.execute(scheduled_job_type.update().where(_type.name == name).values(values))
    unit.commit()


def test_what_is_due_stays_due_when_the_declaration_changes(site):
    with travel_to(NOON):
        _declare(site, {"hourly": NIGHTLY, "all": OTHER})
    with travel_to("2026-01-15 13:30"):
        _declare(site, {"daily": [NIGHTLY, OTHER]})
        assert _next(NIGHTLY) == datetime(2026, 1, 15, 13)  # missed while the app was changed
        assert _next(OTHER) == datetime(2026, 1, 16)  # of ticks none is missed


def test_a_time_that_would_not_be_planned_now_is_planned_anew(site):
    with travel_to(NOON):
        _declare(site, {"daily": NIGHTLY, "cron": {"0 9 * * *": {"method": OTHER, "time_zone": "Asia/Kolkata"}}})
        site.settings = msgspec.structs.replace(site.settings, time_zone="America/New_York")
        assert unsynced(site) == [NIGHTLY]
        assert sync(site) == 1  # the other one has a zone of its own
        assert _next(NIGHTLY) == datetime(2026, 1, 16, 5)
        assert (unsynced(site), sync(site)) == ([], 0)
    with travel_to("2026-01-14 12:00"):  # the clock was wrong
        assert sync(site) == 2
        assert (_next(NIGHTLY), _next(OTHER)) == (datetime(2026, 1, 15, 5), datetime(2026, 1, 15, 3, 30))
    with travel_to("2026-01-15 05:00"):
        assert sync(site) == 0  # it is due


def test_a_schedule_of_ticks_does_not_wait_longer_than_for_the_next_tick(site):
    with travel_to(NOON):
        _declare(site, {"all": NIGHTLY})
        for planned, expected in (("12:01:00", "12:01:00"), ("12:01:01", "12:00:00"), ("11:59:00", "11:59:00")):
            _set(next_execution=datetime.fromisoformat(f"2026-01-15 {planned}Z"))
            sync(site)
            assert _next(NIGHTLY) == datetime.fromisoformat(f"2026-01-15 {expected}")


def test_entries_are_spread_by_site_and_name(site):
    with travel_to(NOON):
        _declare(site, {"cron": {"H H * * *": [NIGHTLY, OTHER]}})
        expected = [
            next_time("H H * * *", "UTC", datetime(2026, 1, 15, 12, tzinfo=UTC), spread_by=f"{site.name}/{name}")
            for name in (NIGHTLY, OTHER)
        ]
        assert [_next(name).replace(tzinfo=UTC) for name in (NIGHTLY, OTHER)] == expected
        assert expected[0] != expected[1]


@pytest.mark.one_database
def test_what_h_stands_for_may_never_come(site):
    """That depends on site and name, so it is found where both are known."""
    with pytest.raises(HookError, match=rf"tests: scheduler_events: {NIGHTLY}.*0 0 31 H"):
        _declare(site, {"cron": {"0 0 31 H *": [NIGHTLY] * 24}})
    assert _rows("name") == []


def test_the_clock_alone_changes_plans_and_no_declaration(site):
    with travel_to("2026-01-20"):
        _declare(site, {"daily": [NIGHTLY, OTHER]})
        assert plan_outdated(site) == 0
    _set_of(OTHER, server_script="Nightly")
    _declare(site, {"daily": NIGHTLY})
    site.apps[-1].values["scheduler_events"] = {}  # of a newer version
    with travel_to(NOON):
        assert plan_outdated(site) == 2
        assert (_next(NIGHTLY), _next(OTHER)) == (datetime(2026, 1, 16), datetime(2026, 1, 16))
        assert plan_outdated(site) == 0
    with travel_to("2026-01-17"):
        assert plan_outdated(site) == 0  # it is due


def test_rows_of_server_scripts_are_left_alone_and_planned(site):
    with travel_to(NOON):
        _declare(site, {"daily": [NIGHTLY, OTHER]})
        _set_of(OTHER, server_script="Nightly", app="scripts", next_execution=datetime(2026, 1, 20, tzinfo=UTC))
        assert _declare(site, {}) == 2
        assert _rows("name", "app", "server_script") == [(OTHER, "scripts", "Nightly")]
        assert _next(OTHER) == datetime(2026, 1, 16)


def test_processes_that_sync_in_one_moment_do_not_disturb_each_other(committed_site):
    site, problems = committed_site, []
    app = AppHooks("tests", {"scheduler_events": {}}, ModuleType("tests"))
    site.apps.append(app)
    barrier = threading.Barrier(2)

    def run():
        try:
            for words in (["hourly"] * 9, ["daily"] * 12, []):
                barrier.wait(10)
                app.values["scheduler_events"] = {"cron": dict.fromkeys(words, [NIGHTLY, OTHER] * len(words))}
                barrier.wait(10)
                sync(site)
        except BaseException as error:
            problems.append(error)
            barrier.abort()
            raise

    with travel_to(NOON):
        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        app.values["scheduler_events"] = {"daily": [NIGHTLY, OTHER] * 12}
        assert sync(site) == 24
        assert sync(site) == 0


def test_what_was_missed_while_it_was_stopped_is_not_made_up(site):
    with travel_to(NOON):
        _declare(site, {"hourly": NIGHTLY})
        schedule = get_doc(ScheduledJobType, NIGHTLY)
        schedule.stopped = True
        schedule.save()
    with travel_to("2026-01-15 15:30"):
        schedule.create_log = False
        schedule.save()
        assert _next(NIGHTLY) == datetime(2026, 1, 15, 13)
        schedule.stopped = False
        schedule.save()
        assert schedule.next_execution == datetime(2026, 1, 15, 16)
        assert tick(site).fired == []
        _set(next_execution=datetime(2026, 1, 15, 15, tzinfo=UTC))
        schedule.reload()
        schedule.create_log = True
        schedule.save()
        assert _next(NIGHTLY) == datetime(2026, 1, 15, 15)  # it was not stopped, so what it missed is made up


@pytest.mark.doclife_settings(time_zone="Europe/Berlin")
def test_it_is_planned_anew_in_the_night_in_which_the_clock_is_set_back(site):
    with travel_to("2026-10-24 12:00"):
        _declare(site, {"hourly": NIGHTLY})
        _set(stopped=1)
    with travel_to(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)):  # 2:30, and again in an hour
        schedule = get_doc(ScheduledJobType, NIGHTLY)
        schedule.stopped = False
        schedule.save()
        assert _next(NIGHTLY) == datetime(2026, 10, 25, 1)
        assert schedule.next_execution == datetime(2026, 10, 25, 2)


@pytest.mark.doclife_settings(time_zone="Europe/Berlin")
def test_between_two_equal_times_the_second_is_planned_and_the_first_not_made_up(site):
    with travel_to(datetime(2026, 10, 25, 0, 10, tzinfo=UTC)):  # 2:10, twenty minutes before the first 2:30
        _declare(site, {"cron": {"30 * * * *": NIGHTLY}})
        _set(stopped=1)
    with travel_to(datetime(2026, 10, 25, 0, 45, tzinfo=UTC)):
        schedule = get_doc(ScheduledJobType, NIGHTLY)
        schedule.stopped = False
        schedule.save()
        assert _next(NIGHTLY) == datetime(2026, 10, 25, 1, 30)
        assert tick(site).fired == []


def test_a_scheduler_that_was_disabled_begins_from_now(site):
    with travel_to(NOON):
        _declare(site, {"hourly": [NIGHTLY, OTHER], "all": "tests.unit.scheduler.bodies.failing"})
        assert plan_anew(site) == 0
    with travel_to("2026-01-15 15:30"):
        assert plan_anew(site, [OTHER]) == 1
        current_unit().commit()
        assert (_next(NIGHTLY), _next(OTHER)) == (datetime(2026, 1, 15, 13), datetime(2026, 1, 15, 16))
        assert plan_anew(site) == 1
        current_unit().commit()
        assert _next(NIGHTLY) == datetime(2026, 1, 15, 16)
        assert [name for name, _ in tick(site).fired] == ["tests.unit.scheduler.bodies.failing"]


def test_a_form_that_was_open_while_the_schedule_ran_changes_no_times(site):
    with travel_to(NOON):
        _declare(site, {"hourly": NIGHTLY})
        form = get_doc(ScheduledJobType, NIGHTLY).as_dict()
    with travel_to("2026-01-15 13:00"):
        assert len(tick(site).fired) == 1
        get_doc({**form, "create_log": 0, "last_execution": None}).save()
    assert _rows("create_log", "timeout", "last_execution", "next_execution") == [
        (0, None, datetime(2026, 1, 15, 13), datetime(2026, 1, 15, 14))
    ]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("frequency", "hourly"),
        ("queue", "long"),
        ("server_script", "x"),
        ("catch_up", "all"),
    ],
)
def test_nobody_changes_what_the_app_declares(site, field, value):
    _declare(site, {"daily": NIGHTLY})
    make_user("manager@example.com", "System Manager")
    for user in ("manager@example.com", "Administrator"):
        with as_user(user):
            schedule = get_doc(ScheduledJobType, NIGHTLY)
            setattr(schedule, field, value)
            with pytest.raises(ValidationError, match=f"{field} of the schedule"):
                schedule.save()
    with pytest.raises(ValidationError, match="is saved, not changed by db_set"):
        get_doc(ScheduledJobType, NIGHTLY).db_set(field, value)
    with pytest.raises(ValidationError, match=r"declared in an app's hooks\.py"):
        ScheduledJobType(name="x", app="tests", method=OTHER).insert()
    with pytest.raises(ValidationError, match=r"declares it in hooks\.py; stop it instead"):
        get_doc(ScheduledJobType, NIGHTLY).delete()
    with pytest.raises(ValidationError, match="is not renamed"):
        rename_doc("Scheduled Job Type", NIGHTLY, "x", force=True)
