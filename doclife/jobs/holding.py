"""The locks that one context has: leases with a holder that names its job, or this process.

A lock is taken beside the open transaction, so that others see it at once. Where there is no room
beside it (SQLite has one writer, a test one connection) and the transaction has written already, the
lock is a row of that transaction: nobody else can write, so nobody else can take it, until the
transaction ends. If it is rolled back, the row goes with it; then the lock is taken again at once,
and if somebody was faster, the next commit under it is refused.
"""

from __future__ import annotations

import os
import random
import socket
import time
from contextlib import suppress
from functools import partial

from sqlalchemy import Connection

from doclife.core import clock, ids
from doclife.core.context import Context, current
from doclife.core.errors import DoclifeError, LockTimeout
from doclife.core.log import get_logger
from doclife.database.errors import DuplicateKey
from doclife.database.executes import Executes
from doclife.outbox import holders
from doclife.outbox.holders import Holding
from doclife.uow.beside import beside, has_room_beside
from doclife.uow.unit import UnitOfWork

LOCK_NOT_RELEASED = "lock_not_released"

#: seconds between two looks at a lock that somebody else has
POLL_S = 0.1

_LOCKS = "locks"

log = get_logger(__name__)


class Held:
    """A lock that this context has."""

    __slots__ = ("deadline", "depth", "holder", "inside", "label", "lost", "name", "settles", "token", "ttl")

    def __init__(self, name: str, label: str, ttl: float) -> None:
        self.name, self.label, self.ttl = name, label, ttl
        #: as whom this context has it
        self.holder = ""
        #: grows with each change of holder
        self.token = 0
        #: by `clock.steady`: until then nobody else can have taken it
        self.deadline = 0.0
        #: blocks that hold it
        self.depth = 0
        #: whether its row may be gone with a rollback
        self.inside = False
        #: whether the end of the transaction decides what becomes of it
        self.settles = False
        #: whether somebody else has taken it
        self.lost = False


class Locks:
    """The locks of one context."""

    def __init__(self, context: Context) -> None:
        """Has none yet; they are released when the unit of work is closed, at the latest."""
        self._unit: UnitOfWork = context.unit
        self._dialect = self._unit.database.dialect
        self._held: dict[str, Held] = {}
        job = context.job
        while job is not None and job.inline:
            job = job.outer
        #: id of the job that this context runs, or None
        self.job: str | None = None if job is None else job.id
        self._run = job
        self._process = f"{socket.gethostname()[:100]}:{os.getpid()}:{ids.hash_name()}"
        self._unit.guards.append(self._guard)
        self._unit.at_close.append(self._close)

    def acquire(self, name: str, label: str, *, ttl: float, wait: float) -> Held | Holding:
        """Takes a lock, or once more one that this context has.

        Args:
            name: of the lease.
            label: as messages name it.
            ttl: seconds it counts at most.
            wait: seconds to wait for who has it.
        Returns:
            The lock; or how somebody else holds it, who did not give it back in time.
        """
        held = self._held.get(name)
        if held is not None and not held.lost:
            held.depth += 1
            return held
        held = Held(name, label, ttl)
        deadline = clock.monotonic() + wait
        while (other := self._try(held)) is not None:
            left = deadline - clock.monotonic()
            if left <= 0 or self.waits_in_vain:
                return other
            time.sleep(min(left, POLL_S * random.uniform(0.5, 1.5)))  # noqa: S311 no secret
        self._held[name] = held
        held.depth = 1
        if held.inside:
            self._settle_at_end(held)
        return held

    def release(self, held: Held) -> None:
        """Ends one block that holds the lock; with the last one it is given back, after the open transaction's end."""
        held.depth -= 1
        if held.depth > 0 or self._held.get(held.name) is not held:
            return
        if self._unit.has_begun:
            self._settle_at_end(held)
            return
        try:
            with beside(self._unit) as run:
                self._give_back(held, run)
        except DoclifeError as error:  # what was done under it is done; its time or its job ends it
            log.warning(LOCK_NOT_RELEASED, lock=held.label, reason=str(error))

    def is_mine(self, holder: str | None) -> bool:
        """Tells whether a holder is this context, or the job that it runs."""
        if holder == self._process:
            return True
        run = self._run
        return run is not None and holder in (holders.of_job(run.id, run.fence), holders.of_job(run.id))

    def hand_over(self, name: str) -> None:
        """Leaves a lock to a job that has taken it in the open transaction; who rolls that back has it again."""
        held = self._held.pop(name, None)
        if held is None:
            return

        def take_back() -> None:
            self._held.setdefault(name, held)

        self._unit.frames[-1].add_restore(take_back)
        self._unit.add_callback("after_rollback", take_back)

    @property
    def _holder(self) -> str:
        """As whom a lock is taken now: the run of a job holds nothing any more in the callbacks after its end."""
        run = self._run
        return self._process if run is None or run.ended else holders.of_job(run.id, run.fence)

    @property
    def waits_in_vain(self) -> bool:
        """Whether nobody can write, and so give anything back, before this transaction ends."""
        return self._unit.link.writing and not has_room_beside(self._unit.database)

    def held(self, name: str) -> Held | None:
        """Returns a lock of this context, or None."""
        return self._held.get(name)

    # -- one try -----------------------------------------------------------------------------------

    def _try(self, held: Held) -> Holding | None:
        """Takes the lock, or returns who has it."""
        unit = self._unit
        while True:
            started = clock.steady()
            # Reading takes no lock of SQLite's: who waits must not keep the holder from writing.
            found = holders.read(unit.link, self._dialect, held.name)
            if found is not None and holders.counts(unit.link, found):
                return found
            held.inside, held.holder = self.waits_in_vain, self._holder
            with suppress(DuplicateKey), beside(unit) as run:
                held.token = holders.take(run, self._dialect, found, held.name, held.holder, ttl=held.ttl)
            if held.token:
                held.deadline = started + held.ttl
                return None
            # somebody was faster: look who

    # -- the end of the transaction ----------------------------------------------------------------

    def _settle_at_end(self, held: Held) -> None:
        if not held.settles:
            held.settles = True
            self._unit.at_end(partial(self._settle, held))

    def _settle(self, held: Held, connection: Connection) -> None:
        """Gives back what no block holds any more, and makes sure of the rest: right after the transaction's end."""
        held.settles = False
        if held.depth <= 0:
            self._give_back(held, connection)
        elif self._make_sure(held, connection):
            held.inside = False
        else:
            held.lost = True

    def _give_back(self, held: Held, run: Executes) -> None:
        holders.give_back(run, self._dialect, held.name, held.holder, held.token)
        if self._held.get(held.name) is held:
            del self._held[held.name]

    def _guard(self) -> None:
        """Refuses to commit what was written under a lock that somebody else has by now.

        Raises:
            LockTimeout: names the lock.
        """
        for held in self._held.values():
            if held.lost or held.inside or clock.steady() >= held.deadline:
                self._unit.before_write()
                if held.lost or not self._make_sure(held, self._unit.link):
                    held.lost = True
                    raise LockTimeout(
                        f"lock {held.label!r} was taken by somebody else meanwhile, so what was written under it is "
                        f"rolled back; it lasts {held.ttl:g} s (ttl) if it is not renewed",
                        lock=held.label,
                    )

    def renew(self, held: Held, ttl: float) -> bool:
        """Has a lock count for `ttl` seconds from now; returns whether it was still this context's."""
        with beside(self._unit) as run:
            return self._renewed(held, run, ttl)

    def _renewed(self, held: Held, run: Executes, ttl: float) -> bool:
        started = clock.steady()
        if held.lost or not holders.renew(run, self._dialect, held.name, held.holder, held.token, ttl):
            return False
        held.ttl, held.deadline = ttl, started + ttl
        return True

    def _make_sure(self, held: Held, run: Executes) -> bool:
        """Renews a lock, or takes it again where a rollback has undone it and nobody came in between."""
        if self._renewed(held, run, held.ttl):
            return True
        found = holders.read(run, self._dialect, held.name)
        if found is not None and (found.token >= held.token or holders.counts(run, found)):
            return False
        started = clock.steady()
        taken = holders.take(run, self._dialect, found, held.name, held.holder, ttl=held.ttl, token=held.token)
        if not taken:
            return False
        held.deadline = started + held.ttl
        return True

    def _close(self) -> None:
        """Gives back what is left: locks that were taken without a block."""
        for held in list(self._held.values()):
            held.depth = 0
            self.release(held)


def locks() -> Locks:
    """Returns the locks of the open context."""
    context = current()
    found: Locks | None = context.local.get(_LOCKS)
    if found is None:
        found = context.local[_LOCKS] = Locks(context)
    return found


def describe(holding: Holding) -> str:
    """Returns who holds a lock since when, as a message says it."""
    context = current()
    since = ""
    if holding.since is not None:
        since = f" since {clock.to_site(holding.since, context.site.settings.time_zone):%Y-%m-%d %H:%M:%S}"
    job = holders.job_of(context.unit.link, holding.holder)
    if job is not None:
        return f"job {job.id} ({job.label}){since}"
    if holders.job_id(holding.holder) is not None:
        return f"job {holders.job_id(holding.holder)}{since}"
    host, _, rest = str(holding.holder).partition(":")
    return f"process {rest.partition(':')[0]} on {host}{since}"
