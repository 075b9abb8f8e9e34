"""One layer of settings: its names and types checked, its values flat, so that layers can be laid over each other.

A layer is a dict from the path of a value, `("workers", "long", "timeout")`, to the value. Whoever
makes one names where it is from: a file, a variable, a flag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args, get_origin

import msgspec

from doclife.core import jsonc
from doclife.core.errors import ConfigError, nearest
from doclife.core.settings import Settings

Path = tuple[str, ...]
Layer = dict[Path, Any]

#: other names a setting goes by
ALIASES = {"scheduler_interval": "scheduler_tick_interval"}


def check(data: Any, where: str, *, text: bool = False) -> Layer:
    """Returns the data of one source as a layer.

    Args:
        data: what the source holds, an object with settings as keys.
        where: the source, for messages.
        text: values may be words for what they mean, as in the environment: "a,b" for a list, JSON for an object.
    Raises:
        ConfigError: a name is unknown or a value has the wrong type; names `where` and the path.
    """
    return dict(_flatten(data, Settings, (), where, text))


def settings_of(layer: Layer) -> Settings:
    """Returns the settings that checked layers make, laid over `defaults()`."""
    nested: dict[str, Any] = {}
    for path, value in sorted(layer.items(), key=lambda item: len(item[0])):
        inner = nested
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = {} if value == {} else value  # a new dict: longer paths are written into it
    return msgspec.convert(nested, Settings)


def canonical(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Returns changes to a file of settings under the names proper, taking other names of the same settings out."""
    named = {ALIASES.get(key, key): value for key, value in changes.items()}
    return named | {alias: None for alias, name in ALIASES.items() if name in named}


def defaults() -> Layer:
    """Returns what holds where no source says anything."""
    return dict(_flatten(Settings().as_dict(), Settings, (), "the defaults", False))


def _flatten(value: Any, kind: Any, path: Path, where: str, text: bool) -> Iterator[tuple[Path, Any]]:
    inner = _names(kind)
    if inner is None:
        yield path, _leaf(value, kind, path, where, text)
        return
    if text and isinstance(value, str):
        value = jsonc.parse(value, where)
    if not isinstance(value, Mapping):
        raise _error(where, path, f"expected an object, got {_kind_of(value)}")
    if not value and path:
        yield path, {}
    for key, item in _unaliased(value, where).items() if not path else value.items():
        if isinstance(inner, dict):
            if key not in inner:
                hint = nearest(key, inner)
                raise _error(where, (*path, key), f"there is no such setting.{hint or f' Known: {_listed(inner)}.'}")
            yield from _flatten(item, inner[key], (*path, key), where, text)
        else:
            yield from _flatten(item, get_args(kind)[1], (*path, key), where, text)


def _names(kind: Any) -> dict[str, Any] | bool | None:
    """Returns the types of the keys a value of this type has; True if the keys are free; None if it has none."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {field.name: field.type for field in msgspec.structs.fields(kind)}
    return True if get_origin(kind) is dict else None


def _unaliased(data: Mapping[str, Any], where: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in data.items():
        name = ALIASES.get(key, key)
        if name in result:
            raise _error(where, (key,), f"it is given as {name} too; keep one of them")
        result[name] = value
    return result


def _leaf(value: Any, kind: Any, path: Path, where: str, text: bool) -> Any:
    if text and isinstance(value, str) and get_origin(kind) is list:
        value = jsonc.parse(value, where) if value.lstrip().startswith("[") else _words(value)
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$")
        options = f"; it can be {_listed(get_args(kind))}" if "enum" in problem else ""
        problem = problem.replace("Invalid enum value", "got").replace("`", "")
        raise _error(where, path, f"{problem[0].lower()}{problem[1:]}{options}", place.rstrip("`")) from error


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(map(str, names))


def _kind_of(value: Any) -> str:
    return {type(None): "null", list: "array"}.get(type(value), type(value).__name__)


def _error(where: str, path: Path, problem: str, place: str = "") -> ConfigError:
    return ConfigError(f"{where}: {'.'.join(path) or 'the whole'}{place}: {problem}", path=".".join(path))
