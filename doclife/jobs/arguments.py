"""The arguments of a job: by name, as its function takes them, as JSON in its row."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any, NamedTuple

from doclife.core import json
from doclife.core.errors import DataError, JobArgumentError, nearest

#: bytes of a job's arguments as JSON: what servers take in one statement however they are set up
MOST_BYTES = 4 * 1024 * 1024


class _Parameters(NamedTuple):
    """What a function takes."""

    #: can be given by name
    named: frozenset[str]
    #: have no default
    needed: tuple[str, ...]
    #: whether it takes any others by name
    others: bool
    #: name of the first
    first: str


@lru_cache(maxsize=1024)
def _parameters(fn: Callable[..., Any]) -> _Parameters | None:
    try:
        parameters = list(inspect.signature(fn, follow_wrapped=False).parameters.values())
    except (TypeError, ValueError):  # a built-in without a signature
        return None
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return _Parameters(
        frozenset(each.name for each in parameters if each.kind in by_name),
        tuple(each.name for each in parameters if each.default is each.empty and each.kind not in variable),
        any(each.kind is each.VAR_KEYWORD for each in parameters),
        parameters[0].name if parameters else "",
    )


def takes(fn: Callable[..., Any], name: str) -> bool:
    """Tells whether a function takes a keyword argument of this name."""
    parameters = _parameters(fn)
    return parameters is None or parameters.others or name in parameters.named


def needed(fn: Callable[..., Any]) -> tuple[str, ...]:
    """Returns the names of the arguments without which a function cannot be called, as it will be called."""
    parameters = _parameters(fn)
    return () if parameters is None else parameters.needed


def check_arguments(fn: Callable[..., Any], kwargs: Iterable[str], what: str, *, method: bool = False) -> None:
    """Refuses arguments that a function does not take, and a call without one that it needs.

    Args:
        fn: the function as it will be called: of a decorated one the decorator's.
        kwargs: names of the arguments.
        what: names the function in the message.
        method: whether its first argument is the object that it is called on.
    Raises:
        JobArgumentError: the call would fail.
    """
    parameters = _parameters(fn)
    if parameters is None:
        return
    given = set(kwargs)
    own = {parameters.first} if method else set()
    names = parameters.named - own
    unknown = [] if parameters.others else sorted(given - names)
    if unknown:
        raise JobArgumentError(f"{what} takes no argument {unknown[0]!r}.{nearest(unknown[0], names)}")
    missing = [name for name in parameters.needed if name not in given | own]
    if missing:
        raise JobArgumentError(f"{what} needs the argument {missing[0]!r}, which is not given")


def without_partial(method: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Returns the function inside a `functools.partial`, and its arguments by name with those of the call.

    Raises:
        JobArgumentError: it has arguments without a name.
    """
    if not isinstance(method, partial):
        return method, kwargs
    named: dict[str, Any] = {}
    if method.args:
        try:
            parameters = list(inspect.signature(method.func).parameters.values())
        except (TypeError, ValueError) as error:
            raise JobArgumentError(f"{method!r}: {error}; give its arguments by name") from error
        if len(parameters) < len(method.args) or any(
            each.kind is not each.POSITIONAL_OR_KEYWORD for each in parameters[: len(method.args)]
        ):
            raise JobArgumentError(f"{method!r}: the arguments of a job have names, and not all of these have one")
        named = {each.name: value for each, value in zip(parameters, method.args, strict=False)}
    return method.func, named | method.keywords | kwargs


def packed(kwargs: dict[str, Any]) -> str:
    """Returns the arguments as a job's row keeps them.

    Raises:
        JobArgumentError: one cannot be encoded, or they are too large.
    """
    try:
        text = json.pack(kwargs, "kwargs")
    except DataError as error:
        raise JobArgumentError(f"this job cannot be stored: {error}") from error
    if len(text) > MOST_BYTES or (not text.isascii() and len(text.encode()) > MOST_BYTES):
        raise JobArgumentError(
            f"this job cannot be stored: its arguments are more than {MOST_BYTES // 1024**2} MiB of JSON; "
            "store them in a document or a file and pass its name"
        )
    return text
