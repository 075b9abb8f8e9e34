"""When the scheduler ticks: at moments of the wall clock, waited for by a clock that nobody sets."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from doclife.core import clock
from doclife.scheduler.grid import last_tick, tick_interval

#: seconds until a look after runs that were missed; doubled up to the longest while none can be started
MISSED_S, LONGEST_MISSED_S = 1.0, 8.0
#: seconds by which the wall clock may move against the steady one without having been set
DRIFT_S = 2.0


class Pace:
    """The moments of one scheduler's ticks: the multiples of its interval since 1970.

    A minute's job starts with the minute that way, and whoever leads stands for the same moments. The
    time between two of them is measured by `clock.steady`: a wall clock that is set back for hours
    stops nothing, and one that is set forward brings one tick, not all those in between.
    """

    def __init__(self) -> None:
        """Has the first tick come at once."""
        self._due_at = clock.steady()
        self._shift_s = _shift_s()

    def moment(self, interval_s: float) -> datetime:
        """Returns the latest moment of a tick: aware, now or less than an interval ago."""
        return last_tick(clock.utc_now(), tick_interval(interval_s))

    def left_s(self) -> float:
        """Returns the seconds until the next tick, 0 where it is due."""
        return max(self._due_at - clock.steady(), 0.0)

    def at_once(self) -> None:
        """Has the next tick come at once: for who begins to lead."""
        self._due_at = clock.steady()

    def again(self, seconds: float) -> None:
        """Has the tick that could not be done come again after so many seconds."""
        self._due_at = clock.steady() + seconds

    def follow(self, moment: datetime, interval_s: float) -> None:
        """Puts the next tick to the moment that follows; at once where that has passed while this tick lasted.

        Args:
            moment: of the tick that was done.
            interval_s: seconds between two ticks.
        """
        interval = tick_interval(interval_s)
        left = min(moment + interval - clock.utc_now(), interval)
        self._due_at = clock.steady() + max(left, timedelta()).total_seconds()

    def was_set(self) -> bool:
        """Tells whether the wall clock was set since the last question; then the next tick comes at once."""
        shift_s = _shift_s()
        moved = abs(shift_s - self._shift_s) > DRIFT_S
        self._shift_s = shift_s
        if moved:
            self.at_once()
        return moved


class Missed:
    """When to look after runs that were missed and still wait, between two ticks."""

    def __init__(self) -> None:
        self._due_at, self._pause_s = math.inf, MISSED_S

    def wait(self, *, started: bool) -> None:
        """Plans the next look.

        Args:
            started: whether the last look has started one; else their last jobs are still running.
        """
        self._pause_s = MISSED_S if started else min(self._pause_s * 2, LONGEST_MISSED_S)
        self._due_at = clock.steady() + self._pause_s

    def forget(self) -> None:
        """Plans none."""
        self._due_at = math.inf

    def left_s(self) -> float:
        """Returns the seconds until the next look; infinity where none is planned."""
        return max(self._due_at - clock.steady(), 0.0)


def _shift_s() -> float:
    """Returns by how much the wall clock is ahead of the steady one."""
    return clock.utc_now().timestamp() - clock.steady()
