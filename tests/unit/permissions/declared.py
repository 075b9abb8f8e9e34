"""Permission hooks that tests declare by their dotted paths: they say what the test has put here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from doclife.core.context import current
from doclife.events.hooks import AppHooks

HERE = __name__

#: document type -> what `said` and `said_too` return: a condition, or a function of the user
conditions: dict[str, Any] = {}
further: dict[str, Any] = {}
#: (doctype, user) of each question
asked: list[tuple[str, str]] = []
#: document type -> function of (doc, ptype, user)
checks: dict[str, Any] = {}
#: what `may` was asked: (name, ptype, user)
checked: list[tuple[Any, str, str]] = []


def forget() -> None:
    for each in (conditions, further, asked, checks, checked):
        each.clear()


def said(user, doctype):
    asked.append((doctype, user))
    found = conditions.get(doctype)
    return found(user) if callable(found) else found


def said_too(user, doctype=None):
    found = further.get(doctype)
    return found(user) if callable(found) else found


def may(doc, ptype, user):
    checked.append((doc.name, ptype, user))
    check = checks.get(doc.doctype)
    return True if check is None else check(doc, ptype, user)


ALL_OF_IT = {
    "permission_query_conditions": {"*": [f"{HERE}.said", f"{HERE}.said_too"]},
    "has_permission": {"*": f"{HERE}.may"},
}


def app(values: dict[str, Any], name: str = "guard") -> AppHooks:
    return AppHooks(name, values, ModuleType(name))


@contextmanager
def declared(values: dict[str, Any] | None = None) -> Iterator[None]:
    """Lets an app of the open context's site declare permission hooks for the block, by default those above."""
    site = current().site
    forget()
    remembered = [site.cache, getattr(site, "plans", {})]
    site.registry.apps.append(app(ALL_OF_IT if values is None else values))
    for each in remembered:
        each.clear()
    try:
        yield
    finally:
        site.registry.apps.pop()
        for each in remembered:
            each.clear()
        forget()


# -- functions of every shape ----------------------------------------------------------------------

calls: list[tuple[str, dict[str, Any]]] = []


def takes_doc(doc):
    calls.append(("takes_doc", {"doc": doc.name}))
    return True


def takes_all(doc, ptype, user, debug):
    calls.append(("takes_all", {"doc": doc.name, "ptype": ptype, "user": user, "debug": debug}))
    return True


def takes_them_in_another_order(user, doc, verbose=False, *, debug=None):
    calls.append(("another_order", {"doc": doc.name, "user": user, "verbose": verbose, "debug": debug}))
    return True


def takes_any(**given):
    calls.append(("takes_any", {name: getattr(each, "name", each) for name, each in given.items()}))
    return True


def takes_a_stranger(doc, invoice):
    return True


def takes_by_place(doc, /):
    return True


def takes_nothing():
    return True


def says_nothing(doc):
    return None


def user_alone(user):
    calls.append(("user_alone", {"user": user}))


def user_by_another_name(who, *, doctype):
    calls.append(("another_name", {"user": who, "doctype": doctype}))


def user_and_any(*args, **more):
    calls.append(("user_and_any", {"args": args, **more}))


def no_user(*, doctype):
    return ""


def a_stranger(user, company):
    return ""


def asks_itself(user, doctype):
    from doclife.query.lists import get_list

    return {"name": ["in", get_list(doctype, pluck="name")]}


def asks_itself_about_the_document(doc, ptype, user):
    return doc.has_permission(ptype)


def raises(user):
    raise RuntimeError("the hook is broken")


not_callable = 5
