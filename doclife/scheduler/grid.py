"""The moments at which the scheduler ticks: the multiples of its interval since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST = timedelta(milliseconds=1)


def tick_interval(seconds: float) -> timedelta:
    """Returns the time between two ticks: a whole number of microseconds, at least a millisecond.

    Args:
        seconds: the setting `scheduler_tick_interval`.
    """
    return max(timedelta(seconds=seconds), _LEAST)


def last_tick(moment: datetime, interval: timedelta) -> datetime:
    """Returns the latest moment of a tick that is not after a moment.

    It is counted in whole microseconds: in floats, multiples of 0.1 s may not be met.

    Args:
        moment: aware.
        interval: as `tick_interval` returned it.
    """
    return moment - (moment - _BEGINNING) % interval
