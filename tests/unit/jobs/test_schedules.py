"""How the scheduler is, and why schedules do not get their jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import delete

from doclife.jobs.problems import scheduler_problems
from doclife.jobs.schedules import SCHEDULER, Due, SchedulerState, scheduler_state
from doclife.outbox.leases import Lease
from doclife.schema.tables import scheduled_job_type
from doclife.testing import travel_to
from tests.stored import note_tick

NOON = datetime(2030, 3, 1, 12, tzinfo=UTC)

WELL = SchedulerState(
    holder="somebody", until=datetime(2030, 3, 1, 12, 0, 20), switches=[], tick_interval=60.0,
    last_tick=datetime(2030, 3, 1, 12), last_tick_age_s=30.0, active=3, stopped=0, overdue=0, first_overdue=None,
    next=None,
)  # fmt: skip


def _problems(**changes):
    return list(scheduler_problems(msgspec.structs.replace(WELL, **changes)))


@pytest.fixture
def rows(site):
    def schedule(name, minutes, **values):
        at = None if minutes is None else NOON + timedelta(minutes=minutes)
        given = {"frequency": "cron", "stopped": 0, **values}
        return {
            "name": name, "app": "shop", "method": f"shop.{name}", "queue": "default", "entry": 1,
            "next_execution": at, "docstatus": 0, "idx": 0, **given,
        }  # fmt: skip

    with site.database.transaction() as connection:
        connection.execute(delete(scheduled_job_type))
        rows = [
            schedule("late", -3),
            schedule("due", -1),
            schedule("next", 5),
            schedule("later", 500),
            schedule("stopped", -10, stopped=1),
            schedule("ended", None),
            schedule("tick", 0, frequency="all"),
        ]
        connection.execute(scheduled_job_type.insert(), rows)


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_who_ticks_and_what_is_due(site, rows):
    with travel_to(NOON - timedelta(seconds=40)):
        note_tick(site)
    with travel_to(NOON):
        assert Lease(site.database, SCHEDULER, "host-7").hold()
        state = scheduler_state(site)
    assert state == SchedulerState(
        holder="host-7",
        until=datetime(2030, 3, 1, 21, 0, 20),
        switches=[],
        tick_interval=60.0,
        last_tick=datetime(2030, 3, 1, 20, 59, 20),
        last_tick_age_s=40.0,
        active=5,
        stopped=1,
        overdue=1,
        first_overdue=Due(name="late", method="shop.late", at=datetime(2030, 3, 1, 20, 57)),
        next=Due(name="late", method="shop.late", at=datetime(2030, 3, 1, 20, 57)),
    )


@pytest.mark.one_database
def test_what_is_due_at_each_tick_is_not_what_is_due_next(site, rows):
    names = ("late", "due", "stopped", "ended")
    with site.database.transaction() as connection:
        connection.execute(delete(scheduled_job_type).where(scheduled_job_type.c.name.in_(names)))
    with travel_to(NOON):
        assert scheduler_state(site).next.name == "next"


@pytest.mark.one_database
def test_without_schedules_and_without_a_scheduler(site):
    with site.database.transaction() as connection:
        connection.execute(delete(scheduled_job_type))
    state = scheduler_state(site)
    assert (state.holder, state.active, state.stopped, state.overdue, state.next) == (None, 0, 0, 0, None)
    assert list(scheduler_problems(state)) == []


def test_all_is_well():
    assert _problems() == []


def test_each_setting_that_holds_it_is_a_reason_and_so_is_nobody_who_leads():
    maintenance, paused, nobody = _problems(switches=["maintenance_mode", "pause_scheduler"], holder=None)
    assert (maintenance.kind, paused.kind, nobody.kind) == ("maintenance_mode", "pause_scheduler", "no-scheduler")
    assert paused.help == "doclife scheduler resume"
    assert nobody.why == "3 schedules are to come, and nobody leads"


def test_where_it_is_disabled_nobody_needs_to_lead():
    (disabled,) = _problems(switches=["disable_scheduler"], holder=None)
    assert (disabled.kind, disabled.help) == ("disable_scheduler", "doclife scheduler enable")


@pytest.mark.parametrize(
    ("interval", "age_s", "late"), [(60, 150, False), (60, 151, True), (1, 5, False), (1, 6, True)]
)
def test_a_leader_that_does_not_tick(interval, age_s, late):
    found = _problems(tick_interval=interval, last_tick_age_s=age_s)
    assert [each.kind for each in found] == (["no-tick"] if late else [])


def test_a_leader_that_has_never_ticked():
    (found,) = _problems(last_tick=None, last_tick_age_s=None)
    assert found.why == "somebody leads, but it has never ticked; a tick is due every 60 s"


def test_a_schedule_that_was_due_and_got_no_job():
    first = Due(name="shop.nightly #2", method="shop.nightly", at=datetime(2030, 3, 1, 11))
    (found,) = _problems(overdue=3, first_overdue=first)
    assert (found.kind, found.what) == (
        "schedule-late",
        "shop.nightly #2 was due at 2030-03-01 11:00:00 and was not enqueued, and 2 others",
    )
