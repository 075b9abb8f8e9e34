"""The circuit breaker: while the broker is down, asking it costs nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable
from doclife.core.log import get_logger

BROKER_DOWN = "broker.down"
BROKER_UP = "broker.up"
BROKER_REFUSES = "broker.refuses"

_log = get_logger(__name__)


#: seconds between two looks for a server that nobody has started yet
ABSENT_PAUSE_S = 0.1


class BrokerRefuses(BrokerUnavailable):
    """The broker answered that it cannot do it now: its memory is full. Asking it other things may help."""


class Breaker:
    """Refuses calls for some seconds after one failed; then lets one try.

    Closed, every call passes. A BrokerUnavailable opens it, but for BrokerRefuses, which is an
    answer: calls are refused at once until the pause is over. Then one call is let through while
    the others are still refused; its outcome closes the breaker or begins the next pause.
    """

    def __init__(
        self,
        pause_s: float = 2.0,
        *,
        expected: bool = False,
        on_trip: Callable[[], object] | None = None,
        now: Callable[[], float] = monotonic,
    ) -> None:
        """Prepares a closed breaker.

        Args:
            pause_s: seconds for which calls are refused after one failed.
            expected: it is no news that the broker is down, until it answers for the first time.
            on_trip: called with each failure, in the thread that saw it; must not wait.
            now: tells the time in seconds.
        """
        self.pause_s = pause_s
        #: whether it is no news that the broker is down
        self.expected = expected
        self._on_trip = on_trip
        self._now = now
        self._lock = threading.Lock()
        self._retry_at: float | None = None
        self._reason = ""
        #: whether its refusal was told
        self._refuses = False

    @property
    def is_open(self) -> bool:
        """Whether the last call failed."""
        return self._retry_at is not None

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Runs the block as one call.

        Raises:
            BrokerUnavailable: refused without running the block, or raised by it.
        """
        self._enter()
        try:
            yield
        except BrokerRefuses as error:
            self.reset()
            if not self._refuses:
                self._refuses = True
                _log.warning(BROKER_REFUSES, reason=str(error))
            raise
        except BrokerUnavailable as error:
            self.trip(str(error))
            raise
        self.reset()

    def check(self) -> None:
        """Refuses when a call would be refused now; lets nobody try.

        Raises:
            BrokerUnavailable: the pause is not over.
        """
        if self._retry_at is None:
            return
        with self._lock:
            self._refuse_in_pause(self._now())

    def _enter(self) -> None:
        if self._retry_at is None:
            return
        with self._lock:
            now = self._now()
            self._refuse_in_pause(now)
            # this call is the trial: whoever comes while it runs is refused for another pause
            self._retry_at = now + self.pause_s

    def _refuse_in_pause(self, now: float) -> None:
        if self._retry_at is not None and now < self._retry_at:
            wait = self._retry_at - now
            raise BrokerUnavailable(f"{self._reason} (asked again in {wait:.1f} s)", retry_after_s=wait)

    def trip(self, reason: str) -> None:
        """Begins a pause."""
        with self._lock:
            was_open = self._retry_at is not None
            # A server that nobody has started yet refuses at once, and may be there any moment.
            self._retry_at = self._now() + (ABSENT_PAUSE_S if self.expected else self.pause_s)
            self._reason = reason
        if not was_open:
            (_log.debug if self.expected else _log.warning)(BROKER_DOWN, reason=reason, pause_s=self.pause_s)
        if self._on_trip is not None:
            self._on_trip()

    def reset(self) -> None:
        """Ends the pause: the broker answered."""
        if self._retry_at is None:
            self.expected = False
            return
        with self._lock:
            self._retry_at = None
        if not self.expected:
            _log.info(BROKER_UP)
        self.expected = False
