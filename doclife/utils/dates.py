"""Now, and dates and times read from whatever an app has: text, dates and datetimes alike.

Names, arguments and results are Frappe's. Datetimes are naive, in the site's time zone; what
arrives with a zone is converted. Text that is not ISO 8601 is read by dateutil, month first, and
must name its year, month and day. Distances are in `date_math`, text for people in `date_format`.

Helpers of this floor may not import `core`, so what time it is comes from a provider that the
site registers with `set_clock`; without one it is the machine's clock in UTC.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from doclife.utils.errors import InvalidValue

#: what most helpers take; a datetime is a date
DateLike = datetime.date | str | None

_ZERO_DATES = ("0000-00-00", "0001-01-01")


def _machine_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


def _to_utc(moment: datetime.datetime) -> datetime.datetime:
    return moment.astimezone(datetime.UTC).replace(tzinfo=None)


_now: Callable[[], datetime.datetime] = _machine_now
_to_site: Callable[[datetime.datetime], datetime.datetime] = _to_utc


def set_clock(
    now_provider: Callable[[], datetime.datetime] | None = None,
    to_site: Callable[[datetime.datetime], datetime.datetime] | None = None,
) -> None:
    """Registers what time it is and which time zone the site is in; called by the site floor.

    Args:
        now_provider: returns the naive time now at the site; None: the machine's clock in UTC.
        to_site: converts an aware datetime to a naive one of the site; None: to UTC.
    """
    global _now, _to_site
    _now = now_provider or _machine_now
    _to_site = to_site or _to_utc


def now_datetime() -> datetime.datetime:
    """Returns the time now at the site: naive, with microseconds."""
    return _now()


def now() -> str:
    """Returns the time now at the site as text, "2026-01-31 09:30:00.000000"."""
    return get_datetime_str(_now())


def nowdate() -> str:
    """Returns the date now at the site as text, "2026-01-31"."""
    return _now().date().isoformat()


def today() -> str:
    """Returns the date now at the site as text, "2026-01-31"."""
    return nowdate()


def nowtime() -> str:
    """Returns the time of day now at the site as text, "09:30:00.000000"."""
    return _now().time().isoformat("microseconds")


def getdate(string_date: DateLike = None, parse_day_first: bool = False) -> datetime.date | Any:
    """Returns the date of a text, date or datetime; today when given nothing.

    Args:
        parse_day_first: reads "01-02-2026", which is not ISO, as the first of February.
    Returns:
        A date; None for the zero dates "0000-00-00" and "0001-01-01" of old databases. (The
        annotation lets callers use the date without a check for those.)
    Raises:
        InvalidValue: it is not a date, or lacks its year, month or day.
    """
    if not string_date:
        return _now().date()
    if isinstance(string_date, datetime.datetime):
        return _naive(string_date).date()
    if isinstance(string_date, datetime.date):
        return string_date
    if isinstance(string_date, str):
        if string_date.startswith(_ZERO_DATES):
            return None
        return _read(string_date, "date", parse_day_first).date()
    raise InvalidValue(f"{string_date!r} is not a date; give a date or a text such as 2026-01-31")


def get_datetime(
    datetime_str: DateLike | Sequence[int] = None, parse_day_first: bool = False
) -> datetime.datetime | Any:
    """Returns the datetime of a text, date, datetime or sequence of its parts; now when given None.

    A date is its midnight. What carries a time zone is converted to the site's.

    Returns:
        A naive datetime; None for an empty text and for the zero dates of old databases.
    Raises:
        InvalidValue: it is not a date and time.
    """
    if datetime_str is None:
        return _now()
    if isinstance(datetime_str, datetime.datetime):
        return _naive(datetime_str)
    if isinstance(datetime_str, datetime.date):
        return datetime.datetime.combine(datetime_str, datetime.time())
    if isinstance(datetime_str, str):
        if not datetime_str or datetime_str.startswith(_ZERO_DATES):
            return None
        return _read(datetime_str, "date and time", parse_day_first)
    if isinstance(datetime_str, Sequence):
        try:
            return _naive(datetime.datetime(*datetime_str))
        except (TypeError, ValueError) as error:
            raise InvalidValue(f"{datetime_str!r} are not the parts of a date and time: {error}") from error
    raise InvalidValue(f"{datetime_str!r} is not a date and time; give a datetime or a text such as 2026-01-31 09:30")


def get_time(time_str: datetime.datetime | datetime.time | datetime.timedelta | str) -> datetime.time:
    """Returns the time of day of a text, datetime, time, or timedelta since midnight.

    Raises:
        InvalidValue: it is not a time of day.
    """
    if isinstance(time_str, datetime.datetime):
        return _naive(time_str).time()
    if isinstance(time_str, datetime.time):
        return time_str.replace(tzinfo=None)
    if isinstance(time_str, datetime.timedelta):
        if datetime.timedelta(0) <= time_str < datetime.timedelta(days=1):
            return (datetime.datetime.min + time_str).time()
    elif isinstance(time_str, str):
        text = time_str.strip()
        try:
            return datetime.time.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            return _read(text, "time of day", False, dated=False).time()
    raise InvalidValue(f"{time_str!r} is not a time of day; give a time or a text such as 09:30")


def to_timedelta(time_str: datetime.time | datetime.timedelta | str) -> datetime.timedelta:
    """Returns the time since midnight of a text or time; a timedelta stays as it is."""
    if isinstance(time_str, datetime.timedelta):
        return time_str
    time = get_time(time_str)
    return datetime.datetime.combine(datetime.date.min, time) - datetime.datetime.min


def get_date_str(date_obj: DateLike = None) -> str:
    """Returns a date as text, "2026-01-31"; today when given nothing."""
    return str(getdate(date_obj).isoformat())


def get_datetime_str(datetime_obj: DateLike = None) -> str:
    """Returns a datetime as text, "2026-01-31 09:30:00.000000"; now when given None."""
    return str(get_datetime(datetime_obj).isoformat(" ", "microseconds"))


def get_time_str(time_obj: datetime.datetime | datetime.time | datetime.timedelta | str) -> str:
    """Returns a time of day as text, "09:30:00.000000"."""
    return get_time(time_obj).isoformat("microseconds")


def _naive(moment: datetime.datetime) -> datetime.datetime:
    return moment if moment.tzinfo is None else _to_site(moment)


def _read(text: str, wanted: str, day_first: bool, *, dated: bool = True) -> datetime.datetime:
    """Returns the datetime of a text: ISO first, then whatever dateutil understands."""
    try:
        return _naive(datetime.datetime.fromisoformat(text.strip()))
    except ValueError:
        pass  # not ISO; the slower reader decides
    from dateutil import parser  # 60 ms, and almost every text is ISO

    try:
        # dateutil fills in missing parts from a default: two defaults show which came from the text
        found, other = (
            parser.parse(text, dayfirst=day_first, tzinfos=_zone_of, default=default)
            for default in (datetime.datetime(2000, 1, 1), datetime.datetime(2001, 2, 2))
        )
    except (ValueError, OverflowError) as error:
        raise InvalidValue(f"{text!r} is not a {wanted}: {error}") from error
    if dated and found != other:
        raise InvalidValue(f"{text!r} is not a whole {wanted}: year, month or day is missing; write 2026-01-31")
    return _naive(found)


def _zone_of(name: str | None, offset_s: int | None) -> datetime.tzinfo | None:
    if offset_s is not None:
        return datetime.timezone(datetime.timedelta(seconds=offset_s))
    if name is None:
        return None
    raise ValueError(f"the time zone {name!r} is not known; write the offset, +01:00")
