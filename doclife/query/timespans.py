"""Time spans: the days that words like "last quarter" mean today. Weeks begin on Sunday, as in Frappe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from doclife.core import clock
from doclife.core.context import current_or_none
from doclife.core.errors import ValidationError, brief, nearest
from doclife.utils.date_math import (
    add_months,
    get_first_day,
    get_first_day_of_week,
    get_last_day,
    get_last_day_of_week,
    get_quarter_ending,
    get_quarter_start,
    get_year_ending,
    get_year_start,
)

Span = tuple[date, date]

#: period -> (days or months to the neighbouring one, its first day, its last day)
_PERIODS: dict[str, tuple[timedelta | int, Callable[[date], date], Callable[[date], date]]] = {
    "week": (timedelta(days=7), get_first_day_of_week, get_last_day_of_week),
    "month": (1, get_first_day, get_last_day),
    "quarter": (3, get_quarter_start, get_quarter_ending),
    "year": (12, get_year_start, get_year_ending),
}
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_RUNS = (7, 14, 30, 90)

#: what `previous` and `next` take -> the word of the span
_LENGTHS = {"1 week": "week", "1 month": "month", "3 months": "quarter", "6 months": "6 months", "1 year": "year"}

SPANS = (
    *_DAYS,
    *(f"{which} {period}" for which in ("last", "this", "next") for period in _PERIODS),
    *(f"{which} {length}" for which in ("last", "next") for length in ("6 months", *(f"{n} days" for n in _RUNS))),
)


def site_now() -> datetime:
    """Returns the time now at the open context's site: naive, with microseconds."""
    context = current_or_none()
    return clock.now("UTC" if context is None else context.site.settings.time_zone)


def site_today() -> date:
    """Returns today's date at the open context's site."""
    return site_now().date()


def _moved(day: date, step: timedelta | int, times: int) -> date:
    if isinstance(step, timedelta):
        return day + step * times
    moved: date = add_months(day, step * times)
    return moved


def span(words: str, today: date | None = None) -> Span:
    """Returns the first and the last day of a span.

    Args:
        words: one of SPANS.
        today: default the site's.
    Raises:
        ValidationError: there is no such span; the message has the nearest.
    """
    wanted = " ".join(str(words).lower().split())
    if wanted not in SPANS:
        raise ValidationError(f"no time span {brief(words)}.{nearest(wanted, SPANS)}")
    day = today or site_today()
    if wanted in _DAYS:
        there = day + timedelta(days=_DAYS[wanted])
        return there, there
    which, _, length = wanted.partition(" ")
    back = which == "last"
    if length.endswith("days"):
        run = timedelta(days=int(length.split()[0]))
        return (day - run, day) if back else (day, day + run)
    if length == "6 months":
        near, far = (-1, -2) if back else (1, 2)
        first, last = (far, near) if back else (near, far)
        return get_quarter_start(_moved(day, 3, first)), get_quarter_ending(_moved(day, 3, last))
    step, first_day, last_day = _PERIODS[length]
    there = _moved(day, step, {"last": -1, "this": 0, "next": 1}[which])
    return first_day(there), last_day(there)


def neighbour(operator: str, length: str, today: date | None = None) -> Span:
    """Returns the span before or after this one.

    Args:
        operator: "previous" or "next".
        length: "1 week", "1 month", "3 months", "6 months" or "1 year".
        today: default the site's.
    Raises:
        ValidationError: there is no such length.
    """
    word = _LENGTHS.get(" ".join(str(length).lower().split()))
    if word is None:
        raise ValidationError(f"{operator} {brief(length)}: use one of {', '.join(_LENGTHS)}")
    return span(f"{'last' if operator == 'previous' else 'next'} {word}", today)
