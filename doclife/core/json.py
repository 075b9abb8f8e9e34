"""JSON in and out, with types that come back as what they were.

`dumps`/`loads` are for plain answers (dates as text, decimals as numbers). `pack`/`unpack` are for
what must return unchanged, the arguments of a job above all: dates, times, decimals, bytes,
UUIDs and sets travel as `{"$type": "...", "value": ...}`. Higher floors register their own types
(`register_codec`), as the model does for documents. Pickle is used nowhere.
"""

from __future__ import annotations

import base64
import math
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from doclife.core.amount import Amount
from doclife.core.context import AttrDict
from doclife.core.errors import DataError

_TAG = "$type"


class Codec(NamedTuple):
    """How one type travels: `encode` to plain JSON, `decode` back."""

    tag: str
    python_type: type
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


_by_tag: dict[str, Codec] = {}
_by_type: list[Codec] = []


def register_codec(tag: str, python_type: type, encode: Callable[[Any], Any], decode: Callable[[Any], Any]) -> None:
    """Registers how values of `python_type` travel; the type registered last is tried first."""
    codec = Codec(tag, python_type, encode, decode)
    _by_tag[tag] = codec
    _by_type[:] = [codec, *(other for other in _by_type if other.tag != tag)]


register_codec("decimal", Decimal, str, Decimal)
register_codec("amount", Amount, str, Amount)
register_codec("date", date, date.isoformat, date.fromisoformat)
register_codec("datetime", datetime, datetime.isoformat, datetime.fromisoformat)
register_codec("time", time, time.isoformat, time.fromisoformat)
register_codec("timedelta", timedelta, lambda t: [t.days, t.seconds, t.microseconds], lambda v: timedelta(*v))
register_codec("bytes", bytes, lambda b: base64.b64encode(b).decode(), base64.b64decode)
register_codec("uuid", uuid.UUID, str, uuid.UUID)
register_codec("set", set, lambda s: [to_packable(v, "set") for v in s], lambda v: {from_packable(x) for x in v})
register_codec(
    "frozenset",
    frozenset,
    lambda s: [to_packable(v, "frozenset") for v in s],
    lambda v: frozenset(map(from_packable, v)),
)
register_codec("tuple", tuple, lambda s: [to_packable(v, "tuple") for v in s], lambda v: tuple(map(from_packable, v)))
_by_tag["float"] = Codec("float", float, str, float)  # nan and inf; to_packable meets floats itself


def to_packable(value: Any, path: str = "$") -> Any:
    """Returns `value` as plain JSON data with type tags.

    Raises:
        DataError: a value inside cannot be encoded; the message names its path.
    """
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, float):  # a subclass (numpy's float64) by its plain value; JSON has no nan and inf
        return float(value) if math.isfinite(value) else {_TAG: "float", "value": str(float(value))}
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise DataError(f"{path}: the key {key!r} is not text; use text keys")
        plain = {key: to_packable(item, f"{path}.{key}") for key, item in value.items()}
        return {_TAG: "dict", "value": plain} if _TAG in plain else plain
    if isinstance(value, list):
        return [to_packable(item, f"{path}[{n}]") for n, item in enumerate(value)]
    for codec in _by_type:
        if isinstance(value, codec.python_type):
            try:
                return {_TAG: codec.tag, "value": codec.encode(value)}
            except DataError as error:
                raise DataError(f"{path}: {error}") from error
    if isinstance(value, (str, int)):  # a subclass, such as an enum: its plain value
        return str.__str__(value) if isinstance(value, str) else int(value)
    raise DataError(
        f"{path}: a {type(value).__module__}.{type(value).__qualname__} cannot be stored as JSON; "
        "pass plain values, or a document (it travels as its doctype and name)"
    )


def from_packable(value: Any) -> Any:
    """Returns what `to_packable` was given."""
    if isinstance(value, dict):
        tag = value.get(_TAG)
        if tag is None:
            return {key: from_packable(item) for key, item in value.items()}
        if tag == "dict":
            return {key: from_packable(item) for key, item in value["value"].items()}
        codec = _by_tag.get(tag)
        if codec is None:
            raise DataError(f"stored JSON has the unknown type tag {tag!r}; is the app that registered it installed?")
        try:
            return codec.decode(value["value"])
        except (ArithmeticError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"stored JSON has a {tag} that cannot be read: {value!r}") from error
    if isinstance(value, list):
        return [from_packable(item) for item in value]
    return value


def pack(value: Any, path: str = "$") -> str:
    """Returns `value` as JSON text from which `unpack` restores it, types included.

    Raises:
        DataError: a value inside cannot be encoded; the message names its path below `path`.
    """
    try:
        return msgspec.json.encode(to_packable(value, path)).decode()
    except UnicodeEncodeError as error:
        raise DataError(f"{path}: a text in it is not Unicode, it has half of a surrogate pair") from error
    except RecursionError:
        raise DataError(f"{path}: it is nested too deep, or holds itself") from None


def unpack(text: str | bytes) -> Any:
    """Returns what `pack` was given.

    Raises:
        DataError: it is not JSON, or has a value of an unknown type.
    """
    return from_packable(loads(text))


def _plain(value: Any) -> Any:
    as_dict = getattr(value, "as_dict", None)
    if as_dict is not None:
        return _numbers(as_dict())
    return str(value)


def _numbers(value: Any) -> Any:
    """Replaces decimals by numbers: design 3, "JSON shows numbers"."""
    if isinstance(value, Decimal):
        number = float(value)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, dict):
        return {str(key): _numbers(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_numbers(item) for item in value]
    return value


def dumps(value: Any, *, indent: int | None = None) -> str:
    """Returns readable JSON: decimals as numbers, dates as ISO text, documents as dicts."""
    encoded = msgspec.json.encode(_numbers(value), enc_hook=_plain)
    if indent:
        encoded = msgspec.json.format(encoded, indent=indent)
    return encoded.decode()


def loads(text: str | bytes) -> Any:
    """Returns the data of a JSON text.

    Raises:
        DataError: it is not JSON.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise DataError(f"not JSON: {error}") from error
    except RecursionError:
        raise DataError("not JSON: it is nested too deep") from None


def parse_json(value: Any) -> Any:
    """Returns the data of a JSON text, a dict with its keys as attributes; what is no text is returned as it is.

    Raises:
        DataError: it is not JSON.
    """
    data = loads(value) if isinstance(value, (str, bytes)) else value
    return AttrDict(data) if type(data) is dict else data


def as_json(value: Any, indent: int | None = 1) -> str:
    """Returns readable JSON of a document or of plain data; see `dumps`."""
    return dumps(value, indent=indent)
