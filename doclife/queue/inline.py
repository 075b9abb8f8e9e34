"""The broker that runs what is released at once, in the same thread, after the commit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from doclife.queue.memory import MemoryBroker
from doclife.queue.protocol import Ticket

#: takes the id of a job and runs it to its end; records the job's own failure in its row
Runner = Callable[[str], None]

WORKER = "inline"


class InlineBroker(MemoryBroker):
    """A memory broker that hands every released id to its runner before `release` returns.

    Jobs run in the order of their release, whatever their queue. A job that releases others does
    not nest: they run after it, in the outermost `release`. Without a runner ids only wait.
    """

    def __init__(self, site: str) -> None:
        super().__init__(site)
        self._runner: Runner | None = None
        self._local = threading.local()

    def set_runner(self, runner: Runner | None) -> None:
        """Registers what runs a job; called by the floor that knows how."""
        self._runner = runner

    def release(self, tickets: Sequence[Ticket], *, again: bool = False) -> int:
        """Puts ids into their queues and runs them.

        Raises:
            Exception: whatever the runner lets out; ids behind it stay in the queue.
        """
        released = super().release(tickets, again=again)
        runner = self._runner
        if runner is None or getattr(self._local, "runs", False):  # the loop further out will come to them
            return released
        self._local.runs = True
        try:
            while (id := self._take_oldest()) is not None:
                try:
                    runner(id)
                finally:
                    self.done(id, WORKER)
        finally:
            self._local.runs = False
        return released

    def _take_oldest(self) -> str | None:
        with self._changed:
            self._check()
            id = next(iter(self._waiting), None)
            if id is not None:
                self._remove(id)
                self._popped.setdefault(WORKER, []).append(id)
            return id
