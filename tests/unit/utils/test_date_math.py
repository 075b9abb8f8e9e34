"""Distances between dates, and the days at which periods begin and end."""

import datetime as dt

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from doclife import utils
from doclife.utils import InvalidValue, add_days, add_months, add_to_date, add_years

DAY = dt.date(2026, 1, 31)
NOON = dt.datetime(2026, 1, 31, 12, 0)
dates = st.dates(dt.date(1000, 1, 1), dt.date(8999, 12, 31))


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2026-01-15", 24, "2028-01-15"),
        ("2026-01-31 12:00:00", 1, "2026-02-28 12:00:00.000000"),
        ("2026-01-31T12:00", 1, "2026-02-28 12:00:00.000000"),
        (DAY, 1, dt.date(2026, 2, 28)),
        (NOON, 1, dt.datetime(2026, 2, 28, 12, 0)),
    ],
    ids=repr,
)
def test_months_keep_the_type_and_do_not_pass_a_months_end(start, months, expected):
    result = add_months(start, months)
    assert result == expected
    assert type(result) is type(expected)


def test_days_and_years():
    assert add_days("2026-02-28", 1) == "2026-03-01"
    assert add_days("28 Feb 2026 10:00", 1) == "2026-03-01 10:00:00.000000"
    assert add_days(DAY, -31) == dt.date(2025, 12, 31)
    assert add_years("2028-02-29", 1) == "2029-02-28"
    assert add_years(dt.date(2028, 2, 29), 4) == dt.date(2032, 2, 29)


@pytest.mark.parametrize(
    ("given_arguments", "expected"),
    [
        ({"date": "2026-01-31", "months": 1, "days": 1}, "2026-03-01"),  # months first
        ({"date": "2026-01-31", "weeks": 2}, "2026-02-14"),
        ({"date": "2026-01-31", "hours": 25}, "2026-02-01 01:00:00.000000"),
        ({"date": "2026-01-31", "minutes": -1}, "2026-01-30 23:59:00.000000"),
        ({"date": DAY, "seconds": 90}, dt.datetime(2026, 1, 31, 0, 1, 30)),
        ({"date": DAY, "days": 1, "as_string": True}, "2026-02-01"),
        ({"date": DAY, "as_string": True, "as_datetime": True}, "2026-01-31 00:00:00.000000"),
        ({"date": NOON, "years": 1, "as_string": True}, "2027-01-31"),
        ({"date": NOON, "hours": 1, "as_string": True}, "2026-01-31 13:00:00.000000"),
        ({"date": NOON, "hours": 0.5}, dt.datetime(2026, 1, 31, 12, 30)),
    ],
    ids=repr,
)
def test_add_to_date(given_arguments, expected):
    result = add_to_date(**given_arguments)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    "given_arguments",
    [
        {"date": "abc"},
        {"date": ""},
        {"date": "0000-00-00"},
        {"date": DAY, "months": 1.5},
        {"date": DAY, "years": 8000},
        {"date": DAY, "years": -3000},
        {"date": DAY, "days": 1e15},
        {"date": DAY, "hours": 1e30},
    ],
    ids=repr,
)
def test_impossible_moves_are_refused(given_arguments):
    with pytest.raises(InvalidValue):
        add_to_date(**given_arguments)


@given(
    st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1)),
    st.integers(-30, 30),
    st.integers(-500, 500),
    st.integers(-1000, 1000),
    st.integers(-100_000, 100_000),
)
def test_moves_agree_with_relativedelta(start, years, months, days, seconds):
    expected = start + relativedelta(years=years, months=months, days=days, seconds=seconds)
    assert add_to_date(start, years=years, months=months, days=days, seconds=seconds) == expected


@given(dates, dates)
def test_date_diff_is_the_distance_that_add_days_goes(start, end):
    days = utils.date_diff(end, start)
    assert add_days(start, days) == end
    assert utils.date_diff(start, end) == -days
    assert utils.date_diff(end.isoformat(), dt.datetime.combine(start, dt.time(23, 59))) == days


def test_differences():
    assert utils.date_diff("2026-03-01", "2026-02-28") == 1
    assert utils.month_diff("2026-03-01", "2026-03-31") == 1
    assert utils.month_diff("2026-03-01", "2026-02-28") == 2
    assert utils.month_diff("2027-01-01", "2025-12-31") == 14
    assert utils.month_diff("2026-01-01", "2026-03-01") == -1
    assert utils.time_diff("2026-03-01 10:00", "2026-02-28") == dt.timedelta(days=1, hours=10)
    assert utils.time_diff_in_seconds("2026-03-01 00:00:01.5", "2026-03-01") == 1.5
    assert utils.time_diff_in_hours("2026-03-01 01:20", "2026-03-01") == 1.333333
    with pytest.raises(InvalidValue, match="no real date"):
        utils.date_diff("0000-00-00", "2026-01-01")
    with pytest.raises(InvalidValue, match="no real date and time"):
        utils.time_diff("0000-00-00", "2026-01-01")


def test_first_and_last_days():
    assert utils.get_first_day("2026-01-31") == dt.date(2026, 1, 1)
    assert utils.get_first_day("2026-01-31", d_months=1) == dt.date(2026, 2, 1)
    assert utils.get_first_day("2026-01-31", -1, -1) == dt.date(2024, 12, 1)
    assert utils.get_first_day(NOON, as_str=True) == "2026-01-01"
    assert utils.get_last_day("2028-02-10") == dt.date(2028, 2, 29)
    assert utils.get_last_day(NOON) == DAY
    assert type(utils.get_last_day(NOON)) is dt.date
    assert utils.is_last_day_of_the_month(DAY)
    assert not utils.is_last_day_of_the_month("2026-01-30")
    assert utils.get_quarter_start("2026-06-30") == dt.date(2026, 4, 1)
    assert utils.get_quarter_start("2026-12-01", as_str=True) == "2026-10-01"
    assert utils.get_quarter_ending("2026-05-01") == dt.date(2026, 6, 30)
    assert utils.get_year_start(DAY) == dt.date(2026, 1, 1)
    assert utils.get_year_start(DAY, as_str=True) == "2026-01-01"
    assert utils.get_year_ending("2026-05-01") == dt.date(2026, 12, 31)


def test_weeks_begin_on_sunday():
    # 31 January 2026 is a Saturday
    assert utils.get_weekday(DAY) == "Saturday"
    assert utils.get_first_day_of_week(DAY) == dt.date(2026, 1, 25)
    assert utils.get_first_day_of_week("2026-02-01") == dt.date(2026, 2, 1)
    assert utils.get_first_day_of_week(DAY, as_str=True) == "2026-01-25"
    assert utils.get_last_day_of_week(DAY) == DAY
    assert utils.get_last_day_of_week("2026-02-01") == dt.date(2026, 2, 7)


@given(dates)
def test_periods_hold_their_day_and_abut(day):
    first, last = utils.get_first_day(day), utils.get_last_day(day)
    assert first <= day <= last
    assert add_days(last, 1) == utils.get_first_day(day, d_months=1)
    start, end = utils.get_quarter_start(day), utils.get_quarter_ending(day)
    assert start <= first <= last <= end
    assert utils.get_quarter_start(add_days(end, 1)) == add_days(end, 1)
    sunday = utils.get_first_day_of_week(day)
    assert sunday <= day <= utils.get_last_day_of_week(day)
    assert utils.get_weekday(sunday) == "Sunday"
