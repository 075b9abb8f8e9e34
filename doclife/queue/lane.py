"""The lane: the one thread that talks to the server for commits, which wait for it a moment and no longer.

A socket's timeout is no bound for a commit: looking up a host's name has none, an answer may come
byte by byte, opening a connection takes several answers, and many jobs take several calls. So a
commit hands its calls over and waits for their end; what is not done by then goes on behind it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from os import getpid
from queue import SimpleQueue

from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable

#: orders that may wait in a lane; a server that is slower than the commits must not fill the memory
LONGEST = 1000
#: seconds a process that ends waits for what is still on its way
FAREWELL_S = 0.25

Call = Callable[[], int]


class _Order:
    """Calls to make one after the other, and how far they are."""

    __slots__ = ("answered", "calls", "ended", "error", "result")

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = calls
        self.answered = 0
        self.result = 0
        self.error: BaseException | None = None
        #: taken until the last call has ended; a plain lock is the cheapest thing to wait for
        self.ended = threading.Lock()
        self.ended.acquire()

    def run(self, lane: _Running) -> None:
        try:
            for call in self.calls:
                lane.begun_at = monotonic()
                self.result += call()
                self.answered += 1
                lane.answered += 1
        except BrokerUnavailable as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 it is raised where the order came from; the thread serves the next
            self.error = error
        finally:
            lane.begun_at = None
            self.ended.release()


class _Running:
    """The thread of a lane in one process: a forked child has none, and starts its own."""

    def __init__(self, name: str) -> None:
        self.pid = getpid()
        self.orders: SimpleQueue[_Order | None] = SimpleQueue()
        #: calls that the server has answered
        self.answered = 0
        #: since when the present call runs, by `monotonic`; None: none does
        self.begun_at: float | None = None
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def end(self, wait_s: float = FAREWELL_S) -> None:
        """Lets the thread end when it has done what it was given."""
        if self.pid == getpid() and self.thread is not threading.current_thread():
            self.orders.put(None)
            self.thread.join(wait_s)

    def _run(self) -> None:
        while (order := self.orders.get()) is not None:
            order.run(self)


class Lane:
    """Makes calls in the order in which they are given, in a thread of its own that starts with the first."""

    def __init__(self, name: str, patience_s: float) -> None:
        """Prepares a lane; no thread runs yet.

        Args:
            name: of the thread.
            patience_s: seconds that `ask` waits at the longest.
        """
        self._name, self.patience_s = name, patience_s
        self._running: _Running | None = None
        self._farewell: weakref.finalize[..., Lane] | None = None
        self._starting = threading.Lock()

    def ask(self, calls: Sequence[Call]) -> int:
        """Makes calls and returns the sum of what they returned.

        When time is up and the server has answered something meanwhile, returns what is known: the
        rest follows behind the caller.

        Raises:
            BrokerUnavailable: a call did, or the server has said nothing at all. What was given may still arrive.
            Exception: what a call raised.
        """
        running = self._thread()
        if self._hangs(running):
            raise BrokerUnavailable(f"no answer within {self.patience_s * 1000:.0f} ms to what was asked before")
        before = running.answered
        order = _Order(calls)
        running.orders.put(order)
        if order.ended.acquire(timeout=self.patience_s):
            if order.error is not None:
                raise order.error
            return order.result
        if running.answered == before:
            raise BrokerUnavailable(f"no answer within {self.patience_s * 1000:.0f} ms")
        return order.result

    def send(self, call: Call) -> None:
        """Has a call made, and does not wait for it; what it raises is nobody's.

        Raises:
            BrokerUnavailable: too much waits already.
        """
        running = self._thread()
        if self._hangs(running):
            raise BrokerUnavailable(f"no answer within {self.patience_s * 1000:.0f} ms to what was asked before")
        running.orders.put(_Order([call]))

    def close(self, wait_s: float = FAREWELL_S) -> None:
        """Ends the thread when it has done what it was given; waits for that up to `wait_s` seconds."""
        running, self._running = self._running, None
        if self._farewell is not None:
            self._farewell.detach()
        if running is not None:
            running.end(wait_s)

    def _hangs(self, running: _Running) -> bool:
        begun_at = running.begun_at
        if begun_at is not None and monotonic() - begun_at >= self.patience_s:
            return True
        return running.orders.qsize() >= LONGEST

    def _thread(self) -> _Running:
        running = self._running
        if running is not None and running.pid == getpid():
            return running
        if running is not None:
            self._running, self._starting = None, threading.Lock()  # the parent's may have been taken when it forked
        with self._starting:
            if self._running is None:
                self._running = _Running(self._name)
                # also when the process ends, so that a message which was just sent still goes out
                self._farewell = weakref.finalize(self, self._running.end)
            return self._running
