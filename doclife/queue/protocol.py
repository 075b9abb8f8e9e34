"""What every broker can do.

A broker holds ids in lists, one a queue, and rings workers awake. It never holds the job itself:
that is a row of the database, and only the row's conditional updates decide who runs it. So an id
that is lost is pushed again by the relay, and one that comes twice is dropped by the second claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from doclife.core.errors import JobArgumentError
from doclife.queue.cache import CacheStore

#: dotted path of the function that RQ's own tools see as the job's function: it takes the id
RUNNER = "doclife.worker.run.run_job"

#: how a popped job ended, for the counters of the worker; "" counts nothing (a claim that failed)
Outcome = Literal["finished", "failed", ""]

#: what `rq info` shows of a worker
State = Literal["idle", "busy", "suspended"]

#: RQ takes no other id
_ID = re.compile(r"[A-Za-z0-9_-]+")


class Ticket(NamedTuple):
    """A job as the broker knows it: its id, where it goes, and what dashboards show of it."""

    id: str
    queue: str = "default"
    #: goes before all others of its queue
    at_front: bool = False
    #: label for dashboards
    method: str = ""
    #: seconds, for dashboards and RQ's own worker
    timeout: int = 300
    #: aware; None means now
    enqueued_at: datetime | None = None


class Broker(Protocol):
    """Carries the job ids of one site.

    Queues are named without the site here ("default"); on the server they are `<site>:<queue>`.
    Every method but `publish`, `ping` and `close` raises BrokerUnavailable when the server does
    not answer; while it is known to be down they raise at once.
    """

    site: str
    #: values of the site that may be lost at any time
    cache: CacheStore

    def release(self, tickets: Sequence[Ticket], *, again: bool = False) -> int:
        """Puts ids into their queues and returns how many were not waiting there already.

        Idempotent: a ticket whose id waits already is passed over, so the same call may be made
        again when its outcome is unknown. Waits for the server 200 ms at most, whatever the number
        of tickets; what a server that answers has not taken by then follows behind the caller.

        Args:
            tickets: in the order in which they shall run.
            again: push also what seems to wait. For the relay, which found by `held` that the
                queue has lost it.
        Order: after COMMIT of the transaction that wrote the rows.
        """
        ...

    def pop(self, queues: Sequence[str], worker: str, timeout: float = 0) -> str | None:
        """Takes the first id of the first of `queues` that has one.

        The id stays in a list of the worker until `done`, so it is never nowhere.

        Args:
            queues: highest priority first.
            worker: a name that only one process (or thread) uses.
            timeout: seconds to wait when all are empty; 0 does not wait.
        Returns:
            The id, or None when nothing came.
        """
        ...

    def done(self, id: str, worker: str, outcome: Outcome = "") -> None:
        """Forgets an id that `worker` popped, and counts how it ended.

        If the id was released again in the meantime (a retry), it stays in its queue.
        """
        ...

    def held(self, queue: str, ids: Iterable[str]) -> set[str]:
        """Returns those of `ids` that wait in the queue; what workers have popped does not wait."""
        ...

    def forget(self, ids: Iterable[str]) -> None:
        """Takes ids out of their queues, as after cancelling. What runs is not stopped."""
        ...

    def clear(self) -> None:
        """Takes all ids out of all queues, and the queues with them, and empties the cache: the site is dropped."""
        ...

    def depth(self, queue: str) -> int:
        """Returns the number of ids that wait in the queue."""
        ...

    def register_worker(self, worker: str, queues: Sequence[str]) -> None:
        """Makes this process known as a worker of these queues."""
        ...

    def heartbeat(self, worker: str, state: State = "idle") -> None:
        """Says that the worker lives; registers it again if the server has forgotten it.

        Order: about once a second; the server drops a worker that was silent for 60 s.
        """
        ...

    def suspended(self) -> bool:
        """Returns whether workers shall take no jobs for now, as `rq suspend` says and `rq resume` ends."""
        ...

    def unregister_worker(self, worker: str) -> list[str]:
        """Removes a worker, also a dead one of another process.

        Returns:
            The ids it had popped and not done, which are in no queue.
        """
        ...

    def publish(self, channel: str, payload: str) -> None:
        """Sends a message to whoever listens now; never raises or waits, a broker that is down loses it."""
        ...

    def ping(self) -> bool:
        """Returns whether the server answers now; a True ends the pause after a failure."""
        ...

    def problems(self) -> list[str]:
        """Returns what is wrong with the server's configuration, as sentences; for start-up."""
        ...

    def keep_running(self, *, wait: bool = True) -> None:
        """Sees to it that the server runs, where that is doclife's own business: with the embedded one.

        A server that does not start is no error: it is tried again until it does.

        Args:
            wait: for the server, or for the first try to fail.
        Raises:
            ConfigError: it cannot run here.
        Order: in processes that run for long, once before their work.
        """
        ...

    def close(self) -> None:
        """Gives connections back; the broker is not used afterwards."""
        ...


def check_ids(ids: Iterable[str]) -> None:
    """Refuses ids that RQ could not carry.

    Raises:
        JobArgumentError: an id has other characters than letters, digits, `_` and `-`.
    """
    for id in ids:
        if _ID.fullmatch(id) is None:
            raise JobArgumentError(f"job id {id!r}: only letters, digits, '_' and '-' can be carried; use a uuid")
