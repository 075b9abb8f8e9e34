"""Whitelisted methods: the only functions that may be called from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Exposure:
    """On which terms a function may be called from outside."""

    allow_guest: bool
    methods: tuple[str, ...]
    xss_safe: bool


_ATTRIBUTE = "__doclife_whitelisted__"


def whitelist(
    allow_guest: bool = False, xss_safe: bool = False, methods: Sequence[str] | None = None
) -> Callable[[Function], Function]:
    """Exposes the decorated function or method to outside callers.

    Args:
        allow_guest: whether callers who are not logged in may call it.
        xss_safe: whether its answer may hold markup.
        methods: HTTP methods it answers; default all four.
    Raises:
        TypeError: it stands without its brackets, and would expose nothing.
    """
    if callable(allow_guest):
        raise TypeError(f"write @whitelist() with brackets above {getattr(allow_guest, '__qualname__', allow_guest)}")

    def decorate(fn: Function) -> Function:
        setattr(fn, _ATTRIBUTE, Exposure(allow_guest, tuple(methods or ("GET", "POST", "PUT", "DELETE")), xss_safe))
        return fn

    return decorate


def exposure(fn: Callable[..., Any]) -> Exposure | None:
    """Returns on which terms a function may be called, or None: it may not."""
    found: Exposure | None = getattr(fn, _ATTRIBUTE, None)  # of a method its function's
    return found
