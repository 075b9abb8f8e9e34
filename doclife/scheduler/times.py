"""When a schedule is due: cron expressions and frequency words in a time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfoNotFoundError

from doclife.core import clock
from doclife.core.errors import ConfigError, ValidationError, nearest

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

#: "1-1", which croniter reads as "every"
_EQUAL_BOUNDS = re.compile(r"(?<![^\s,])(\w+)-\1(?![^\s,/])", re.IGNORECASE)

#: a field of `H`, for a value that is worked out from a name
_SPREAD = re.compile(r"(?<!\S)H(?![^\s(/])", re.IGNORECASE)


def next_times(
    expression: str, time_zone: str, start: datetime, n: int, *, spread_by: str | None = None
) -> list[datetime]:
    """Returns the next `n` times of a schedule, strictly after `start`.

    A fixed wall-clock time comes once on both days on which the clocks change: the first of two
    equal times, and the first valid minute after one that is left out.

    Args:
        expression: cron expression, or a frequency word but `all`.
        time_zone: IANA name; the times are in it.
        start: aware, or naive in that zone.
        n: how many; fewer come if the expression ends (it names a year).
        spread_by: what `H` stands for is worked out from this text, the same at each call.
    Raises:
        ValidationError: the expression is not one, or holds `H` and there is no `spread_by`.
        ConfigError: there is no such zone.
    """
    return list(islice(_times(cron_of(expression), time_zone, start, spread_by), n))


def next_time(expression: str, time_zone: str, start: datetime, *, spread_by: str | None = None) -> datetime | None:
    """Returns the next time of a schedule, strictly after `start`, or None: there is none."""
    return next(_times(cron_of(expression), time_zone, start, spread_by), None)


def cron_of(expression: str) -> str:
    """Returns the cron expression of an expression or a frequency word.

    Raises:
        ValidationError: it is neither.
    """
    text = " ".join(expression.split())
    word = text.lower().removesuffix(LONG)
    if word == ALL:
        raise ValidationError("'all' fires at every tick of the scheduler; it has no times of its own")
    if word in FREQUENCIES:
        return FREQUENCIES[word]
    problem = _problem(text)
    if problem:
        hint = nearest(text, [*FREQUENCIES, ALL]) if " " not in text else ""
        raise ValidationError(f"{expression!r} is not a cron expression: {problem}.{hint}")
    return text


def check_zone(name: str) -> tzinfo:
    """Returns a time zone by its name.

    Raises:
        ConfigError: there is no such zone.
    """
    try:
        return clock.zone(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(f"there is no time zone {name!r}; use a name like 'Europe/Berlin'") from error


@lru_cache(maxsize=512)
def _problem(text: str) -> str:
    from croniter import CroniterError, croniter  # 20 ms, for the few processes that schedule

    if _EQUAL_BOUNDS.search(text):
        return "a range from a value to itself means nothing; name the value alone"
    try:
        croniter.expand(text, hash_id=b"any", strict=True)
    except CroniterError as error:
        return str(error) or type(error).__name__
    return ""


def _times(cron: str, time_zone: str, start: datetime, spread_by: str | None) -> Iterator[datetime]:
    from croniter import CroniterBadDateError, croniter

    zone = check_zone(time_zone)
    if spread_by is None and _SPREAD.search(cron):
        raise ValidationError(f"{cron!r} is spread by H, and nothing is given to spread it by (spread_by)")
    local = start.replace(tzinfo=zone) if start.tzinfo is None else start.astimezone(zone)
    fixed = not any(sign in field for field in cron.split()[:2] for sign in "*/-")
    times = croniter(cron, local, hash_id=spread_by)
    while True:
        try:
            found = times.get_next(datetime)
        except CroniterBadDateError:
            return
        if fixed and found.fold:  # the same wall-clock time came an hour before
            continue
        if found.astimezone(UTC) > local.astimezone(UTC):
            yield found
