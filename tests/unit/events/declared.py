"""Handlers that the tests of this folder declare by their dotted paths; each writes down that it ran."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from doclife.events.hooks import AppHooks
from doclife.events.registry import Registry

ran: list[str] = []


def one(doc):
    ran.append("one")


def two(doc, method):
    ran.append(f"two {method}")


def three(doc, method, old, new, merge):
    ran.append(f"three {method} {old} {new} {merge}")


def takes_nothing():
    ran.append("never")


def wants_more(doc, method, strange):
    ran.append("never")


def wants_keyword(doc, *, strange):
    ran.append("never")


def takes_all(doc, *args):
    ran.append(f"takes_all {' '.join(map(str, args))}")


def optional(doc, method=None):
    ran.append(f"optional {method}")


not_callable = 5


def path(name: str) -> str:
    return f"{__name__}.{name}"


def app(name: str, **values: Any) -> AppHooks:
    return AppHooks(name, values, ModuleType(name))


def registry(*apps: AppHooks, doctypes: tuple[str, ...] = ("Invoice", "Outlet")) -> Registry:
    return Registry(apps, doctypes)


def names(chain: Any) -> list[str]:
    """Returns "app.function" of each handler of a chain."""
    return [f"{each.app}.{each.fn.__name__}" for each in chain]
