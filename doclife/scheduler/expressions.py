"""Cron expressions: what croniter would misread is refused, the rest is matched with wall times."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import copy
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from croniter import croniter


class Field(NamedTuple):
    """One field of an expression, and what it may hold."""

    name: str
    least: int
    most: int
    #: three-letter names of values, from `least`
    names: tuple[str, ...] = ()
    #: what else it may hold, for messages
    besides: str = ""

    @property
    def size(self) -> int:
        """How many values there are."""
        return self.most - self.least + 1


MINUTE, HOUR, DAY, MONTH, WEEKDAY, SECOND, YEAR = range(7)
FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31, besides="; L is the last, 15W the weekday nearest to the 15th"),
    Field("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    Field(
        "day of the week",
        0,
        6,
        ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
        besides="; 7 is sun, L5 the last Friday, 5#2 the second",
    ),
    Field("second", 0, 59),
    Field("year", 1970, 2099),
)
#: how many fields an expression has: without seconds, with them, with the year too
LENGTHS = (5, 6, 7)
_LENGTHS_TEXT = "5 (minute, hour, day, month, weekday), 6 (seconds behind them) or 7 (the year last)"

#: no expression that ended before is accepted: not the year of the day, or a site would not load on 1 January
_FIRST_MOMENT = datetime(2025, 12, 31, 23, 59, 59)
#: no number is longer than Python reads
_MOST_CHARACTERS = 1000
#: what an expression is tried with before its schedule has a name
_ANY_NAME = "any"

_RANGE = re.compile(r"([^-/#()]+)-([^-/#()]+)(?:/(\d+))?(?:#\d+)?")
_STEP = re.compile(r"[^/]+/(\d+)")
_SPREAD = re.compile(r"[hr](?:\((\d+)-(\d+)\))?(?:/\d+)?")
_DAYS_ALL_MONTHS_HAVE = 28


class Pattern(NamedTuple):
    """An expression as it is matched."""

    #: names its times; otherwise it recurs, by elapsed time
    fixed: bool
    #: a time that the clock leaves out comes as soon as it goes on
    keeps_gaps: bool
    #: the first match after a wall time, or None
    after: Callable[[datetime], datetime | None]


def problem(text: str) -> str:
    """Returns what is wrong with an expression, or ""."""
    return _problem(text.lower(), _ANY_NAME)


@lru_cache(maxsize=1024)
def spreads(text: str) -> bool:
    """Tells whether an expression holds `H`, and so needs a name."""
    return any(_SPREAD.fullmatch(field) for field in text.lower().split())


def pattern(text: str, spread_by: str | None) -> Pattern:
    """Returns an expression ready to be matched, for one chain of times.

    Args:
        text: an expression without a problem.
        spread_by: the name that `H` is worked out from; needed where `spreads` says so.
    Raises:
        ValueError: with the value that this name gives `H`, it never comes.
    """
    parsed, recurs, names_hours = _prepared(text.lower(), spread_by if spreads(text) else None)
    matches = copy(parsed)  # it holds where it stands
    return Pattern(not recurs, names_hours or not recurs, lambda wall: _after(matches, wall))


@lru_cache(maxsize=1024)
def _prepared(text: str, spread_by: str | None) -> tuple[croniter, bool, bool]:
    if spread_by is not None and (why := _problem(text, spread_by)):
        raise ValueError(why)
    return _parsed(text, spread_by), *_recurs(text)


def _recurs(text: str) -> tuple[bool, bool]:
    """Tells whether an expression recurs by elapsed time, and whether it names its hours."""
    # the bounds of H(0-29) are not a range of times
    fields = [re.sub(r"\(.*?\)", "", field) for field in text.split()]
    recurring = any(sign in field for field in (*fields[: HOUR + 1], *fields[SECOND : SECOND + 1]) for sign in "*/-")
    return recurring, not any(sign in fields[HOUR] for sign in "*/")


def _after(matches: croniter, wall: datetime) -> datetime | None:
    from croniter import CroniterBadDateError

    matches.set_current(wall)
    try:
        found: datetime = matches.get_next(datetime)
    except CroniterBadDateError:
        return None
    return found


@lru_cache(maxsize=1024)
def _parsed(text: str, spread_by: str | None) -> croniter:
    from croniter import croniter  # 20 ms, for the few processes that schedule

    return croniter(_for_croniter(text), _FIRST_MOMENT, hash_id=spread_by)


def _for_croniter(text: str) -> str:
    fields = text.split()
    if fields[DAY] == "h":  # a day that some months do not have would leave them out
        fields[DAY] = f"h(1-{_DAYS_ALL_MONTHS_HAVE})"
    return " ".join(fields)


@lru_cache(maxsize=1024)
def _problem(text: str, spread_by: str) -> str:
    fields = text.split()
    if len(text) > _MOST_CHARACTERS:
        return f"it is longer than {_MOST_CHARACTERS} characters"
    if text.startswith("@"):
        return "of the words with @ only hourly, daily, midnight, weekly, monthly, yearly and annually name times"
    if len(fields) not in LENGTHS:
        return f"it has {len(fields)} field{'s'[: len(fields) != 1]}, and {_LENGTHS_TEXT} are needed"
    for field, held in zip(FIELDS, fields, strict=False):
        for why in _misread(field, held):
            return f"{field.name} {held!r}: {why}"
    return _unreadable(fields, spread_by) or _days_that_disagree(fields) or _ended(text, spread_by)


def _misread(field: Field, held: str) -> Iterator[str]:
    """Yields what croniter would accept and read otherwise than it is meant."""
    spread = _SPREAD.fullmatch(held)
    if spread:
        if held.startswith("r"):
            yield "R is drawn anew each time, so that no time that was shown would hold; use H, which stays"
        elif field is FIELDS[DAY] and int(spread[2] or 0) > _DAYS_ALL_MONTHS_HAVE:
            yield f"not every month has more than {_DAYS_ALL_MONTHS_HAVE} days"
    parts = held.split(",")
    if len(parts) > 1 and "*" in parts:
        yield "'*' is every value already"
    for part in parts:
        step = _STEP.fullmatch(part)
        if step and int(step[1]) > field.size:
            yield f"a step of {step[1]} is more than the {field.size} values there are, and would not recur"
        bounds = _RANGE.fullmatch(part)
        if bounds is None or part == "0-7" or part.startswith("0-7/"):
            continue
        first, last = (_value(field, text) for text in bounds.group(1, 2))
        if first is None or last is None:  # croniter says so
            continue
        if first == last:
            yield "a range from a value to itself means nothing; name the value alone"
        elif first > last and field is FIELDS[YEAR]:
            yield "it ends before it begins"
        elif first > last and int(bounds[3] or 1) > 1:
            yield f"a step over a range that goes past {field.most}; list its values"


def _value(field: Field, text: str) -> int | None:
    if text in field.names:
        return field.names.index(text) + field.least
    if field is FIELDS[DAY] and text == "l":
        return field.most
    if not (text.isascii() and text.isdigit()):
        return None
    value = int(text)
    return 0 if field is FIELDS[WEEKDAY] and value == 7 else value


def _unreadable(fields: list[str], spread_by: str) -> str:
    """Returns which field croniter cannot read, or that days and months do not meet, or ""."""
    from croniter import CroniterError, croniter

    try:
        croniter.expand(_for_croniter(" ".join(fields)), hash_id=spread_by.encode(), strict=True)
    except CroniterError:
        pass  # which field it is, is asked below
    else:
        return ""
    for place, (field, held) in enumerate(zip(FIELDS, fields, strict=False)):
        alone = ["*"] * len(fields)
        alone[place] = held
        try:
            croniter.expand(" ".join(alone), hash_id=spread_by.encode())
        except CroniterError:
            names = f" or {field.names[0]} to {field.names[-1]}" if field.names else ""
            values = f"{field.least} to {field.most}{names}{field.besides}"
            return f"{field.name} {held!r} cannot be read; values are {values}"
    return "no month has these days"


def _days_that_disagree(fields: list[str]) -> str:
    """Returns why day of the month and day of the week cannot both be restricted so, or ""."""
    day, weekday = fields[DAY], fields[WEEKDAY]
    if day in ("*", "?") or weekday in ("*", "?"):
        return ""
    if "w" in day or "#" in weekday or "l" in weekday:
        return "'#', 'W' and a last weekday cannot be joined with another day; make it two schedules"
    for place, held in ((DAY, day), (WEEKDAY, weekday)):
        if not spreads(held) and len(_values(place, held)) == FIELDS[place].size:
            return f"{FIELDS[place].name} {held!r} names every day, and either of the two matches; write '*' for it"
    return ""


def _values(place: int, held: str) -> list[object]:
    from croniter import croniter

    alone = ["*"] * LENGTHS[0]
    alone[place] = held
    alone[DAY + WEEKDAY - place] = "1"  # or croniter writes all values as "*"
    return list(croniter.expand(" ".join(alone))[0][place])


def _ended(text: str, spread_by: str) -> str:
    """Returns that the years of an expression are past, or ""; one without years has no end."""
    if len(text.split()) <= YEAR:
        return ""
    matches = copy(_parsed(text, spread_by if spreads(text) else None))  # others may be moving it
    if _after(matches, _FIRST_MOMENT) is None:
        return f"it never comes from {_FIRST_MOMENT.year + 1} on"
    return ""
