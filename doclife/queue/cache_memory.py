"""The cache in this process: for tests, and for `queue = "memory"`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from doclife.core import clock
from doclife.core.errors import DataError

_Kind = TypeVar("_Kind", bytes, dict[str, bytes])


class MemoryCache:
    """Keeps values in a dict; a restart forgets them."""

    def __init__(self, check: Callable[[], object]) -> None:
        """Makes an empty cache.

        Args:
            check: raises BrokerUnavailable while the broker is down.
        """
        self._check = check
        self._lock = threading.RLock()
        #: key -> value or fields, and when it is forgotten, by `clock.steady`
        self._kept: dict[str, tuple[bytes | dict[str, bytes], float | None]] = {}

    def get(self, key: str) -> bytes | None:
        """Returns a value, or None."""
        with self._lock:
            return self._of_kind(bytes, key)

    def set(self, key: str, value: bytes, *, px: int | None = None, nx: bool = False, xx: bool = False) -> bool:
        """Sets a value and returns whether it did."""
        with self._lock:
            there = self._look(key) is not None
            if (nx and there) or (xx and not there):
                return False
            self._kept[key] = (value, _deadline(px))
            return True

    def delete(self, keys: Iterable[str]) -> int:
        """Removes keys and returns how many were there."""
        with self._lock:
            there = {key for key in keys if self._look(key) is not None}
            for key in there:
                del self._kept[key]
            return len(there)

    def exists(self, keys: Iterable[str]) -> int:
        """Returns how many of the keys are there."""
        with self._lock:
            return sum(self._look(key) is not None for key in keys)

    def expire(self, key: str, px: int) -> bool:
        """Has a key forgotten after a time, and returns whether it is there."""
        with self._lock:
            value = self._look(key)
            if value is None:
                return False
            self._kept[key] = (value, _deadline(px))
            return True

    def incr(self, key: str, by: int = 1) -> int:
        """Adds to a number, 0 where there is none, and returns it."""
        with self._lock:
            value = self._of_kind(bytes, key)
            try:
                number = int(value or b"0") + by
            except ValueError as error:
                raise DataError(f"the cache's value of {key!r} is no whole number") from error
            self._kept[key] = (str(number).encode(), self._kept[key][1] if value is not None else None)
            return number

    def hget(self, key: str, field: str) -> bytes | None:
        """Returns a field, or None."""
        with self._lock:
            return (self._of_kind(dict, key) or {}).get(field)

    def hset(self, key: str, field: str, value: bytes, *, px: int) -> None:
        """Sets a field; all of them are forgotten `px` after the last was set."""
        with self._lock:
            fields = self._of_kind(dict, key) or {}
            self._kept[key] = (fields | {field: value}, _deadline(px))

    def hdel(self, key: str, fields: Iterable[str]) -> int:
        """Removes fields and returns how many were there."""
        with self._lock:
            there = self._of_kind(dict, key) or {}
            gone = there.keys() & set(fields)
            for field in gone:
                del there[field]
            if not there:
                self._kept.pop(key, None)
            return len(gone)

    def hgetall(self, key: str) -> dict[str, bytes]:
        """Returns all fields."""
        with self._lock:
            return dict(self._of_kind(dict, key) or {})

    def delete_matching(self, beginning: str) -> int:
        """Removes all keys with this beginning and returns how many."""
        with self._lock:
            self._check()
            return self.delete([key for key in self._kept if key.startswith(beginning)])

    def lose_everything(self) -> None:
        """Empties the cache, also while the broker is down."""
        with self._lock:
            self._kept.clear()

    def _look(self, key: str) -> bytes | dict[str, bytes] | None:
        self._check()
        value, deadline = self._kept.get(key, (None, None))
        if deadline is not None and clock.steady() >= deadline:
            del self._kept[key]
            return None
        return value

    def _of_kind(self, kind: type[_Kind], key: str) -> _Kind | None:
        value = self._look(key)
        if value is not None and not isinstance(value, kind):
            raise DataError(f"the cache has {'fields' if kind is bytes else 'one value'} under {key!r}")
        return value


def _deadline(px: int | None) -> float | None:
    return None if px is None else clock.steady() + px / 1000
