"""What every cache can do: values of one site beside the database, which may be lost at any time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class CacheStore(Protocol):
    """Keeps bytes by key, and fields of bytes by key, as a Redis server does.

    Every method raises BrokerUnavailable when the server does not answer, and DataError when a key
    holds the other kind of value, or no number for `incr`. Times are milliseconds.
    """

    def get(self, key: str) -> bytes | None:
        """Returns a value, or None."""
        ...

    def set(self, key: str, value: bytes, *, px: int | None = None, nx: bool = False, xx: bool = False) -> bool:
        """Sets a value and returns whether it did.

        Args:
            key: of the value.
            value: what is kept.
            px: until it is forgotten; None: it is kept.
            nx: only if the key is not there.
            xx: only if it is.
        """
        ...

    def delete(self, keys: Iterable[str]) -> int:
        """Removes keys and returns how many were there."""
        ...

    def exists(self, keys: Iterable[str]) -> int:
        """Returns how many of the keys are there."""
        ...

    def expire(self, key: str, px: int) -> bool:
        """Has a key forgotten after a time, and returns whether it is there."""
        ...

    def incr(self, key: str, by: int = 1) -> int:
        """Adds to a number, 0 where there is none, and returns it."""
        ...

    def hget(self, key: str, field: str) -> bytes | None:
        """Returns a field, or None."""
        ...

    def hset(self, key: str, field: str, value: bytes, *, px: int) -> None:
        """Sets a field; all of them are forgotten `px` after the last was set."""
        ...

    def hdel(self, key: str, fields: Iterable[str]) -> int:
        """Removes fields and returns how many were there."""
        ...

    def hgetall(self, key: str) -> dict[str, bytes]:
        """Returns all fields."""
        ...

    def delete_matching(self, beginning: str) -> int:
        """Removes all keys with this beginning and returns how many; "" empties the cache."""
        ...
