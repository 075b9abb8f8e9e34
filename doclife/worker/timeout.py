"""Time limits that application code cannot swallow.

When the time is up an alarm raises a BaseException in the job, and again every few seconds while
it goes on; the watchdog of the worker kills the process in the end, for what no Python exception
reaches (a call into C that does not return).
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from doclife.core.clock import monotonic

#: seconds between two alarms once the time is up
REPEAT_S = 5.0
#: seconds after the time is up in which the job may still end by the exception
GRACE_S = 20.0


class JobTimedOut(BaseException):
    """The job ran longer than its timeout.

    No Exception: an app's `except Exception` must not keep the job going.
    """


class TimeLimit:
    """The time limit of one job; only the main thread can be interrupted, elsewhere the watchdog alone counts."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        #: of `monotonic`, when the process is to be killed
        self.kill_at = monotonic() + seconds + GRACE_S
        self._armed = False
        self._before: Any = None

    def __enter__(self) -> TimeLimit:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGALRM, self._alarm)
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, self.seconds, REPEAT_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.disarm()
        if self._before is not None:
            signal.signal(signal.SIGALRM, self._before)
            self._before = None

    def disarm(self) -> None:
        """Raises nothing from here on: the job has ended, its commit must not be torn."""
        if self._armed:
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _alarm(self, _number: int, _frame: FrameType | None) -> None:
        if self._armed:
            raise JobTimedOut(f"ran longer than {self.seconds:g} s")
