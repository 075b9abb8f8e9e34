"""When the scheduler ticks, by clocks that stand still, run, or are set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from doclife.core import clock
from doclife.worker.pace import Missed, Pace

AT = datetime(2026, 3, 4, 12, 0, 37, 250_000, tzinfo=UTC)


@pytest.fixture
def still(monkeypatch):
    """Makes a clock that stands still stand quite still: reckoned from two others, it trembles on a busy machine."""
    monkeypatch.setattr(clock, "steady", lambda: (clock.utc_now() - AT).total_seconds())


@pytest.fixture
def wall(monkeypatch):
    """Sets the wall clock alone, as an operator does: the steady one goes on."""

    def set_by(shift: timedelta) -> None:
        monkeypatch.setattr(clock, "utc_now", lambda: datetime.now(UTC) + shift)

    return set_by


@pytest.mark.parametrize(
    ("interval", "moment", "left"),
    [
        (60, "12:00:00", 22.75),
        (240, "12:00:00", 202.75),
        (86400, "00:00:00", 43_162.75),
        (1, "12:00:37", 0.75),
        (0.2, "12:00:37.200000", 0.15),
        (7, "12:00:31", 0.75),  # 1,772,625,631 s since 1970 are 7 times 253,232,233
        (1e-9, "12:00:37.250000", 0.001),
    ],
)
def test_moments_are_multiples_of_the_interval(still, interval, moment, left):
    with clock.travel(AT, tick=False):
        pace = Pace()
        found = pace.moment(interval)
        assert found == datetime.fromisoformat(f"2026-03-04T{moment}+00:00")
        pace.follow(found, interval)
        assert pace.left_s() == pytest.approx(left)


def test_the_first_tick_comes_at_once_and_the_next_with_the_next_moment(still):
    with clock.travel(AT, tick=False):
        pace = Pace()
        assert pace.left_s() == 0
        pace.follow(pace.moment(60), 60)
        with clock.travel(AT + timedelta(seconds=22), tick=False):
            assert pace.left_s() == 0.75
        with clock.travel(AT + timedelta(seconds=22.75), tick=False):
            assert pace.left_s() == 0
            assert pace.moment(60) == datetime(2026, 3, 4, 12, 1, tzinfo=UTC)


def test_a_tick_that_lasts_longer_than_its_interval_is_followed_at_once_by_the_latest_moment_alone(still):
    with clock.travel(AT, tick=False):
        pace = Pace()
        first = pace.moment(1)
    with clock.travel(AT + timedelta(seconds=3.5), tick=False):
        pace.follow(first, 1)
        assert pace.left_s() == 0
        assert pace.moment(1) == first + timedelta(seconds=3)
        pace.follow(pace.moment(1), 1)
        assert pace.left_s() == 0.25


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_set_brings_one_tick_and_stops_none(wall, hours):
    pace = Pace()
    pace.follow(pace.moment(60), 60)
    before = pace.left_s()
    assert not pace.was_set()
    wall(timedelta(hours=hours))
    assert pace.left_s() == pytest.approx(before, abs=1)  # no more than a minute, whatever the clock says
    assert pace.was_set()
    assert pace.left_s() == 0
    assert not pace.was_set()
    pace.follow(pace.moment(60), 60)
    assert 0 < pace.left_s() <= 60


def test_a_clock_that_is_set_back_while_a_tick_lasts_puts_the_next_one_off_by_an_interval_at_most(wall):
    pace = Pace()
    moment = pace.moment(60)
    wall(timedelta(hours=-5))
    pace.follow(moment, 60)
    assert pace.left_s() <= 60


def test_a_clock_that_is_put_right_by_less_than_two_seconds_was_not_set(wall):
    pace = Pace()
    for seconds in (1.5, 3, 1.5):
        wall(timedelta(seconds=seconds))
        assert not pace.was_set()


def test_missed_runs_are_looked_after_each_second_and_less_often_while_none_can_be_started(still):
    missed = Missed()
    with clock.travel(AT, tick=False):
        assert missed.left_s() == float("inf")
        waits = []
        for started in (True, True, False, False, False, False, True):
            missed.wait(started=started)
            waits.append(round(missed.left_s()))
        assert waits == [1, 1, 2, 4, 8, 8, 1]
        missed.forget()
        assert missed.left_s() == float("inf")
