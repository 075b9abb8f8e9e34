"""`doclife.lock`: of all processes of a site one does the block at a time."""

from __future__ import annotations

from contextlib import ContextDecorator
from types import TracebackType
from weakref import WeakKeyDictionary

from doclife.core.errors import LockTimeout, ValidationError, brief
from doclife.jobs.holding import Held, Locks, describe, locks
from doclife.outbox.holders import LOCK, lease_name


class Lock(ContextDecorator):
    """A lock that is had inside `with`; as a decorator, while the function runs."""

    def __init__(self, key: str, ttl: float, wait: float) -> None:
        self.key, self.ttl, self.wait = key, ttl, wait
        #: of the last block; grows with each holder: who keeps the greatest one can refuse who comes too late
        self.token = 0
        #: the blocks in which each context has it: one object may be used by several, and inside itself
        self._had: WeakKeyDictionary[Locks, list[Held]] = WeakKeyDictionary()

    def _recreate_cm(self) -> Lock:
        return Lock(self.key, self.ttl, self.wait)  # each call of a decorated function has its own

    def __enter__(self) -> Lock:
        mine = locks()
        taken = mine.acquire(lease_name(LOCK, self.key), self.key, ttl=self.ttl, wait=self.wait)
        if not isinstance(taken, Held):
            advice = "try again later, or wait longer (wait=)"
            if mine.waits_in_vain:
                advice = "nobody can give it back while this transaction has written: take it before the first write"
            elif self.wait:
                advice = f"it was not given back within {self.wait:g} s"
            raise LockTimeout(
                f"lock {self.key!r} is held by {describe(taken)}; {advice}",
                lock=self.key,
                holder=taken.holder,
            )
        self._had.setdefault(mine, []).append(taken)
        self.token = taken.token
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mine = locks()
        mine.release(self._had[mine].pop())

    def renew(self, ttl: float | None = None) -> None:
        """Has the lock last from now on.

        Args:
            ttl: seconds; None: as many as at first.
        Raises:
            LockTimeout: its time was over, and somebody else has taken it.
        """
        mine = locks()
        had = self._had.get(mine)
        if not had:
            raise ValidationError(f"lock {self.key!r} is not held; renew() is for the `with` block")
        if not mine.renew(had[-1], _seconds("ttl", self.ttl if ttl is None else ttl)):
            raise LockTimeout(f"lock {self.key!r} was taken by somebody else when its time was over", lock=self.key)


def lock(key: str, ttl: float = 300, wait: float = 0) -> Lock:
    """Keeps everybody else of the site out of a block: `with doclife.lock("stock"): ...`, or `@doclife.lock("stock")`.

    It is given back when the transaction that is open at the block's end has ended, so nobody comes in before what
    was written is committed; and when its job has ended or its worker has died, whichever is first. Inside the block
    the same context may take it again.

    Args:
        key: what is locked.
        ttl: seconds after which it is free again, should it not be given back.
        wait: seconds to wait while somebody else has it.
    Raises:
        LockTimeout: somebody else has it; or, at a commit, has taken it when its time was over.
    """
    if not isinstance(key, str) or not key:
        raise ValidationError(f"doclife.lock needs a text that says what is locked, not {brief(key)}")
    return Lock(key, _seconds("ttl", ttl), _seconds("wait", wait, least=0))


def _seconds(name: str, value: float, *, least: float = 0.001) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < float("inf"):
        raise ValidationError(f"doclife.lock: {name} is a number of seconds, not {brief(value)}")
    return float(value)
