"""The cache on the broker's Redis or Valkey server, under keys of the site."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from redis.exceptions import ResponseError

from doclife.core.errors import DataError
from doclife.queue.link import ServerLink

#: answers that blame the question, not the server
_MISUSE = ("WRONGTYPE", "value is not an integer", "hash value is not", "increment or decrement would overflow")
#: keys in one DEL
_BATCH = 500

_Answer = TypeVar("_Answer")


class ServerCache:
    """Keeps the values of one site on a server."""

    def __init__(self, link: ServerLink, site: str) -> None:
        """Prepares it; nothing is connected before the first question."""
        self._link = link
        self._prefix = f"doclife:cache:{site}:"

    def get(self, key: str) -> bytes | None:
        """Returns a value, or None."""
        return self._ask(lambda: cast("bytes | None", self._link.cache.get(self._key(key))), repeatable=True)

    def set(self, key: str, value: bytes, *, px: int | None = None, nx: bool = False, xx: bool = False) -> bool:
        """Sets a value and returns whether it did."""

        def call() -> bool:
            return bool(self._link.cache.set(self._key(key), value, px=px, nx=nx, xx=xx))

        return self._ask(call, repeatable=not (nx or xx))

    def delete(self, keys: Iterable[str]) -> int:
        """Removes keys and returns how many were there."""
        named = {self._key(key) for key in keys}
        return self._ask(lambda: self._link.cache.delete(*named)) if named else 0

    def exists(self, keys: Iterable[str]) -> int:
        """Returns how many of the keys are there."""
        named = [self._key(key) for key in keys]
        return self._ask(lambda: self._link.cache.exists(*named), repeatable=True) if named else 0

    def expire(self, key: str, px: int) -> bool:
        """Has a key forgotten after a time, and returns whether it is there."""
        return self._ask(lambda: bool(self._link.cache.pexpire(self._key(key), px)), repeatable=True)

    def incr(self, key: str, by: int = 1) -> int:
        """Adds to a number, 0 where there is none, and returns it."""
        return self._ask(lambda: self._link.cache.incrby(self._key(key), by))

    def hget(self, key: str, field: str) -> bytes | None:
        """Returns a field, or None."""

        def call() -> Any:  # the library says that it may have to be awaited
            return self._link.cache.hget(self._key(key), field)

        return cast("bytes | None", self._ask(call, repeatable=True))

    def hset(self, key: str, field: str, value: bytes, *, px: int) -> None:
        """Sets a field; all of them are forgotten `px` after the last was set."""

        def call() -> None:
            with self._link.cache.pipeline(transaction=True) as pipe:
                pipe.hset(self._key(key), field, cast(Any, value))
                pipe.pexpire(self._key(key), px)
                pipe.execute()

        self._ask(call, repeatable=True)

    def hdel(self, key: str, fields: Iterable[str]) -> int:
        """Removes fields and returns how many were there."""
        named = list(fields)
        return self._ask(lambda: self._link.cache.hdel(self._key(key), *named)) if named else 0

    def hgetall(self, key: str) -> dict[str, bytes]:
        """Returns all fields."""

        def call() -> Any:  # the library says that it may have to be awaited
            return self._link.cache.hgetall(self._key(key))

        found = cast("dict[bytes, bytes]", self._ask(call, repeatable=True))
        return {field.decode(): value for field, value in found.items()}

    def delete_matching(self, beginning: str) -> int:
        """Removes all keys with this beginning and returns how many."""
        pattern = _literal(self._key(beginning)) + "*"

        def call() -> int:
            removed, found = 0, list(self._link.cache.scan_iter(match=pattern, count=1000))
            for start in range(0, len(found), _BATCH):
                removed += self._link.cache.delete(*found[start : start + _BATCH])
            return removed

        return self._ask(call)

    def _key(self, key: str) -> str:
        return self._prefix + key

    def _ask(self, call: Callable[[], _Answer], *, repeatable: bool = False) -> _Answer:
        """Asks the server; what it blames on the question does not count as a failure of the server."""

        def answer() -> _Answer | DataError:
            try:
                return call()
            except ResponseError as error:
                if not any(each in str(error) for each in _MISUSE):
                    raise
                return DataError(f"the cache cannot do that with the value under this key: {error}")

        answered = self._link.ask(answer, repeatable=repeatable)
        if isinstance(answered, DataError):
            raise answered
        return answered


def _literal(text: str) -> str:
    """Returns a pattern of Redis that matches this text alone."""
    return "".join(f"\\{sign}" if sign in "*?[]^\\" else sign for sign in text)
