"""The clock, its zones, and travelling."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doclife.core import clock

NOON = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)


def test_now_is_the_systems():
    before = dt.datetime.now(dt.UTC)
    now = clock.utc_now()
    assert before <= now <= dt.datetime.now(dt.UTC)
    assert now.utcoffset() == dt.timedelta(0)


def test_frozen_time_stands_still_and_shows_in_every_zone():
    with clock.travel(NOON, tick=False):
        assert clock.utc_now() == clock.utc_now() == NOON
        assert clock.now() == dt.datetime(2026, 1, 31, 12, 0)
        assert clock.now("Europe/Berlin") == dt.datetime(2026, 1, 31, 13, 0)
        assert clock.now("Asia/Kolkata") == dt.datetime(2026, 1, 31, 17, 30)


def test_travelled_time_goes_on():
    with clock.travel(NOON):
        first, second = clock.utc_now(), clock.utc_now()
        assert NOON <= first <= second < NOON + dt.timedelta(minutes=1)


def test_a_naive_target_is_utc():
    with clock.travel(dt.datetime(2026, 1, 31, 12, 0), tick=False):
        assert clock.utc_now() == NOON


def test_journeys_nest_and_end_where_they_began():
    with clock.travel(NOON, tick=False):
        with clock.travel(by=dt.timedelta(days=1), tick=False):
            assert clock.utc_now() == NOON + dt.timedelta(days=1)
        with pytest.raises(RuntimeError), clock.travel(by=dt.timedelta(hours=-1)):
            raise RuntimeError
        assert clock.utc_now() == NOON
    assert abs(clock.utc_now() - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


@pytest.mark.parametrize("tick", [False, True])
def test_a_journey_goes_on_and_its_end_puts_the_clock_back(tick):
    later = NOON + dt.timedelta(days=31)
    with clock.travel(NOON, tick=tick):
        clock.move_to(later)
        assert later <= clock.utc_now() < later + dt.timedelta(minutes=1)
    assert abs(clock.utc_now() - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    with pytest.raises(ValueError, match="inside"):
        clock.move_to(later)


def test_travel_needs_a_moment():
    with pytest.raises(ValueError, match=r"travel\(to=\.\.\.\)"), clock.travel():
        pass


def test_zones_are_converted_there_and_back():
    summer = dt.datetime(2026, 7, 1, 10, 0)
    assert clock.to_site(summer, "Europe/Berlin") == dt.datetime(2026, 7, 1, 12, 0)
    assert clock.to_site(summer.replace(tzinfo=dt.UTC), "Europe/Berlin") == dt.datetime(2026, 7, 1, 12, 0)
    assert clock.to_utc(dt.datetime(2026, 7, 1, 12, 0), "Europe/Berlin") == summer.replace(tzinfo=dt.UTC)
    assert clock.to_utc(NOON.astimezone(zoneinfo.ZoneInfo("Asia/Tokyo")), "Europe/Berlin") == NOON


@given(
    st.datetimes(dt.datetime(1980, 1, 1), dt.datetime(2100, 1, 1)),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"]),
)
def test_utc_to_site_to_utc_is_the_same_but_for_the_repeated_hour(moment, zone):
    there_and_back = clock.to_utc(clock.to_site(moment, zone), zone).replace(tzinfo=None)
    assert there_and_back == moment or clock.to_site(there_and_back, zone) == clock.to_site(moment, zone)


def test_an_unknown_zone_is_refused():
    with pytest.raises(zoneinfo.ZoneInfoNotFoundError):
        clock.now("Europe/Atlantis")


def test_utc_is_the_fixed_offset():
    assert clock.zone("UTC") is dt.UTC


def test_the_monotonic_clock_is_not_moved_by_travelling():
    before = clock.monotonic()
    with clock.travel(by=dt.timedelta(days=-365)):
        assert before <= clock.monotonic() < before + 60
