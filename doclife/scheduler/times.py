"""When a schedule is due: cron expressions and frequency words in a time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice
from zoneinfo import ZoneInfoNotFoundError

from doclife.core import clock
from doclife.core.errors import ConfigError, ValidationError, brief, nearest
from doclife.scheduler import expressions, walls
from doclife.scheduler.expressions import Pattern

#: the frequency words, as cron expressions (design 7)
FREQUENCIES = {
    "hourly": "0 * * * *",
    "daily": "0 0 * * *",
    "weekly": "0 0 * * 0",
    "monthly": "0 0 1 * *",
    "yearly": "0 0 1 1 *",
    "annual": "0 0 1 1 *",
}
#: fires at every tick; it has no times of its own
ALL = "all"
#: of a word: on the long queue
LONG = "_long"

#: croniter's words, and what is near them
ALIASES = {
    "@hourly": FREQUENCIES["hourly"],
    "@daily": FREQUENCIES["daily"],
    "@midnight": FREQUENCIES["daily"],
    "@weekly": FREQUENCIES["weekly"],
    "@monthly": FREQUENCIES["monthly"],
    "@yearly": FREQUENCIES["yearly"],
    "@annually": FREQUENCIES["yearly"],
}

#: a year, or decades behind it, must be one that datetime has
_YEARS = range(1900, 2101)


def next_times(
    expression: str, time_zone: str, start: datetime, n: int, *, spread_by: str | None = None
) -> list[datetime]:
    """Returns the next `n` times of a schedule, strictly after `start`, in order.

    A fixed wall time comes once on both days on which the clocks change: the first of two equal times, and
    the moment the clock goes on for one that it leaves out. What recurs does so by elapsed time.

    Args:
        expression: cron expression, or a frequency word but `all`.
        time_zone: IANA name; the times are in it.
        start: aware, or naive in that zone (of two equal times `fold` names the second); from 1900 to 2100.
        n: how many; fewer come if the expression ends (it names a year).
        spread_by: what `H` stands for is worked out from this text, the same at each call.
    Raises:
        ValidationError: the expression is not one, holds `H` and there is no `spread_by`, or start, n or
            spread_by are not such.
        ConfigError: there is no such zone.
    Source: docs/decisions/0031-when-schedules-are-due.md.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise ValidationError(f"next_times(n=...) is a number of times, not {n!r}")
    return list(islice(_times(expression, time_zone, start, spread_by), n))


def next_time(expression: str, time_zone: str, start: datetime, *, spread_by: str | None = None) -> datetime | None:
    """Returns the next time of a schedule, strictly after `start`, or None: there is none.

    Args and errors: as those of `next_times`.
    """
    return next(_times(expression, time_zone, start, spread_by), None)


def cron_of(expression: str) -> str:
    """Returns the cron expression of an expression or a frequency word.

    Raises:
        ValidationError: it is neither.
    """
    if not isinstance(expression, str):
        raise ValidationError(f"a cron expression is text, not {brief(expression)}")
    text = " ".join(expression.split())
    word = text.lower()
    if word.removesuffix(LONG) == ALL:
        raise ValidationError("'all' fires at every tick of the scheduler; it has no times of its own")
    known = FREQUENCIES.get(word.removesuffix(LONG)) or ALIASES.get(word)
    if known:
        return known
    problem = expressions.problem(text)
    if problem:
        hint = nearest(text, [*FREQUENCIES, *ALIASES, ALL]) if text and " " not in text else ""
        raise ValidationError(f"{brief(expression)} is not a cron expression: {problem}.{hint}")
    return text


def check_zone(name: str) -> tzinfo:
    """Returns a time zone by its name.

    Raises:
        ConfigError: there is no such zone.
    """
    try:
        return clock.zone(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:  # "Europe" is a folder
        raise ConfigError(f"there is no time zone {brief(name)}; use a name like 'Europe/Berlin'") from error


def _times(expression: str, time_zone: str, start: datetime, spread_by: str | None) -> Iterator[datetime]:
    cron = cron_of(expression)
    zone = check_zone(time_zone)
    if not isinstance(start, datetime) or start.year not in _YEARS:
        raise ValidationError(f"start is a datetime from {_YEARS[0]} to {_YEARS[-1]}, not {brief(start)}")
    if spread_by is not None and not isinstance(spread_by, str):
        raise ValidationError(f"spread_by is a text, not {brief(spread_by)}")
    if spread_by is None and expressions.spreads(cron):
        raise ValidationError(f"{cron!r} is spread by H, and nothing is given to spread it by (spread_by)")
    try:
        pattern = expressions.pattern(cron, spread_by)
    except ValueError as error:
        raise ValidationError(f"{cron!r}, spread by {spread_by!r}, is not a cron expression: {error}") from error
    local = start.replace(tzinfo=zone) if start.tzinfo is None else start
    moment = _following(pattern, zone, local.astimezone(UTC).replace(microsecond=0))
    while moment is not None:
        yield moment.astimezone(zone)
        moment = _following(pattern, zone, moment)


def _following(pattern: Pattern, zone: tzinfo, moment: datetime) -> datetime | None:
    """Returns the next time after a moment, both in UTC."""
    found = _shown_next(pattern, zone, walls.wall_time(moment, zone), moment)
    back = None if pattern.fixed else walls.put_back(moment, zone)
    if back is None:
        return found
    # what the clock shows now it will show again, with the times from there on
    eve = back - walls.SECOND
    again = _shown_next(pattern, zone, walls.wall_time(back, zone) - walls.SECOND, eve)
    return min((each for each in (found, again) if each is not None), default=None)


def _shown_next(pattern: Pattern, zone: tzinfo, wall: datetime, beyond: datetime) -> datetime | None:
    """Returns the first moment later than `beyond` at which the first match after a wall time comes."""
    match = pattern.after(wall)
    while match is not None:
        shown = walls.moments(match, zone)
        if not shown:
            goes_on = walls.put_forward(match, zone)
            if pattern.keeps_gaps:
                shown = [goes_on]
            else:
                match = walls.wall_time(goes_on, zone) - walls.SECOND
        elif pattern.fixed:
            shown = shown[:1]
        for moment in shown:
            if moment > beyond:
                return moment
        match = pattern.after(match)
    return None
