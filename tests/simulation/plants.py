"""Defects that are planted to see whether the simulation finds them: `--plant both-folds`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from croniter import croniter

from doclife.scheduler import expressions, times, walls

_pattern, _following = expressions.pattern, times._following


def _both_folds(text: str, spread_by: str | None) -> Any:
    return _pattern(text, spread_by)._replace(fixed=False)


def _gaps_lost(text: str, spread_by: str | None) -> Any:
    return _pattern(text, spread_by)._replace(keeps_gaps=False)


def _gaps_kept(text: str, spread_by: str | None) -> Any:
    return _pattern(text, spread_by)._replace(keeps_gaps=True)


def _one_pass(moment: datetime, zone: tzinfo) -> None:
    return None


def _at_the_start_too(pattern: Any, zone: tzinfo, moment: datetime) -> datetime | None:
    return _following(pattern, zone, moment.replace(second=0) - walls.SECOND)


def _a_minute_late(pattern: Any, zone: tzinfo, moment: datetime) -> datetime | None:
    return _following(pattern, zone, moment + timedelta(minutes=1))


def _croniter_alone(expression: str, time_zone: str, start: datetime) -> datetime:
    zone = times.check_zone(time_zone)
    found: datetime = croniter(times.cron_of(expression), start.astimezone(zone)).get_next(datetime)
    return found


def _both_days(text: str, spread_by: str | None) -> Any:
    matches = croniter(text, day_or=False)

    def after(wall: datetime) -> Any:
        matches.set_current(wall)
        return matches.get_next(datetime)

    return _pattern(text, spread_by)._replace(after=after)


def _in_utc(name: str) -> tzinfo:
    return UTC


#: what is put in place of what, by name of the defect
PLANTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "both-folds": (expressions, "pattern", _both_folds),
    "gaps-lost": (expressions, "pattern", _gaps_lost),
    "gaps-kept": (expressions, "pattern", _gaps_kept),
    "both-days": (expressions, "pattern", _both_days),
    "one-pass": (walls, "put_back", _one_pass),
    "at-the-start-too": (times, "_following", _at_the_start_too),
    "a-minute-late": (times, "_following", _a_minute_late),
    "in-utc": (times, "check_zone", _in_utc),
    "croniter-alone": (times, "next_time", _croniter_alone),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Plants a defect for the block; "" is none."""
    if not name:
        yield
        return
    place, attribute, defect = PLANTS[name]
    sound = getattr(place, attribute)
    setattr(place, attribute, defect)
    try:
        yield
    finally:
        setattr(place, attribute, sound)
