"""What time it is: the only place that asks the operating system.

Documents carry naive datetimes in the site's time zone; operational times (jobs, leases,
schedules) are UTC. Tests move the clock with `travel`.
"""

from __future__ import annotations

import time as _time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_offset = timedelta(0)
_frozen: datetime | None = None


def utc_now() -> datetime:
    """Returns the time now as an aware datetime in UTC, with microseconds."""
    if _frozen is not None:
        return _frozen
    now = datetime.now(UTC)
    return now + _offset if _offset else now


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """Returns the time zone of an IANA name; UTC is the fast fixed-offset one.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: no such zone.
    """
    return UTC if name == "UTC" else ZoneInfo(name)


def now(zone_name: str = "UTC") -> datetime:
    """Returns the time now as a naive datetime in the named zone."""
    moment = utc_now()
    return (moment if zone_name == "UTC" else moment.astimezone(zone(zone_name))).replace(tzinfo=None)


def to_site(moment: datetime, zone_name: str) -> datetime:
    """Converts a UTC datetime (aware, or naive meaning UTC) to a naive one in the named zone."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(zone(zone_name)).replace(tzinfo=None)


def to_utc(moment: datetime, zone_name: str) -> datetime:
    """Converts a naive datetime of the named zone (or an aware one) to an aware one in UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone(zone_name))
    return moment.astimezone(UTC)


def monotonic() -> float:
    """Returns seconds of a clock that never goes back; for durations only."""
    return _time.perf_counter()


def steady() -> float:
    """Returns seconds of a clock that only `travel` moves: setting the system's clock puts nothing off."""
    if _frozen is not None:
        return _time.perf_counter() + (_frozen - datetime.now(UTC)).total_seconds()
    return _time.perf_counter() + _offset.total_seconds()


def moved() -> timedelta | None:
    """Returns by how much `travel` has moved the clock; None: it stands still."""
    return None if _frozen is not None else _offset


@contextmanager
def travel(to: datetime | None = None, *, by: timedelta | None = None, tick: bool = True) -> Iterator[None]:
    """Moves doclife's clock for the block.

    Args:
        to: the time to start from; naive means UTC.
        by: instead of `to`, a distance from now.
        tick: False freezes the clock at that moment.
    """
    global _offset, _frozen
    before = (_offset, _frozen)
    target = utc_now() + by if by is not None else to
    if target is None:
        raise ValueError("travel() needs a moment: travel(to=...) or travel(by=...)")
    if target.tzinfo is None:
        target = target.replace(tzinfo=UTC)
    _offset, _frozen = (target - datetime.now(UTC), None) if tick else (timedelta(0), target)
    try:
        yield
    finally:
        _offset, _frozen = before


def move_to(moment: datetime) -> None:
    """Moves a clock on that `travel` has moved before; the end of that block puts it back.

    Args:
        moment: aware.
    Order: inside a block of `travel`.
    """
    global _offset, _frozen
    if _frozen is not None:
        _frozen = moment.astimezone(UTC)
    elif _offset:
        _offset = moment - datetime.now(UTC)
    else:
        raise ValueError("move_to() is for the inside of `with travel(...)`, which puts the clock back")
