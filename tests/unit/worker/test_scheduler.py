"""The scheduler's loop, round by round with a clock that stands still: when it ticks, what it survives, who leads."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from doclife.core import clock, config
from doclife.core.errors import DatabaseUnavailable
from doclife.outbox.moments import TICK, noted
from doclife.schema.tables import background_job, scheduled_job_run, scheduled_job_type
from doclife.schema.tables import lease as leases
from doclife.worker import scheduler as scheduling
from doclife.worker.scheduler import SchedulerLoop, lease_seconds

pytestmark = pytest.mark.slow_on_servers

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def at(committed_site, monkeypatch):
    """Ends what jobs there are and sets the clock, which then stands still, to so many seconds after noon."""
    # the clock's own, which it reckons from two others, trembles on a busy machine
    monkeypatch.setattr(clock, "steady", lambda: (clock.utc_now() - NOON).total_seconds())
    with ExitStack() as stack:

        def set_clock(seconds: float) -> None:
            _end_jobs(committed_site)
            stack.enter_context(clock.travel(NOON + timedelta(seconds=seconds), tick=False))

        set_clock(0)
        yield set_clock


def _end_jobs(site):
    with site.database.transaction() as connection:
        connection.execute(background_job.delete())


def _schedule(site, name="each tick", frequency="all", **more):
    values = {"name": name, "app": "doclife", "method": "doclife.utils.today", "frequency": frequency}
    values |= {"queue": "default", "server_script": "x", "next_execution": clock.utc_now()} | more
    with site.database.transaction() as connection:
        connection.execute(scheduled_job_type.insert().values(values))


def _dues(site, name="each tick"):
    """Returns when the runs of a schedule were due, in seconds after noon."""
    run = scheduled_job_run.c
    with site.database.reading() as connection:
        found = list(connection.execute(sa.select(run.due).where(run.schedule == name).order_by(run.due)).scalars())
    return [(due.replace(tzinfo=UTC) - NOON).total_seconds() for due in found]


def _set(site, **settings):
    config.write_site_config(site.sites_dir, site.name, settings)


def _takes_long(loop, passes):
    """Has something happen before each schedule of a tick but the first."""
    goes_on, first = loop._goes_on, [True]

    def slowly():
        if not first.pop():
            passes()
        first.append(False)
        return goes_on()

    loop._goes_on = slowly


def test_it_ticks_on_the_minute_and_waits_for_the_next_look(committed_site, at):
    _schedule(committed_site)
    at(37)
    loop = SchedulerLoop(committed_site)
    assert loop.round() == 5  # when its lease is to be renewed
    assert _dues(committed_site) == [0]  # a takeover stands for the moment before it
    for seconds, wait in ((42, 5), (47, 5), (52, 5), (57, 3)):
        at(seconds)
        assert loop.round() == wait
    assert _dues(committed_site) == [0]
    at(60)
    loop.round()
    at(124)  # it was held up
    loop.round()
    assert _dues(committed_site) == [0, 60, 120]
    assert noted(committed_site.database, TICK) == datetime(2026, 3, 4, 12, 2, 4)


def test_another_takes_over_and_no_moment_comes_twice(committed_site, at):
    _schedule(committed_site)
    first, second = SchedulerLoop(committed_site), SchedulerLoop(committed_site)
    first.round()
    assert second.round() == 5.0
    for seconds in (5, 10, 15):
        at(seconds)
        second.round()
    at(20)  # the first has died
    second.round()
    assert _dues(committed_site) == [0]
    at(60)
    second.round()
    assert first.round() == 5.0  # it was stopped, and wakes
    assert _dues(committed_site) == [0, 60]


def test_a_leader_whose_clock_was_ahead_puts_nothing_off(committed_site, at):
    _schedule(committed_site)
    _schedule(committed_site, "hourly", "hourly")
    at(7200)
    ahead = SchedulerLoop(committed_site)
    ahead.round()
    ahead._give_back()
    second = SchedulerLoop(committed_site)
    for seconds in (60, 3600):
        at(seconds)
        second.round()
    assert _dues(committed_site) == [60, 3600, 7200]
    assert _dues(committed_site, "hourly") == [0, 3600]


@pytest.mark.one_database
@pytest.mark.parametrize(("interval", "seconds"), [(0.2, 3), (0.5, 3), (1, 5), (2, 10), (4, 20), (60, 20), (3600, 20)])
def test_the_lease_lasts_in_proportion_to_the_interval(interval, seconds):
    assert lease_seconds(interval) == seconds


@pytest.mark.one_database
def test_with_short_ticks_a_takeover_takes_seconds(committed_site, at):
    _set(committed_site, scheduler_tick_interval=1)
    _schedule(committed_site)
    first, second = SchedulerLoop(committed_site), SchedulerLoop(committed_site)
    first.round()
    assert second.round() == 1.25
    at(4.9)
    assert second.round() == 1.25
    at(6.2)
    second.round()
    assert _dues(committed_site) == [0, 6]


@pytest.mark.one_database
@pytest.mark.parametrize("setting", ["pause_scheduler", "disable_scheduler", "maintenance_mode"])
def test_settings_that_stop_it_hold_from_the_next_tick_on(committed_site, at, setting):
    _schedule(committed_site)
    loop = SchedulerLoop(committed_site)
    loop.round()
    _set(committed_site, **{setting: True})
    at(60)
    loop.round()
    _set(committed_site, **{setting: None})
    at(120)
    loop.round()
    assert _dues(committed_site) == [0, 120]


@pytest.mark.one_database
def test_where_nothing_holds_it_any_more_it_ticks_at_once_for_the_moment_that_was_missed(committed_site, at):
    _schedule(committed_site)
    loop = SchedulerLoop(committed_site)
    loop.round()
    _set(committed_site, pause_scheduler=True)
    at(60)
    loop.round()
    _set(committed_site, pause_scheduler=None)
    for seconds in (75, 80, 120):
        at(seconds)
        loop.round()
    assert _dues(committed_site) == [0, 60, 120]


@pytest.mark.one_database
@pytest.mark.parametrize("text", ['{"scheduler_tick_interval": ', '{"scheduler_tick_intervall": 5}', None])
def test_settings_that_cannot_be_read_are_those_of_before(committed_site, at, text):
    _set(committed_site, scheduler_tick_interval=5)
    _schedule(committed_site)
    loop = SchedulerLoop(committed_site)
    loop.round()
    path = committed_site.folder / config.SITE_FILE
    before = path.read_text()
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    with capture_logs() as logs:
        for seconds in (5, 10):
            at(seconds)
            loop.round()
        path.write_text(before)
        at(15)
        loop.round()
    assert _dues(committed_site) == [0, 5, 10, 15]
    told = [each for each in logs if each["event"].startswith("scheduler_settings")]
    assert [each["event"] for each in told] == [scheduling.SETTINGS_UNREADABLE, scheduling.SETTINGS_READABLE]
    assert config.SITE_FILE in told[0]["reason"] or "no site" in told[0]["reason"]


def test_another_interval_holds_without_a_restart(committed_site, at):
    _schedule(committed_site)
    loop = SchedulerLoop(committed_site)
    assert loop.round() == 5
    _set(committed_site, scheduler_tick_interval=2)
    at(5)
    assert loop.round() == 1
    assert committed_site.settings.scheduler_tick_interval == 2
    for seconds in (6, 7, 8):
        at(seconds)
        loop.round()
    _set(committed_site, scheduler_tick_interval=60)
    for seconds in (10, 12, 59, 60):
        at(seconds)
        loop.round()
    assert _dues(committed_site) == [0, 6, 8, 60]


def test_a_tick_without_a_database_comes_again_after_a_second(committed_site, at, monkeypatch):
    _schedule(committed_site)
    loop = SchedulerLoop(committed_site)

    def lost(*_given, **_more):
        raise DatabaseUnavailable("the connection was lost")

    with monkeypatch.context() as patch:
        patch.setattr(scheduling, "tick", lost)
        with capture_logs() as logs:
            assert loop.round() == 1
    assert [each["event"] for each in logs if each["log_level"] == "error"] == [scheduling.TICK_FAILED]
    at(1)
    loop.round()
    assert _dues(committed_site) == [0]


@pytest.mark.one_database
def test_whatever_a_round_raises_another_one_follows(committed_site, monkeypatch):
    loop = SchedulerLoop(committed_site)
    monkeypatch.setattr(loop, "round", lambda: [][0])
    with capture_logs() as logs:
        assert loop._safe_round() == 1.0
    assert [(each["event"], each["exc_info"]) for each in logs] == [(scheduling.SCHEDULER_FAILED, True)]


def test_a_tick_that_lasts_renews_the_lease_between_schedules(committed_site, at):
    for n in range(7):
        _schedule(committed_site, f"each tick {n}")
    seconds = iter(range(4, 100, 4))  # six of them last longer than the lease
    loop, other = SchedulerLoop(committed_site), SchedulerLoop(committed_site)
    others = []

    def pass_time():
        at(next(seconds))
        others.append(other._lease.hold())

    _takes_long(loop, pass_time)
    loop.round()
    assert others == [False] * 6
    with committed_site.database.reading() as connection:
        until = connection.execute(sa.select(leases.c.until).where(leases.c.name == "scheduler")).scalar_one()
    assert until == datetime(2026, 3, 4, 12, 0, 44)


def test_a_tick_ends_with_the_lease_at_the_latest_after_one_more_schedule(committed_site, at):
    for n in range(4):
        _schedule(committed_site, f"each tick {n}")
    loop, other = SchedulerLoop(committed_site), SchedulerLoop(committed_site)

    def stop_for_long():  # as a process that is swapped out, or whose machine is
        at(30)
        other._lease.hold()

    _takes_long(loop, stop_for_long)
    loop.round()
    assert sum(bool(_dues(committed_site, f"each tick {n}")) for n in range(4)) == 1
    assert noted(committed_site.database, TICK) is None
    other.round()
    assert [_dues(committed_site, f"each tick {n}") for n in range(4)] == [[0]] * 4


@pytest.mark.one_database
def test_a_tick_ends_when_the_process_is_told_to(committed_site, at):
    for n in range(3):
        _schedule(committed_site, f"each tick {n}")
    loop = SchedulerLoop(committed_site)
    _takes_long(loop, loop.stop)
    loop.round()
    assert sum(bool(_dues(committed_site, f"each tick {n}")) for n in range(3)) == 1


def test_missed_runs_follow_each_other_between_ticks(committed_site, at):
    _schedule(committed_site)
    five = {"frequency": "cron", "cron_format": "* * * * * */5", "catch_up": "all"}
    _schedule(committed_site, "every 5 s", **five)
    at(20)
    loop = SchedulerLoop(committed_site)
    for n in range(8):
        at(20 + n)
        wait = loop.round()
        if n < 4:
            assert wait == 1
    assert _dues(committed_site, "every 5 s") == [0, 5, 10, 15, 20]
    assert _dues(committed_site) == [0]


@pytest.mark.one_database
@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_set_by_hours_brings_one_tick_and_stops_none(committed_site, monkeypatch, hours):
    shift = [timedelta()]
    monkeypatch.setattr(clock, "utc_now", lambda: datetime.now(UTC) + shift[0])
    moved = [0.0]
    steady = clock.steady
    monkeypatch.setattr(clock, "steady", lambda: steady() + moved[0])

    def pass_time(seconds):
        _end_jobs(committed_site)
        shift[0] += timedelta(seconds=seconds)
        moved[0] += seconds

    _schedule(committed_site)
    loop = SchedulerLoop(committed_site)
    loop.round()
    pass_time(60)
    loop.round()
    shift[0] += timedelta(hours=hours)
    _end_jobs(committed_site)
    with capture_logs() as logs:
        loop.round()
    assert scheduling.CLOCK_SET in [each["event"] for each in logs]
    before = len(_dues(committed_site))
    assert before == 3
    for _ in range(3):
        _end_jobs(committed_site)
        loop.round()  # no burst
    assert len(_dues(committed_site)) == before
    for n in range(1, 4):
        pass_time(60)
        loop.round()
        assert len(_dues(committed_site)) == before + n


@pytest.mark.one_database
def test_planning_anew_asks_no_hooks(committed_site, at):
    """A daemon of an old version must not undo in the midst of its life what a new one has synced."""
    _schedule(committed_site, "of the new version", "daily", server_script=None, next_execution=NOON)
    loop = SchedulerLoop(committed_site)
    loop.round()
    _set(committed_site, scheduler_tick_interval=2)
    at(5)
    loop.round()
    assert _dues(committed_site, "of the new version") == [0]
    with committed_site.database.reading() as connection:
        kind = scheduled_job_type.c
        query = sa.select(kind.next_execution).where(kind.name == "of the new version")
        assert connection.execute(query).scalar_one() == datetime(2026, 3, 5)


def test_a_schedule_that_cannot_be_planned_anew_stops_no_other(committed_site, at):
    """Such as one of a newer version of its app, with an expression that this process cannot read."""
    _schedule(committed_site, "bad", "cron", cron_format="61 * * * *", next_execution=NOON + timedelta(days=1))
    _schedule(committed_site, "far", "hourly", next_execution=NOON + timedelta(days=1))
    _schedule(committed_site)
    loop = SchedulerLoop(committed_site)
    loop._to_plan = True
    with capture_logs() as logs:
        loop.round()
    assert [each["schedule"] for each in logs if each["event"] == "schedule_not_planned"] == ["bad"]
    assert _dues(committed_site) == [0]
    at(3600)
    loop.round()
    assert _dues(committed_site, "far") == [3600]
