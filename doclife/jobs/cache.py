"""`doclife.cache`: values of the site that may be lost at any time, on the broker's server.

While the broker is down a context keeps what it sets for itself: reading and plain writing go on.
What asks for more than one process can know (`nx`, `xx`, `incr`) raises BrokerUnavailable then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NoReturn

from doclife.core import clock, json
from doclife.core.context import current
from doclife.core.errors import BrokerUnavailable, DataError, ValidationError, brief
from doclife.queue.cache import CacheStore

#: seconds for which a value without a time of its own is kept: the broker must not run full of them
KEEP_S = 86_400
#: values that a context keeps at most
MOST_KEPT = 1_000

_KEPT = "cache"
_ABSENT = object()

Raw = str | bytes | int | float
Seconds = int | float | timedelta


class _Kept:
    """What one context has set: for the time in which the broker is down."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        #: (key, field) -> value (None: removed), until when, and whether the server does not have it
        self._values: dict[tuple[str, str], tuple[bytes | None, float | None, bool]] = {}

    def put(self, key: str, field: str, value: bytes | None, px: int | None, *, unsent: bool) -> None:
        self._values.pop((key, field), None)
        if len(self._values) >= MOST_KEPT:
            del self._values[next(iter(self._values))]
        self._values[key, field] = (value, None if px is None else clock.steady() + px / 1000, unsent)

    def get(self, key: str, field: str = "", *, unsent: bool = False) -> Any:
        """Returns the value, None if it was removed, or `_ABSENT`; with `unsent` only what the server does not have."""
        value, until, is_unsent = self._values.get((key, field), (None, 0.0, False))
        if (until is not None and clock.steady() >= until) or (unsent and not is_unsent):
            return _ABSENT
        return value

    def fields(self, key: str, *, unsent: bool) -> dict[str, bytes | None]:
        names = [field for each, field in self._values if each == key and field]
        found = {field: self.get(key, field, unsent=unsent) for field in names}
        return {field: value for field, value in found.items() if value is not _ABSENT}

    def keys(self, beginning: str) -> list[str]:
        return [key for key, _ in self._values if key.startswith(beginning)]

    def forget(self, keys: Iterable[str]) -> None:
        gone = set(keys)
        for each in [each for each in self._values if each[0] in gone]:
            del self._values[each]


class Cache:
    """The cache of the open context's site; called it is itself, as in Frappe's older code.

    Values are JSON data, dates, decimals and bytes, and come back as what they were, each time anew. A rollback does
    not undo what was set. Keys are the site's own.
    """

    __slots__ = ()

    def __call__(self) -> Cache:
        """Returns itself."""
        return self

    # -- values ------------------------------------------------------------------------------------

    def get_value(
        self,
        key: str,
        generator: Callable[[], Any] | None = None,
        user: str | bool | None = None,
        expires: bool = False,
    ) -> Any:
        """Returns a value, or None.

        Args:
            key: of the value.
            generator: makes it where there is none, and it is set.
            user: of this user's own values; True: of the one of the context.
            expires: taken for Frappe's sake; what has expired is never returned.
        """
        name = _name(key, user)
        value = _unpacked(key, _read(name))
        if value is None and generator is not None:
            value = generator()
            if value is not None:
                self.set_value(key, value, user=user)
        return value

    def set_value(
        self, key: str, val: Any, user: str | bool | None = None, expires_in_sec: Seconds | None = None
    ) -> None:
        """Sets a value.

        Args:
            key: of the value.
            val: JSON data, dates, decimals, bytes.
            user: for this user alone; True: the one of the context.
            expires_in_sec: seconds for which it is kept; None: a day.
        Raises:
            DataError: it cannot be kept.
        """
        px = KEEP_S * 1000 if expires_in_sec is None else _milliseconds("expires_in_sec", expires_in_sec)
        _write(_name(key, user), json.pack(val, f"cache value {key!r}").encode(), px)

    def delete_value(self, keys: str | Iterable[str], user: str | bool | None = None) -> None:
        """Removes one value or several."""
        named = [keys] if isinstance(keys, str) else list(keys)
        _delete([_name(key, user) for key in named])

    def delete_keys(self, beginning: str) -> None:
        """Removes all values whose key begins so; while the broker is down, only what this context has set."""
        name, kept = _name(beginning.rstrip("*"), None), _kept()
        kept.forget(kept.keys(name))
        try:
            _store().delete_matching(name)
        except BrokerUnavailable:
            return

    # -- fields ------------------------------------------------------------------------------------

    def hget(self, name: str, key: str, generator: Callable[[], Any] | None = None) -> Any:
        """Returns a field of a value with fields, or None; `generator` makes it where there is none."""
        key, hashed, kept = _text(key), _name(name, None), _kept()
        packed = kept.get(hashed, key, unsent=True)
        if packed is _ABSENT and kept.get(hashed, unsent=True) is None:
            packed = None  # all of it was removed in an outage
        if packed is _ABSENT:
            try:
                packed = _store().hget(hashed, key)
            except BrokerUnavailable:
                packed = kept.get(hashed, key)
        value = _unpacked(f"{name}.{key}", None if packed is _ABSENT else packed)
        if value is None and generator is not None:
            value = generator()
            if value is not None:
                self.hset(name, key, value)
        return value

    def hset(self, name: str, key: str, value: Any) -> None:
        """Sets a field; all fields of a name are kept for a day after the last was set."""
        packed = json.pack(value, f"cache value {name!r}").encode()
        key, hashed, unsent = _text(key), _name(name, None), False
        try:
            _store().hset(hashed, key, packed, px=KEEP_S * 1000)
        except BrokerUnavailable:
            unsent = True
        _kept().put(hashed, key, packed, None, unsent=unsent)

    def hdel(self, name: str, keys: str | Iterable[str]) -> None:
        """Removes one field or several."""
        fields, hashed, unsent = [keys] if isinstance(keys, str) else list(keys), _name(name, None), False
        try:
            _store().hdel(hashed, fields)
        except BrokerUnavailable:
            unsent = True
        for field in fields:
            _kept().put(hashed, field, None, None, unsent=unsent)

    def hgetall(self, name: str) -> dict[str, Any]:
        """Returns all fields."""
        hashed, kept, unsent = _name(name, None), _kept(), True
        found: dict[str, bytes | None] = {}
        try:
            if kept.get(hashed, unsent=True) is not None:
                found |= _store().hgetall(hashed)
        except BrokerUnavailable:
            unsent = False
        found |= kept.fields(hashed, unsent=unsent)
        return {key: _unpacked(f"{name}.{key}", packed) for key, packed in found.items() if packed is not None}

    def hexists(self, name: str, key: str) -> bool:
        """Tells whether there is a field."""
        return self.hget(name, key) is not None

    def hkeys(self, name: str) -> list[str]:
        """Returns the names of all fields."""
        return list(self.hgetall(name))

    # -- as Redis has them ---------------------------------------------------------------------------

    def get(self, key: str) -> bytes | None:
        """Returns what `set` was given, as bytes, or None."""
        return _read(_name(key, None))

    def set(
        self,
        key: str,
        value: Raw,
        ex: Seconds | None = None,
        px: int | None = None,
        nx: bool = False,
        xx: bool = False,
    ) -> bool | None:
        """Sets text, bytes or a number as Redis does: True, or None where `nx` or `xx` kept it from that.

        Args:
            key: of the value.
            value: is kept as bytes.
            ex: seconds for which it is kept; None: for ever.
            px: the same in milliseconds.
            nx: only if the key is not there.
            xx: only if it is.
        Raises:
            BrokerUnavailable: of `nx` and `xx` only: nobody can say what the others have set.
        """
        name, raw = _name(key, None), _raw(value)
        if ex is not None:
            px = _milliseconds("ex", ex)
        elif px is not None:
            px = _milliseconds("px", px / 1000)
        if not (nx or xx):
            _write(name, raw, px)
            return True
        if not _store().set(name, raw, px=px, nx=nx, xx=xx):
            return None
        _kept().put(name, "", raw, px, unsent=False)
        return True

    def setnx(self, key: str, value: Raw) -> bool:
        """Sets a value if the key is not there, and returns whether it did.

        Raises:
            BrokerUnavailable: nobody can say what the others have set.
        """
        return self.set(key, value, nx=True) is True

    def setex(self, key: str, time: Seconds, value: Raw) -> bool:
        """Sets a value for so many seconds."""
        return self.set(key, value, ex=time) is True

    def incr(self, key: str, amount: int = 1) -> int:
        """Adds to a number, 0 where there is none, and returns it.

        Raises:
            BrokerUnavailable: the number is not known.
        """
        name = _name(key, None)
        number = _store().incr(name, amount)
        _kept().forget([name])
        return number

    def delete(self, *keys: str) -> int:
        """Removes values and returns how many were there."""
        return _delete([_name(key, None) for key in keys])

    def exists(self, *keys: str) -> int:
        """Returns how many of the keys are there."""
        return sum(self._is_there(_name(key, None)) for key in keys)

    def _is_there(self, name: str) -> bool:
        kept = _kept()
        unsent = kept.get(name, unsent=True)
        if unsent is not _ABSENT:
            return unsent is not None
        try:
            return bool(_store().exists([name]))
        except BrokerUnavailable:
            return kept.get(name) not in (None, _ABSENT) or bool(kept.fields(name, unsent=False))

    def expire(self, key: str, time: Seconds) -> bool:
        """Has a value forgotten after so many seconds, and returns whether it is there."""
        name, px, kept = _name(key, None), _milliseconds("time", time), _kept()
        value, there, unsent = kept.get(name), False, False
        try:
            there = _store().expire(name, px)
        except BrokerUnavailable:
            unsent = True
        if value is not _ABSENT and value is not None:
            kept.put(name, "", value, px, unsent=unsent)
        return there or (unsent and value not in (None, _ABSENT))

    def __getattr__(self, name: str) -> NoReturn:
        known = ", ".join(each for each in vars(Cache) if not each.startswith("_"))
        raise AttributeError(f"doclife.cache has no {name!r}; it has {known}")

    def __repr__(self) -> str:
        return "<doclife.cache>"


def _store() -> CacheStore:
    store: CacheStore = current().site.broker.cache
    return store


def _kept() -> _Kept:
    kept: _Kept | None = current().local.get(_KEPT)
    if kept is None:
        kept = current().local[_KEPT] = _Kept()
    return kept


def _read(name: str) -> bytes | None:
    kept = _kept()
    value = kept.get(name, unsent=True)
    if value is _ABSENT:
        try:
            return _store().get(name)
        except BrokerUnavailable:
            value = kept.get(name)
    return None if value is _ABSENT else value


def _write(name: str, value: bytes, px: int | None) -> None:
    unsent = False
    try:
        _store().set(name, value, px=px)
    except BrokerUnavailable:
        unsent = True
    _kept().put(name, "", value, px, unsent=unsent)


def _delete(names: list[str]) -> int:
    kept = _kept()
    there = sum(kept.get(name) not in (None, _ABSENT) for name in names)
    kept.forget(names)
    try:
        return _store().delete(names)
    except BrokerUnavailable:
        for name in names:
            kept.put(name, "", None, None, unsent=True)
        return there


def _text(key: Any) -> str:
    if isinstance(key, bytes):
        key = key.decode(errors="surrogateescape")
    if isinstance(key, str) or (isinstance(key, int) and not isinstance(key, bool)):
        text = str(key)
        if not any("\ud800" <= sign <= "\udfff" for sign in text):  # half a sign, which no server can be told
            return text
    raise ValidationError(f"doclife.cache: a key is text, not {brief(key)}")


def _name(key: Any, user: str | bool | None) -> str:
    """Returns a key as the store knows it: a user's own ones apart from the others."""
    text = _text(key)
    if user is True:
        user = current().user
    return f"user:{user}:{text}" if user else f"all:{text}"


def _raw(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value).encode()
    raise ValidationError(
        f"doclife.cache.set keeps text, bytes and numbers, not {brief(value)}; set_value keeps every kind of data"
    )


def _milliseconds(name: str, seconds: Any) -> int:
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0.001 <= seconds < 10**10:
        raise ValidationError(f"doclife.cache: {name} is a number of seconds above 0, not {brief(seconds)}")
    return int(seconds * 1000)


def _unpacked(key: str, packed: bytes | None) -> Any:
    if packed is None:
        return None
    try:
        return json.unpack(packed)
    except DataError as error:
        raise DataError(
            f"doclife.cache: {key!r} was not set by set_value ({error}); get() returns it as it is"
        ) from None


#: the cache
cache = Cache()
