"""The broker in this process: for tests, and for `queue = "memory"`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence

from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable
from doclife.queue.cache import CacheStore
from doclife.queue.cache_memory import MemoryCache
from doclife.queue.protocol import Outcome, State, Ticket, check_ids


class MemoryBroker:
    """Keeps ids in lists of this process; a restart forgets them, and the relay brings them back.

    Tests may look at `published` and `workers`, set `down` to make it unavailable and `paused` to
    suspend workers, and call `lose_everything`.
    """

    def __init__(self, site: str) -> None:
        self.site = site
        #: True makes every call raise BrokerUnavailable, as a server that is down
        self.down = False
        #: True has workers take no jobs
        self.paused = False
        #: (channel, payload), oldest first
        self.published: deque[tuple[str, str]] = deque(maxlen=10_000)
        #: worker -> {"queues", "state", "finished", "failed"}
        self.workers: dict[str, dict[str, object]] = {}
        self._changed = threading.Condition()
        self._lists: dict[str, deque[str]] = {}
        #: id -> queue, in the order of release
        self._waiting: dict[str, str] = {}
        self._popped: dict[str, list[str]] = {}
        self._cache = MemoryCache(self._check)
        self.cache: CacheStore = self._cache

    def release(self, tickets: Sequence[Ticket], *, again: bool = False) -> int:
        """Puts ids into their queues and returns how many were not waiting there already."""
        check_ids(ticket.id for ticket in tickets)
        released = 0
        with self._changed:
            self._check()
            for ticket in tickets:
                if ticket.id in self._waiting and not again:
                    continue
                queue = self._lists.setdefault(ticket.queue, deque())
                (queue.appendleft if ticket.at_front else queue.append)(ticket.id)
                self._waiting[ticket.id] = ticket.queue
                released += 1
            self._changed.notify_all()
        return released

    def pop(self, queues: Sequence[str], worker: str, timeout: float = 0) -> str | None:
        """Takes the first id of the first of `queues` that has one, waiting up to `timeout` seconds."""
        deadline = monotonic() + timeout
        with self._changed:
            while True:
                self._check()
                for name in queues:
                    if queue := self._lists.get(name):
                        id = queue.popleft()
                        self._waiting.pop(id, None)
                        self._popped.setdefault(worker, []).append(id)
                        return id
                left = deadline - monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)

    def done(self, id: str, worker: str, outcome: Outcome = "") -> None:
        """Forgets an id that `worker` popped, and counts how it ended."""
        with self._changed:
            self._check()
            if id in (popped := self._popped.get(worker, [])):
                popped.remove(id)
            if outcome and (info := self.workers.get(worker)):
                count = info[outcome]
                assert isinstance(count, int)
                info[outcome] = count + 1

    def held(self, queue: str, ids: Iterable[str]) -> set[str]:
        """Returns those of `ids` that wait in the queue."""
        with self._changed:
            self._check()
            return set(self._lists.get(queue, ())).intersection(ids)

    def forget(self, ids: Iterable[str]) -> None:
        """Takes ids out of their queues."""
        with self._changed:
            self._check()
            for id in ids:
                if id in self._waiting:
                    self._remove(id)

    def clear(self) -> None:
        """Takes all ids out of all queues; empties the cache."""
        self.cache.delete_matching("")
        with self._changed:
            self._check()
            self._lists.clear()
            self._waiting.clear()

    def depth(self, queue: str) -> int:
        """Returns the number of ids that wait in the queue."""
        with self._changed:
            self._check()
            return len(self._lists.get(queue, ()))

    def register_worker(self, worker: str, queues: Sequence[str]) -> None:
        """Makes a worker of these queues known."""
        with self._changed:
            self._check()
            self.workers[worker] = {"queues": tuple(queues), "state": "idle", "finished": 0, "failed": 0}

    def heartbeat(self, worker: str, state: State = "idle") -> None:
        """Says that the worker lives."""
        with self._changed:
            self._check()
            if info := self.workers.get(worker):
                info["state"] = state

    def suspended(self) -> bool:
        """Returns what `paused` is set to."""
        self._check()
        return self.paused

    def unregister_worker(self, worker: str) -> list[str]:
        """Removes a worker and returns the ids it had popped and not done."""
        with self._changed:
            self._check()
            self.workers.pop(worker, None)
            return self._popped.pop(worker, [])

    def publish(self, channel: str, payload: str) -> None:
        """Keeps the message in `published`; loses it while the broker is down."""
        if not self.down:
            self.published.append((channel, payload))

    def ping(self) -> bool:
        """Returns whether the broker is up."""
        return not self.down

    def problems(self) -> list[str]:
        """Returns nothing: there is nothing to configure."""
        return []

    def keep_running(self, *, wait: bool = True) -> None:
        """Does nothing: there is no server."""

    def close(self) -> None:
        """Does nothing; what it held goes with the object."""

    def lose_everything(self) -> None:
        """Empties all lists, as a server that was wiped; for tests of the relay."""
        with self._changed:
            self._lists.clear()
            self._waiting.clear()
            self._popped.clear()
        self._cache.lose_everything()

    def _remove(self, id: str) -> None:
        name = self._waiting.pop(id)
        self._lists[name] = deque(other for other in self._lists[name] if other != id)

    def _check(self) -> None:
        if self.down:
            raise BrokerUnavailable("the memory broker is set down; set `down = False`")
