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

    A job that releases others does not nest: they run after it, in order, in the outermost
    `release`. Without a runner ids only wait.
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
        self._drain(dict.fromkeys(ticket.queue for ticket in tickets))
        return released

    def _drain(self, queues: dict[str, None]) -> None:
        runner = self._runner
        wanted: dict[str, None] | None = getattr(self._local, "queues", None)
        if wanted is not None:  # the loop below, further out in this thread, will come to them
            wanted.update(queues)
            return
        if runner is None:
            return
        wanted = self._local.queues = queues
        try:
            while (id := self.pop(tuple(wanted), WORKER)) is not None:
                try:
                    runner(id)
                finally:
                    self.done(id, WORKER)
        finally:
            self._local.queues = None
