"""When schedules are due, the days included on which clocks change; worked by hand from the zones' rules."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime

import pytest

from doclife.core.errors import ConfigError, ValidationError
from doclife.scheduler import next_times
from doclife.scheduler.times import next_time


def _utc(expression, zone, start, n):
    found = next_times(expression, zone, start, n, spread_by="a.example/app.tasks.nightly")
    return [f"{each.astimezone(UTC):%m-%d %H:%M}" for each in found]


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


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("0 */6 * * *", ["01-15 12:00", "01-15 18:00", "01-16 00:00"]),
        ("0 9 * * 1-5", ["01-16 09:00", "01-19 09:00", "01-20 09:00"]),
        ("15 18 * * *", ["01-15 18:15", "01-16 18:15", "01-17 18:15"]),
        ("*/6 * * * *", ["01-15 10:36", "01-15 10:42", "01-15 10:48"]),
        ("0 * * * *", ["01-15 11:00", "01-15 12:00", "01-15 13:00"]),
        ("0 19 * * *", ["01-15 19:00", "01-16 19:00", "01-17 19:00"]),
        ("0 1 * * *", ["01-16 01:00", "01-17 01:00", "01-18 01:00"]),
        ("0 6 * * *", ["01-16 06:00", "01-17 06:00", "01-18 06:00"]),
        ("* * * * *", ["01-15 10:31", "01-15 10:32", "01-15 10:33"]),
        ("*/15 * * * *", ["01-15 10:45", "01-15 11:00", "01-15 11:15"]),
        ("0 0 * * 0", ["01-18 00:00", "01-25 00:00", "02-01 00:00"]),
        ("0 0 1 * *", ["02-01 00:00", "03-01 00:00", "04-01 00:00"]),
        ("*/30 9-17 * * 1-5", ["01-15 11:00", "01-15 11:30", "01-15 12:00"]),
        # croniter's words, and what else it reads
        ("@hourly", ["01-15 11:00", "01-15 12:00", "01-15 13:00"]),
        (" @Daily ", ["01-16 00:00", "01-17 00:00", "01-18 00:00"]),
        ("@midnight", ["01-16 00:00", "01-17 00:00", "01-18 00:00"]),
        ("@weekly", ["01-18 00:00", "01-25 00:00", "02-01 00:00"]),
        ("@monthly", ["02-01 00:00", "03-01 00:00", "04-01 00:00"]),
        ("@annually", ["01-01 00:00", "01-01 00:00", "01-01 00:00"]),
        ("0 0 * * 7", ["01-18 00:00", "01-25 00:00", "02-01 00:00"]),
        ("0 0 * * 5-7", ["01-16 00:00", "01-17 00:00", "01-18 00:00"]),
        ("0 0 * * Sat-MON", ["01-17 00:00", "01-18 00:00", "01-19 00:00"]),
        ("0 0 * * 0-7", ["01-16 00:00", "01-17 00:00", "01-18 00:00"]),
        ("0 22-0 * * *", ["01-15 22:00", "01-15 23:00", "01-16 00:00"]),
        ("0 0 30-1 * ?", ["01-30 00:00", "01-31 00:00", "02-01 00:00"]),
        ("0 0 28 nov-feb *", ["01-28 00:00", "02-28 00:00", "11-28 00:00"]),
        ("40/10 10 * * *", ["01-15 10:40", "01-15 10:50", "01-16 10:40"]),
        ("*/60 * * * *", ["01-15 11:00", "01-15 12:00", "01-15 13:00"]),
        ("0 0 L * *", ["01-31 00:00", "02-28 00:00", "03-31 00:00"]),
        ("0 0 27-L 2,4 *", ["02-27 00:00", "02-28 00:00", "04-27 00:00"]),
        ("0 0 * * L5", ["01-30 00:00", "02-27 00:00", "03-27 00:00"]),
        ("0 0 * * fri#5", ["01-30 00:00", "05-29 00:00", "07-31 00:00"]),
        # 15 February and 15 March are Sundays, 1 August is a Saturday, 28 February too
        ("0 0 15W * *", ["02-16 00:00", "03-16 00:00", "04-15 00:00"]),
        ("0 0 1W 8-10 *", ["08-03 00:00", "09-01 00:00", "10-01 00:00"]),
        ("0 0 31W * *", ["01-30 00:00", "02-27 00:00", "03-31 00:00"]),
        # both days restricted: either of the two; a step restricts
        ("0 0 13 * 5", ["01-16 00:00", "01-23 00:00", "01-30 00:00", "02-06 00:00", "02-13 00:00", "02-20 00:00"]),
        ("0 0 */10 * 1", ["01-19 00:00", "01-21 00:00", "01-26 00:00", "01-31 00:00", "02-01 00:00", "02-02 00:00"]),
        ("0 0 L * 5", ["01-16 00:00", "01-23 00:00", "01-30 00:00", "01-31 00:00"]),
    ],
)  # fmt: skip
def test_expressions_of_apps_and_what_else_may_stand_in_one(expression, times):
    assert _local(expression, "UTC", START, len(times)) == times


def test_seconds_stand_behind_the_five_fields_and_the_year_behind_them():
    at_noon = next_times("0 12 * * * 15,45", "UTC", START, 3)
    assert [f"{each:%d %H:%M:%S}" for each in at_noon] == ["15 12:00:15", "15 12:00:45", "16 12:00:15"]
    assert [f"{each:%Y-%m-%d}" for each in next_times("0 0 29 2 *", "UTC", START, 2)] == ["2028-02-29", "2032-02-29"]
    # on the night on which clocks go back, fixed seconds come once and recurring ones in both hours
    night = datetime(2026, 10, 25, 1)
    assert _utc("30 2 * * * 0,30", "Europe/Berlin", night, 3) == ["10-25 00:30", "10-25 00:30", "10-26 01:30"]
    recurring = _utc("30 2 * * * */30", "Europe/Berlin", night, 5)
    assert recurring == ["10-25 00:30", "10-25 00:30", "10-25 01:30", "10-25 01:30", "10-26 01:30"]
    of_years = next_times("0 0 1 1 * 0 2027-2028", "UTC", START, 5)
    assert [f"{each:%Y-%m-%d}" for each in of_years] == ["2027-01-01", "2028-01-01"]  # and there it ends
    assert next_time("0 0 1 1 * 0 2027-2028", "UTC", datetime(2028, 1, 1)) is None


def test_a_time_is_strictly_after_the_start_whatever_seconds_it_has():
    for start, time in {
        datetime(2026, 1, 15, 10, 29, 59, 999999): "10:30",
        datetime(2026, 1, 15, 10, 30): "10:45",
        datetime(2026, 1, 15, 10, 30, 0, 1): "10:45",
    }.items():
        assert f"{next_time('*/15 * * * *', 'UTC', start):%H:%M}" == time


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
        ("Europe/Berlin", datetime(2026, 10, 24, 12), "daily", ["10-24 22:00", "10-25 23:00"]),
        # New York, 1 November 2026: 02:00 EDT is 01:00 EST. 01:30 comes at 05:30 and at 06:30 UTC.
        ("America/New_York", datetime(2026, 10, 31, 12), "30 1 * * *", ["11-01 05:30", "11-02 06:30"]),
        # Lord Howe, 5 April 2026: 02:00 (+11) is 01:30 (+10:30). 01:45 comes at 14:45 and at 15:15 UTC.
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 12), "45 1 * * *", ["04-04 14:45", "04-05 15:15"]),
        # Berlin, 29 March 2026: 02:00 CET is 03:00 CEST. 02:30 is left out; 03:00 is 01:00 UTC.
        ("Europe/Berlin", datetime(2026, 3, 28, 12), "30 2 * * *", ["03-29 01:00", "03-30 00:30"]),
        ("Europe/Berlin", datetime(2026, 3, 28, 12), "0,30 2,3 * * *", ["03-29 01:00", "03-29 01:30", "03-30 00:00"]),
        # New York, 8 March 2026: 02:00 EST is 03:00 EDT, 07:00 UTC
        ("America/New_York", datetime(2026, 3, 7, 12), "30 2 * * *", ["03-08 07:00", "03-09 06:30"]),
        # Lord Howe, 4 October 2026: 02:00 (+10:30) is 02:30 (+11), 15:30 UTC of the day before
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 12), "15 2 * * *", ["10-03 15:30", "10-04 15:15"]),
        # midnight is left out: Cairo on 24 April 2026 and Beirut on 29 March (22:00 UTC), Sao Paulo in 2018 (03:00)
        ("Africa/Cairo", datetime(2026, 4, 23, 12), "daily", ["04-23 22:00", "04-24 21:00"]),
        ("Asia/Beirut", datetime(2026, 3, 28, 12), "@daily", ["03-28 22:00", "03-29 21:00"]),
        ("America/Sao_Paulo", datetime(2018, 11, 3, 12), "0 0 4 11 *", ["11-04 03:00"]),
        # Sao Paulo, 18 February 2018: 00:00 (-2) is 23:00 (-3) of the day before, 02:00 UTC
        ("America/Sao_Paulo", datetime(2018, 2, 17, 12), "daily", ["02-18 03:00", "02-19 03:00"]),
        ("America/Sao_Paulo", datetime(2018, 2, 17, 12), "30 23 * * *", ["02-18 01:30", "02-19 02:30"]),
        # Apia left out 30 December 2011: after the 29th (-10) came the 31st (+14), at 10:00 UTC
        ("Pacific/Apia", datetime(2011, 12, 29, 13), "0 12 * * *", ["12-30 10:00", "12-30 22:00", "12-31 22:00"]),
        ("Pacific/Apia", datetime(2011, 12, 29, 13), "daily", ["12-30 10:00", "12-31 10:00"]),
        # a start within the second hour
        ("Europe/Berlin", datetime(2026, 10, 25, 2, 30, fold=1), "45 2 * * *", ["10-26 01:45"]),
        # the bounds of H are no range of times: it is one minute, here crc32 of the name % 30
        ("Europe/Berlin", datetime(2026, 10, 24, 12), "H(0-29) 2 25-26 10 *", ["10-25 00:10", "10-26 01:10"]),
    ],
)
def test_a_fixed_time_comes_once_on_the_days_on_which_clocks_change(zone, start, expression, utc):
    assert _utc(expression, zone, start, len(utc)) == utc


@pytest.mark.parametrize(
    ("zone", "start", "expression", "utc"),
    [
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 59), "hourly", ["10-25 00:00", "10-25 01:00", "10-25 02:00"]),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 59), "@hourly", ["10-25 00:00", "10-25 01:00", "10-25 02:00"]),
        ("Europe/Berlin", datetime(2026, 10, 25, 2), "*/30 * * * *", ["10-25 00:30", "10-25 01:00", "10-25 01:30"]),
        ("Europe/Berlin", datetime(2026, 10, 25, 2, 30, fold=1), "*/30 * * * *", ["10-25 02:00", "10-25 02:30"]),
        ("Europe/Berlin", datetime(2026, 10, 25, 2, 30), "*/30 2 * * *", ["10-25 01:00", "10-25 01:30", "10-26 01:00"]),
        ("Europe/Berlin", datetime(2026, 10, 25), "0 1-3 * * *",
         ["10-24 23:00", "10-25 00:00", "10-25 01:00", "10-25 02:00", "10-26 00:00"]),
        # the half hour that Lord Howe has twice begins at 14:30 UTC and at 15:00 UTC
        ("Australia/Lord_Howe", datetime(2026, 4, 5, 1, 15), "*/15 * * * *",
         ["04-04 14:30", "04-04 14:45", "04-04 15:00", "04-04 15:15", "04-04 15:30"]),
        ("Australia/Lord_Howe", datetime(2026, 4, 5, 0, 30), "hourly", ["04-04 14:00", "04-04 15:30", "04-04 16:30"]),
        ("Europe/Berlin", datetime(2026, 3, 29, 1, 30), "hourly", ["03-29 01:00", "03-29 02:00"]),
        ("Europe/Berlin", datetime(2026, 3, 29, 1, 45), "*/30 * * * *", ["03-29 01:00", "03-29 01:30"]),
        # 02:15 is left out, and the next is at 04:15
        ("Europe/Berlin", datetime(2026, 3, 29, 0, 30), "15 */2 * * *", ["03-29 02:15", "03-29 04:15"]),
        # where the hour is named the day is not lost
        ("Europe/Berlin", datetime(2026, 3, 28, 12), "*/30 2 * * *", ["03-29 01:00", "03-30 00:00", "03-30 00:30"]),
        ("Europe/Berlin", datetime(2026, 3, 29, 1), "30 1-3 * * *", ["03-29 00:30", "03-29 01:00", "03-29 01:30"]),
        ("Pacific/Apia", datetime(2011, 12, 29, 22, 30), "0 */6 * * *", ["12-30 10:00", "12-30 16:00"]),
    ],
)  # fmt: skip
def test_what_recurs_does_so_by_elapsed_time(zone, start, expression, utc):
    assert _utc(expression, zone, start, len(utc)) == utc


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("61 * * * *", "minute '61' cannot be read; values are 0 to 59"),
        ("* * 0 * *", "day of the month '0' cannot be read; values are 1 to 31"),
        ("* * * * 8", "day of the week '8' cannot be read; values are 0 to 6 or sun to sat; 7 is sun"),
        ("* * * * 5L", "L5 the last Friday"),
        ("* 1,,2 * * *", "hour '1,,2' cannot be read"),
        ("*/0 * * * *", "cannot be read"),
        ("* * *", r"it has 3 fields, and 5 \(minute, hour, day, month, weekday\), 6 .* are needed"),
        ("* * * * * * * *", "it has 8 fields"),
        ("", "it has 0 fields"),
        ("@reboot", "of the words with @ only hourly, "),
        ("@every 5m", "of the words with @ only hourly, "),
        ("0 0 31 2 *", "no month has these days"),
        ("0 0 30 2 mon", "no month has these days"),
        ("0 0 29 2 * 0 2027", "no month has these days"),
        ("0 0 1 1 * 0 2020-2025", "it never comes from 2026 on"),
        ("0 0 * * * 0 2030-2028", "it ends before it begins"),
        *[(each, "a range from a value to itself") for each in (
            "1-1 * * * *", "1-1/2 * * * *", "5,3-3 * * * *", "01-1 * * * *", "0 0 * JAN-JAN *", "0 0 * jan-1 *",
            "0 0 1,5-5 * *", "0 0 31-L * *", "0 0 * * mon-mon", "0 0 * * sun-7", "0 0 * * 07-7", "0 0 * * 7-0",
            "0 0 * * 2,sat-6#2",
        )],
        ("0 22-2/3 * * *", "a step over a range that goes past 23; list its values"),
        ("*/90 * * * *", "a step of 90 is more than the 60 values there are, and would not recur"),
        ("H/90 * * * *", "a step of 90 is more than the 60"),
        ("0 0,* * * *", r"'\*' is every value already"),
        ("R * * * *", "R is drawn anew each time"),
        ("0 R(0-5) * * *", "R is drawn anew each time"),
        ("0 0 H(1-31) * *", "not every month has more than 28 days"),
        ("H,30 * * * *", "cannot be read"),
        ("0 0 13 * 1#2", "cannot be joined with another day"),
        ("0 0 15W * 1", "cannot be joined with another day"),
        ("0 0 15 * 0-6", r"'0-6' names every day, and either of the two matches; write '\*' for it"),
        ("0 0 1-31 * 1", "'1-31' names every day"),
        ("*/" + "9" * 5000 + " * * * *", "it is longer than 1000 characters"),
        ("*/" + "9" * 900 + " * * * *", "is more than the 60 values there are"),
        ("9" * 900 + " * * * *", "cannot be read"),
        ("dayly", "Did you mean 'daily'"),
        ("@dayly", "Did you mean '@daily'"),
        ("all", "fires at every tick"),
        (None, "a cron expression is text, not None"),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused(expression, says):
    with pytest.raises(ValidationError, match=says):
        next_times(expression, "UTC", START, 1)


def test_ranges_that_only_look_alike_are_fine():
    assert _local("1-11 1-12 * * *", "UTC", START, 1) == ["01-15 11:01"]
    assert _local("0 0 1-15/2 * *", "UTC", START, 1) == ["02-01 00:00"]


@pytest.mark.parametrize("name", ["Europe/Berlni", "Europe", "", "../UTC", None])
def test_an_unknown_zone_is_named(name):
    with pytest.raises(ConfigError, match=f"no time zone {name!r}"):
        next_times("daily", name, START, 1)


@pytest.mark.parametrize("start", [datetime.max, datetime.min, START.date(), "2026-01-15", None])
def test_a_start_is_a_moment_from_which_one_can_look_ahead(start):
    with pytest.raises(ValidationError, match="start is a datetime from 1900 to 2100, not "):
        next_times("daily", "Europe/Berlin", start, 1)


@pytest.mark.parametrize("n", [-1, 1.5, None])
def test_a_number_of_times_is_one(n):
    with pytest.raises(ValidationError, match="is a number of times"):
        next_times("daily", "UTC", START, n)


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
    with pytest.raises(ValidationError, match="spread_by is a text, not 5"):
        first(5)
    with pytest.raises(ValidationError, match="nothing is given to spread it by"):
        next_times("H H * * *", "UTC", START, 1)


def test_a_day_of_h_is_one_that_every_month_has_and_a_step_of_h_begins_within_it():
    days = {next_time("0 0 H * *", "UTC", START, spread_by=f"site{n}/app.tasks.nightly").day for n in range(300)}
    assert days == set(range(1, 29))
    minutes = [each.minute for each in next_times("H/15 * * * *", "UTC", START, 5, spread_by="a")]
    assert minutes[4] == minutes[0] % 60
    assert sorted(minutes[:4]) == [zlib.crc32(b"a") % 15 + n for n in (0, 15, 30, 45)]


def test_a_name_that_gives_h_a_value_which_never_comes_is_refused():
    def month(name):
        return (zlib.crc32(name.encode()) >> 3) % 12 + 1

    names = {month(name): name for name in map(str, range(100))}
    assert next_time("0 0 31 H *", "UTC", START, spread_by=names[3]).month == 3
    with pytest.raises(ValidationError, match="no month has these days"):
        next_time("0 0 31 H *", "UTC", START, spread_by=names[2])
