"""Functions as jobs name them: by dotted path, called with what they accept."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from doclife.core.errors import HookError, JobArgumentError
from doclife.events.handlers import import_path
from doclife.outbox import followup

#: room for the path in a job's row
PATH_LENGTH = 255


def path_of(method: str | Callable[..., Any]) -> str:
    """Returns the dotted path by which a worker finds a function.

    Args:
        method: the path itself, or the function; functions with a leading underscore too. A path is not looked up:
            its app may be one that only workers have.
    Raises:
        JobArgumentError: a worker could not find it, or could not run it.
    """
    if isinstance(method, str):
        path = method
    elif callable(method) and getattr(method, "__qualname__", None) is not None:
        path = _path_of_function(method)
    else:
        raise JobArgumentError(f"{method!r} is no function; give a function or its dotted path")
    parts = path.split(".")
    if len(parts) < 2 or not all(part.isidentifier() for part in parts) or len(path) > PATH_LENGTH:
        raise JobArgumentError(f"{path!r} is not a dotted path like 'app.module.function'")
    if method is not path:
        _check_import(path)
    return path


def _path_of_function(fn: Any) -> str:
    owner = getattr(fn, "__self__", None)
    if inspect.isclass(owner):  # named by the class that was asked, which may have inherited it
        path = f"{owner.__module__}.{owner.__qualname__}.{fn.__name__}"
    else:
        path = f"{fn.__module__}.{fn.__qualname__}"
        if owner is not None and not inspect.ismodule(owner):
            raise JobArgumentError(
                f"{path} is a method of an object, which a worker does not have; for a document use "
                f"{_enqueue_doc_call(owner, fn)}"
            )
    if "<" in path or path.startswith("__main__."):
        raise JobArgumentError(
            f"{path} cannot be imported by a worker: move it to the top level of a module of your app, "
            "or run it here with now=True"
        )
    check_kind(fn, path)
    return path


def _enqueue_doc_call(owner: Any, fn: Any) -> str:
    doctype = getattr(getattr(owner, "meta", None), "doctype", None)
    if doctype is None:
        return "enqueue_doc(doctype, name, method)"
    return f"enqueue_doc({doctype!r}, {getattr(owner, 'name', None)!r}, {fn.__name__!r})"


@lru_cache(maxsize=1024)
def _check_import(path: str) -> None:
    """Looks once whether a worker, which has the path alone, will find the function."""
    try:
        import_path(path, "enqueue")
    except HookError as error:
        raise JobArgumentError(
            f"{path} cannot be imported by a worker ({error}); it must be a function of a module, or of a class in one"
        ) from error


def check_kind(fn: Callable[..., Any], path: str) -> None:
    """Refuses a function whose call would do nothing yet.

    Raises:
        JobArgumentError: it is a coroutine function or a generator.
    """
    flags = getattr(getattr(fn, "__code__", None), "co_flags", 0)
    if flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        raise JobArgumentError(f"{path} is async, and a worker calls plain functions; call asyncio.run(...) in one")
    if flags & inspect.CO_GENERATOR:
        raise JobArgumentError(f"{path} is a generator, whose call runs nothing; call it from a plain function")


def resolve(method: str | Callable[..., Any], what: str) -> Callable[..., Any]:
    """Returns the function itself.

    Args:
        method: function or dotted path.
        what: who names it, for the message.
    Raises:
        HookError: it does not import.
        JobArgumentError: it cannot be called, or its call would do nothing yet.
    """
    fn = import_path(method, what) if isinstance(method, str) else method
    if not callable(fn):
        raise JobArgumentError(f"{what}: {method!r} is a {type(fn).__name__}, not a function")
    check_kind(fn, f"{what}: {method}")
    return fn


def accepted(fn: Callable[..., Any], offered: Iterable[str]) -> list[str] | None:
    """Returns which of the offered keyword arguments a function takes; None: all, by `**kwargs`.

    Raises:
        JobArgumentError: it needs one that is not offered.
    """
    offered = list(offered)
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):  # a built-in without a signature
        return None
    needed = [
        each.name
        for each in parameters
        if each.default is each.empty
        and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
        and (each.name not in offered or each.kind is each.POSITIONAL_ONLY)
    ]
    if needed:
        raise JobArgumentError(
            f"{fn.__module__}.{fn.__qualname__} needs {needed[0]!r}, which is not given here; "
            f"there is: {', '.join(offered)}"
        )
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return None
    return [each.name for each in parameters if each.name in offered]


def call_with(fn: Callable[..., Any], **offered: Any) -> Any:
    """Calls a function with those of the arguments that it takes."""
    names = accepted(fn, offered)
    return fn(**(offered if names is None else {name: offered[name] for name in names}))


def describe_follow_up(method: str | Callable[..., Any] | None, what: str) -> str | None:
    """Returns `on_success` or `on_failure` as the job's row keeps it.

    Raises:
        HookError, JobArgumentError: it does not import, or cannot be called so.
    """
    if method is None:
        return None
    path = path_of(method)
    return followup.describe(path, accepted(resolve(method, what), followup.OFFERED))
