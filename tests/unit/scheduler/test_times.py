"""When schedules are due, the days included on which clocks change; worked by hand from the zones' rules."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime

import pytest

from doclife.core.errors import ConfigError, ValidationError
from doclife.scheduler import next_times


def _utc(expression, zone, start, n):
    return [f"{each.astimezone(UTC):%m-%d %H:%M}" for each in next_times(expression, zone, start, n)]


def _local(expression, zone, start, n):
    return [f"{each:%m-%d %H:%M}" for each in next_times(expression, zone, start, n)]


START = datetime(2026, 1, 15, 10, 30)  # a Thursday


@pytest.mark.parametrize(
    ("word", "times"),
    [
        ("hourly", ["01-15 11:00", "01-15 12:00"]),
        ("daily", ["01-16 00:00", "01-17 00:00"]),
        ("weekly", ["01-18 00:00", "01-25 00:00"]),
        ("monthly", ["02-01 00:00", "03-01 00:00"]),
        ("yearly", ["01-01 00:00", "01-01 00:00"]),
        ("annual", ["01-01 00:00", "01-01 00:00"]),
        ("daily_long", ["01-16 00:00", "01-17 00:00"]),
        ("0 */6 * * *", ["01-15 12:00", "01-15 18:00"]),
        ("*/5 * * * *", ["01-15 10:35", "01-15 10:40"]),
        (" 30  10 * *  * ", ["01-16 10:30", "01-17 10:30"]),  # strictly after the start
    ],
)
def test_words_and_expressions(word, times):
    assert _local(word, "UTC", START, 2) == times


def test_times_are_aware_and_in_the_zone():
    (time,) = next_times("daily", "Asia/Kolkata", datetime(2026, 1, 15, 20, tzinfo=UTC), 1)
    # 20:00 UTC is 01:30 on the 16th in India
    assert time.isoformat() == "2026-01-17T00:00:00+05:30"


@pytest.mark.parametrize(
    ("zone", "start", "expression", "utc"),
    [
        # Berlin, 25 October 2026: 03:00 CEST is 02:00 CET. 02:30 comes at 00:30 and at 01:30 UTC.
        ("Europe/Berlin", datetime(2026, 10, 24, 12), "30 2 * * *", ["10-25 00:30", "10-26 01:30"]),
        ("Europe/Berlin", datetime(2026, 10, 25, 1), "30 2,3 * * *", ["10-25 00:30", "10-25 02:30", "10-26 01:30"]),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 59), "0 * * * *", ["10-25 00:00", "10-25 01:00", "10-25 02:00"]),
        ("Europe/Berlin", datetime(2026, 10, 25, 2), "*/30 * * * *", ["10-25 00:30", "10-25 01:00", "10-25 01:30"]),
        ("Europe/Berlin", datetime(2026, 10, 24, 12), "daily", ["10-24 22:00", "10-25 23:00"]),
        # New York, 1 November 2026: 02:00 EDT is 01:00 EST. 01:30 comes at 05:30 and at 06:30 UTC.
        ("America/New_York", datetime(2026, 10, 31, 12), "30 1 * * *", ["11-01 05:30", "11-02 06:30"]),
        # Lord Howe, 5 April 2026: 02:00 (+11) is 01:30 (+10:30). 01:45 comes at 14:45 and at 15:15 UTC.
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 12), "45 1 * * *", ["04-04 14:45", "04-05 15:15"]),
        # Berlin, 29 March 2026: 02:00 CET is 03:00 CEST. 02:30 is left out; 03:00 is 01:00 UTC.
        ("Europe/Berlin", datetime(2026, 3, 28, 12), "30 2 * * *", ["03-29 01:00", "03-30 00:30"]),
        ("Europe/Berlin", datetime(2026, 3, 29, 1, 30), "0 * * * *", ["03-29 01:00", "03-29 02:00"]),
    ],
)
def test_a_fixed_time_comes_once_on_the_days_on_which_clocks_change(zone, start, expression, utc):
    assert _utc(expression, zone, start, len(utc)) == utc


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("61 * * * *", "is not a cron expression"),
        ("* * *", "is not a cron expression"),
        ("", "is not a cron expression"),
        ("0 0 31 2 *", "is not a cron expression"),
        ("1-1 * * * *", "a range from a value to itself"),
        ("0 0 * JAN-JAN *", "a range from a value to itself"),
        ("0 0 1,5-5 * *", "a range from a value to itself"),
        ("dayly", "Did you mean 'daily'"),
        ("all", "fires at every tick"),
    ],
)
def test_what_is_no_expression_is_refused(expression, says):
    with pytest.raises(ValidationError, match=says):
        next_times(expression, "UTC", START, 1)


def test_ranges_that_only_look_alike_are_fine():
    assert _local("1-11 1-12 * * *", "UTC", START, 1) == ["01-15 11:01"]
    assert _local("0 0 1-15/2 * *", "UTC", START, 1) == ["02-01 00:00"]


def test_an_unknown_zone_is_named():
    with pytest.raises(ConfigError, match="no time zone 'Europe/Berlni'"):
        next_times("daily", "Europe/Berlni", START, 1)


def test_h_stands_for_the_same_value_at_each_call_and_needs_a_name():
    def first(name):
        return next_times("H H * * *", "UTC", START, 1, spread_by=name)

    # crc32 of the name: % 60 is the minute, halved % 24 the hour
    crc = zlib.crc32(b"a.example/app.tasks.nightly")
    assert [first("a.example/app.tasks.nightly")[0].minute, first("a.example/app.tasks.nightly")[0].hour] == [
        crc % 60,
        (crc >> 1) % 24,
    ]
    assert first("a.example/app.tasks.nightly") != first("b.example/app.tasks.nightly")
    with pytest.raises(ValidationError, match="nothing is given to spread it by"):
        next_times("H H * * *", "UTC", START, 1)
