"""Interrupting a job in a way that application code cannot swallow: when its time is up, or somebody wants it to stop.

An alarm raises a BaseException in the job, and again every few seconds while it goes on. What no
Python exception reaches (a call into C that does not return) ends with the process: the watchdog of
the worker kills it, and where that thread cannot run either, because the call keeps the
interpreter's lock, a thread of C does.
"""

from __future__ import annotations

import faulthandler
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, NoReturn

from doclife.core.clock import monotonic

#: seconds between two alarms once the job is to end
REPEAT_S = 5.0
#: seconds in which the job may still end by the exception
GRACE_S = 20.0
#: seconds by which the thread of C comes later than the watchdog, which says why
LATER_S = 5.0


class JobInterrupted(BaseException):
    """The job is not to go on.

    No Exception: an app's `except Exception` must not keep it going. A job that has to put
    something back does it in `finally`.
    """


class JobTimedOut(JobInterrupted):
    """The job ran longer than its timeout."""


class JobCancelled(JobInterrupted):
    """Somebody has cancelled the job."""


class JobGivenBack(JobInterrupted):
    """The worker ends before the job did; it runs again, and this attempt does not count."""


#: what is wanted first gives way to what stands behind it here
_BY_WEIGHT: tuple[type[JobInterrupted], ...] = (JobGivenBack, JobTimedOut, JobCancelled)


class TimeLimit:
    """The alarm of one job; only the main thread can be interrupted, elsewhere the watchdog alone counts."""

    #: whether the process ends even where none of its Python code can run; set by worker processes
    hard = False

    def __init__(self, seconds: float, *, job: str = "", fence: int = 0) -> None:
        """Prepares the alarm.

        Args:
            seconds: after which the job has timed out.
            job: id of the job that it is for.
            fence: number of the job's claim.
        """
        self.seconds, self.job, self.fence = seconds, job, fence
        #: of `monotonic`, when the process is to be killed
        self.kill_at = monotonic() + seconds + GRACE_S
        #: of the thread that runs the job
        self.thread = 0
        #: what was raised in the job
        self.raised: JobInterrupted | None = None
        #: what somebody wants to be raised
        self.wanted: JobInterrupted | None = None
        self._armed = self._ended = False
        self._hard = False
        self._before: Any = None
        #: the timer of whoever runs this job inside an alarm of their own: of `monotonic` when it goes off, and again
        self._outer: tuple[float, float] | None = None
        #: held while the alarm is set or put off: another thread may do the one while this one does the other
        self._lock = threading.Lock()

    def __enter__(self) -> TimeLimit:
        self.thread = threading.get_ident()
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGALRM, self._alarm)
            self._armed = True
            left, interval = signal.setitimer(signal.ITIMER_REAL, self.seconds, REPEAT_S)
            self._outer = (monotonic() + left, interval) if left else None
        if self.hard and sys.__stderr__ is not None:
            self._hard = True
            faulthandler.dump_traceback_later(self.seconds + GRACE_S + LATER_S, exit=True, file=sys.__stderr__)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Puts everything back; may be called again, for an alarm may go off at its very beginning."""
        self.disarm()
        if self._hard:
            self._hard = False
            faulthandler.cancel_dump_traceback_later()
        if self._before is not None:
            before, self._before = self._before, None
            signal.signal(signal.SIGALRM, before)
            if self._outer is not None:
                at, interval = self._outer
                signal.setitimer(signal.ITIMER_REAL, max(at - monotonic(), 0.001), interval)

    def interrupt(self, reason: JobInterrupted, *, grace_s: float = GRACE_S) -> bool:
        """Raises `reason` in the job; may be called by another thread.

        A job that does not run in the main thread is told at its next commit.

        Args:
            reason: to raise; what weighs less than the one before is passed over.
            grace_s: seconds in which the job may end by it, before the process is killed.
        Returns:
            Whether the job can still be interrupted: it has not ended, and does not end just now.
        """
        with self._lock:
            if self._ended:
                return False
            before = self.wanted or self.raised
            if before is None or _weight(before) < _weight(reason):
                self.wanted = reason
                if self._armed:
                    self.kill_at = min(self.kill_at, monotonic() + grace_s)
                    signal.setitimer(signal.ITIMER_REAL, 0.001, REPEAT_S)
            return True

    def check_cancelled(self) -> None:
        """Raises JobCancelled where that is wanted: at the commits of a job that no alarm can reach."""
        if isinstance(self.wanted, JobCancelled):
            self._raise(self.wanted)

    def disarm(self) -> None:
        """Raises nothing from here on: the job has ended, its commit must not be torn."""
        with self._lock:
            if self._armed:
                self._armed = False
                signal.setitimer(signal.ITIMER_REAL, 0)
            self._ended = True

    def _alarm(self, _number: int, _frame: FrameType | None) -> None:
        if self._armed:
            self._raise(self.wanted or JobTimedOut(f"ran longer than {self.seconds:g} s"))

    def _raise(self, reason: JobInterrupted) -> NoReturn:
        self.raised = reason
        raise type(reason)(*reason.args)  # a new one each time, whose traceback is its own


def _weight(reason: JobInterrupted) -> int:
    return _BY_WEIGHT.index(type(reason))
