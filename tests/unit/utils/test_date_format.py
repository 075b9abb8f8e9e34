"""Dates and times as people read them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doclife.utils import InvalidValue, format_date, format_datetime, format_duration, format_time, formatdate

MOMENT = dt.datetime(2026, 1, 5, 15, 4, 9, 30)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (None, "2026-01-05"),
        ("dd-mm-yyyy", "05-01-2026"),
        ("dd-MM-yyyy", "05-01-2026"),
        ("mm/dd/yy", "01/05/26"),
        ("d.M.yyyy", "5.1.2026"),
        ("d MMMM yyyy", "5 January 2026"),
        ("EEE, d MMM", "Mon, 5 Jan"),
        ("EEEE 'the' d'th'", "Monday the 5th"),
    ],
)
def test_format_date(pattern, expected):
    assert format_date(MOMENT, pattern) == expected
    assert format_date("2026-01-05", pattern) == expected


def test_format_date_of_nothing_is_empty():
    assert format_date() == format_date("") == format_date("0000-00-00") == ""
    assert formatdate is format_date
    assert format_date("01-02-2026", parse_day_first=True) == "2026-02-01"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (None, "2026-01-05 15:04:09"),
        ("dd-mm-yyyy HH:mm", "05-01-2026 15:04"),
        ("d MMM, h:mm a", "5 Jan, 3:04 PM"),
        ("hh:m:s.SSS", "03:4:9.000"),
        ("H 'o''clock' SSSSSS", "15 o'clock 000030"),
    ],
)
def test_format_datetime(pattern, expected):
    assert format_datetime(MOMENT, pattern) == expected


def test_twelve_oclock():
    assert format_time("00:30", "h:mm a") == "12:30 AM"
    assert format_time("12:30", "hh:mm a") == "12:30 PM"


def test_format_time():
    assert format_time(dt.time(9, 5)) == "09:05:00"
    assert format_time(dt.time(0, 0)) == "00:00:00"
    assert format_time(dt.timedelta(hours=1)) == "01:00:00"
    assert format_time("9:05 PM", "mm:ss") == "05:00"
    assert format_time(None) == format_time("") == ""
    assert format_datetime() == format_datetime("") == ""


@pytest.mark.parametrize(
    ("write", "pattern", "part"),
    [
        (format_date, "yyyy HH", "HH"),
        (format_date, "medium", "e"),
        (format_datetime, "yyy", "yyy"),
        (lambda value, pattern: format_time(value, pattern), "dd", "dd"),
    ],
    ids=["a time in a date", "words", "three digits", "a day in a time"],
)
def test_unknown_parts_of_patterns_are_named(write, pattern, part):
    with pytest.raises(InvalidValue, match=f"has the part '{part}'"):
        write(MOMENT, pattern)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (61, "1m 1s"),
        (3600, "1h"),
        (93784, "1d 2h 3m 4s"),
        (-90, "-1m 30s"),
        (dt.timedelta(days=2), "2d"),
        (None, ""),
    ],
    ids=repr,
)
def test_format_duration(seconds, text):
    assert format_duration(seconds) == text


def test_a_duration_can_count_days_as_hours():
    assert format_duration(93784, hide_days=True) == "26h 3m 4s"


@given(st.datetimes())
def test_patterns_agree_with_strftime(moment):
    assert format_datetime(moment, "MM/dd HH:mm:ss.SSSSSS") == moment.strftime("%m/%d %H:%M:%S.%f") or str(
        moment
    ).startswith("0001-01-01")
    assert format_datetime(moment) in (moment.isoformat(" ", "seconds"), "")
