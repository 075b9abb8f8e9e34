"""Distances between dates, and the first and last days of periods; Frappe's names and results.

Where a function gives back a date it gives the type that came in: text for text, a date for a
date. Text is read as `dates.getdate` and `dates.get_datetime` read it.
"""

from __future__ import annotations

import datetime
import re
from calendar import monthrange
from typing import Any, Literal, TypeVar, overload

from doclife.utils.dates import DateLike, get_date_str, get_datetime, get_datetime_str, getdate, now_datetime
from doclife.utils.errors import InvalidValue

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_Given = TypeVar("_Given", str, datetime.datetime, datetime.date)
#: a text in which one of these occurs has a time of day
_CLOCK_TIME = re.compile(r" |:|\dT\d")


@overload
def add_to_date(date: _Given, years: int = ..., months: int = ..., weeks: float = ..., days: float = ...) -> _Given: ...
@overload
def add_to_date(
    date: DateLike = ...,
    years: int = ...,
    months: int = ...,
    weeks: float = ...,
    days: float = ...,
    hours: float = ...,
    minutes: float = ...,
    seconds: float = ...,
    as_string: bool = ...,
    as_datetime: bool = ...,
) -> Any: ...
def add_to_date(
    date: DateLike = None,
    years: int = 0,
    months: int = 0,
    weeks: float = 0,
    days: float = 0,
    hours: float = 0,
    minutes: float = 0,
    seconds: float = 0,
    as_string: bool = False,
    as_datetime: bool = False,
) -> Any:
    """Returns the date moved by the given distances: years and months first, then the rest.

    A month's end is not passed: 31 January plus one month is 28 or 29 February.

    Args:
        date: where to start; None is now.
        as_string: gives text whatever came in.
        as_datetime: the text has the time of day too.
    Returns:
        What came in: text for text, a date for a date, a datetime for a datetime or None. With
        hours, minutes or seconds, or from a text that has a time of day, it has one as well.
    Raises:
        InvalidValue: the start is not a date, years or months are not whole numbers, or the
            result is outside of the years 1 to 9999.
    """
    timed = bool(hours or minutes or seconds)
    start: datetime.date | None
    if date is None:
        start = now_datetime()
    elif isinstance(date, str):
        as_string = True
        as_datetime = as_datetime or _CLOCK_TIME.search(date.strip()) is not None
        start = get_datetime(date)
    elif timed:
        start = get_datetime(date)
    else:
        start = date
    if start is None:
        raise InvalidValue(f"{date!r} is not a date to count from; give a text such as 2026-01-31")
    try:
        month_index = start.year * 12 + start.month - 1 + _whole(years) * 12 + _whole(months)
        year, month = month_index // 12, month_index % 12 + 1
        day = min(start.day, monthrange(year, month)[1])
        rest = datetime.timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        moved = start.replace(year=year, month=month, day=day) + rest
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidValue(f"{date!r} cannot be moved that far: {error}") from error
    if not as_string:
        return moved
    return get_datetime_str(moved) if as_datetime or timed else get_date_str(moved)


def _whole(number: float) -> int:
    if number != int(number):
        raise ValueError(f"years and months are whole numbers, not {number!r}")
    return int(number)


@overload
def add_days(date: None, days: float) -> datetime.datetime: ...
@overload
def add_days(date: _Given, days: float) -> _Given: ...
def add_days(date: DateLike, days: float) -> Any:
    """Returns the date moved by days, in the type that came in; None is now."""
    return add_to_date(date, days=days)


@overload
def add_months(date: None, months: int) -> datetime.datetime: ...
@overload
def add_months(date: _Given, months: int) -> _Given: ...
def add_months(date: DateLike, months: int) -> Any:
    """Returns the date moved by months, in the type that came in; a month's end is not passed."""
    return add_to_date(date, months=months)


@overload
def add_years(date: None, years: int) -> datetime.datetime: ...
@overload
def add_years(date: _Given, years: int) -> _Given: ...
def add_years(date: DateLike, years: int) -> Any:
    """Returns the date moved by years, in the type that came in; 29 February becomes the 28th."""
    return add_to_date(date, years=years)


def date_diff(end: DateLike, start: DateLike) -> int:
    """Returns the days from `start` to `end`; negative when the end is earlier."""
    return _day(end).toordinal() - _day(start).toordinal()


def month_diff(end: DateLike, start: DateLike) -> int:
    """Returns how many calendar months the two dates touch: 1 within one month, 2 for neighbours."""
    last, first = _day(end), _day(start)
    return (last.year - first.year) * 12 + last.month - first.month + 1


def time_diff(end: DateLike, start: DateLike) -> datetime.timedelta:
    """Returns the time from `start` to `end`; negative when the end is earlier."""
    return _moment(end) - _moment(start)


def time_diff_in_seconds(end: DateLike, start: DateLike) -> float:
    """Returns the seconds from `start` to `end`."""
    return time_diff(end, start).total_seconds()


def time_diff_in_hours(end: DateLike, start: DateLike) -> float:
    """Returns the hours from `start` to `end`, rounded to 6 decimal places."""
    return round(time_diff_in_seconds(end, start) / 3600, 6)


@overload
def get_first_day(
    dt: DateLike = None, d_years: int = 0, d_months: int = 0, as_str: Literal[False] = False
) -> datetime.date: ...
@overload
def get_first_day(dt: DateLike = None, d_years: int = 0, d_months: int = 0, *, as_str: Literal[True]) -> str: ...
def get_first_day(
    dt: DateLike = None, d_years: int = 0, d_months: int = 0, as_str: bool = False
) -> datetime.date | str:
    """Returns the first day of the date's month, moved by `d_years` and `d_months`."""
    first: datetime.date = add_to_date(_day(dt).replace(day=1), years=d_years, months=d_months)
    return first.isoformat() if as_str else first


def get_last_day(dt: DateLike = None) -> datetime.date:
    """Returns the last day of the date's month."""
    day = _day(dt)
    return day.replace(day=monthrange(day.year, day.month)[1])


def is_last_day_of_the_month(dt: DateLike = None) -> bool:
    """Returns whether the date is the last day of its month."""
    return _day(dt) == get_last_day(dt)


@overload
def get_first_day_of_week(dt: DateLike = None, as_str: Literal[False] = False) -> datetime.date: ...
@overload
def get_first_day_of_week(dt: DateLike = None, *, as_str: Literal[True]) -> str: ...
def get_first_day_of_week(dt: DateLike = None, as_str: bool = False) -> datetime.date | str:
    """Returns the Sunday on or before the date."""
    day = _day(dt)
    first = add_days(day, -(day.isoweekday() % 7))
    return first.isoformat() if as_str else first


def get_last_day_of_week(dt: DateLike = None) -> datetime.date:
    """Returns the Saturday on or after the date."""
    return add_days(get_first_day_of_week(dt), 6)


@overload
def get_quarter_start(dt: DateLike = None, as_str: Literal[False] = False) -> datetime.date: ...
@overload
def get_quarter_start(dt: DateLike = None, *, as_str: Literal[True]) -> str: ...
def get_quarter_start(dt: DateLike = None, as_str: bool = False) -> datetime.date | str:
    """Returns the first day of the date's calendar quarter."""
    day = _day(dt)
    first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return first.isoformat() if as_str else first


def get_quarter_ending(date: DateLike = None) -> datetime.date:
    """Returns the last day of the date's calendar quarter."""
    return get_last_day(add_months(get_quarter_start(date), 2))


@overload
def get_year_start(dt: DateLike = None, as_str: Literal[False] = False) -> datetime.date: ...
@overload
def get_year_start(dt: DateLike = None, *, as_str: Literal[True]) -> str: ...
def get_year_start(dt: DateLike = None, as_str: bool = False) -> datetime.date | str:
    """Returns 1 January of the date's year."""
    first = _day(dt).replace(month=1, day=1)
    return first.isoformat() if as_str else first


def get_year_ending(date: DateLike = None) -> datetime.date:
    """Returns 31 December of the date's year."""
    return _day(date).replace(month=12, day=31)


def get_weekday(dt: DateLike = None) -> str:
    """Returns the English name of the date's day of the week."""
    return WEEKDAYS[_day(dt).weekday()]


def _day(value: DateLike) -> datetime.date:
    day: datetime.date | None = getdate(value)
    if day is None:
        raise InvalidValue(f"{value!r} is no real date to calculate with")
    return day


def _moment(value: DateLike) -> datetime.datetime:
    moment: datetime.datetime | None = get_datetime(value)
    if moment is None:
        raise InvalidValue(f"{value!r} is no real date and time to calculate with")
    return moment
