"""Dates, times and durations as people read them, in English.

Patterns are those of Frappe and CLDR, as far as business documents use them: yyyy, yy; MMMM, MMM,
MM, M; dd, d; EEEE, EEE; HH, H, hh, h; mm, m; ss, s; SSS, SSSSSS; a. `mm` after an hour is minutes,
elsewhere the month, as in Frappe's "dd-mm-yyyy". Text between apostrophes stays as it is,
two apostrophes are one.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

from doclife.utils.date_math import WEEKDAYS
from doclife.utils.dates import DateLike, get_datetime, get_time, getdate
from doclife.utils.errors import InvalidValue

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

DATE_FORMAT = "yyyy-mm-dd"
TIME_FORMAT = "HH:mm:ss"

_PIECE = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*")

_DATE_PIECES: dict[str, Callable[[Any], str]] = {
    "yyyy": lambda day: f"{day.year:04}",
    "yy": lambda day: f"{day.year % 100:02}",
    "MMMM": lambda day: MONTHS[day.month - 1],
    "MMM": lambda day: MONTHS[day.month - 1][:3],
    "MM": lambda day: f"{day.month:02}",
    "M": lambda day: str(day.month),
    "dd": lambda day: f"{day.day:02}",
    "d": lambda day: str(day.day),
    "EEEE": lambda day: WEEKDAYS[day.weekday()],
    "EEE": lambda day: WEEKDAYS[day.weekday()][:3],
}
_TIME_PIECES: dict[str, Callable[[Any], str]] = {
    "HH": lambda time: f"{time.hour:02}",
    "H": lambda time: str(time.hour),
    "hh": lambda time: f"{(time.hour - 1) % 12 + 1:02}",
    "h": lambda time: str((time.hour - 1) % 12 + 1),
    "mm": lambda time: f"{time.minute:02}",
    "m": lambda time: str(time.minute),
    "ss": lambda time: f"{time.second:02}",
    "s": lambda time: str(time.second),
    "SSS": lambda time: f"{time.microsecond // 1000:03}",
    "SSSSSS": lambda time: f"{time.microsecond:06}",
    "a": lambda time: "AM" if time.hour < 12 else "PM",
}


def format_date(string_date: DateLike = None, format_string: str | None = None, parse_day_first: bool = False) -> str:
    """Returns the date as text by a pattern, "yyyy-mm-dd" by default; "" for nothing.

    Raises:
        InvalidValue: it is not a date, or the pattern has an unknown part.
    """
    day: datetime.date | None = getdate(string_date, parse_day_first) if string_date else None
    return "" if day is None else _fill(format_string or DATE_FORMAT, day)


#: Frappe's older name of `format_date`
formatdate = format_date


def format_datetime(datetime_string: DateLike = None, format_string: str | None = None) -> str:
    """Returns the datetime as text by a pattern, "yyyy-mm-dd HH:mm:ss" by default; "" for nothing.

    Raises:
        InvalidValue: it is not a date and time, or the pattern has an unknown part.
    """
    moment: datetime.datetime | None = get_datetime(datetime_string) if datetime_string else None
    return "" if moment is None else _fill(format_string or f"{DATE_FORMAT} {TIME_FORMAT}", moment)


def format_time(
    time_string: datetime.datetime | datetime.time | datetime.timedelta | str | None = None,
    format_string: str | None = None,
) -> str:
    """Returns the time of day as text by a pattern, "HH:mm:ss" by default; "" for None and "".

    Raises:
        InvalidValue: it is not a time of day, or the pattern has an unknown part.
    """
    return (
        "" if time_string is None or time_string == "" else _fill(format_string or TIME_FORMAT, get_time(time_string))
    )


def format_duration(seconds: float | datetime.timedelta | None, hide_days: bool = False) -> str:
    """Returns a duration as "1d 2h 3m 4s" without its zero parts; "0s" for zero, "" for None.

    Args:
        seconds: fractions are dropped.
        hide_days: counts days as hours, "26h 3m 4s".
    """
    if seconds is None:
        return ""
    total = int(seconds.total_seconds() if isinstance(seconds, datetime.timedelta) else seconds)
    minutes, left = divmod(abs(total), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = (0, hours) if hide_days else divmod(hours, 24)
    parts = [f"{n}{unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "m"), (left, "s")) if n]
    return ("-" if total < 0 else "") + " ".join(parts or ["0s"])


def _fill(pattern: str, value: datetime.date | datetime.time) -> str:
    dated, timed = isinstance(value, datetime.date), isinstance(value, (datetime.datetime, datetime.time))
    hour_seen = not dated

    def piece(match: re.Match[str]) -> str:
        nonlocal hour_seen
        name = match[0]
        if name.startswith("'"):
            return name[1:-1].replace("''", "'") or "'"
        if timed and name[0] in "Hh":
            hour_seen = True
        if dated and name in ("mm", "m") and not hour_seen:
            name = name.upper()
        write = (_DATE_PIECES.get(name) if dated else None) or (_TIME_PIECES.get(name) if timed else None)
        if write is None:
            raise InvalidValue(
                f"the pattern {pattern!r} has the part {match[0]!r}, which a {type(value).__name__} does not have; "
                "put plain words between apostrophes"
            )
        return write(value)

    return _PIECE.sub(piece, pattern)
