"""Permission hooks: what apps say about permissions in code, in the keys of hooks.py of these names.

    has_permission = {"Sales Invoice": "app.permissions.may"}          # may(doc, ptype, user, debug)
    permission_query_conditions = {"*": ["app.permissions.visible"]}   # visible(user, doctype)

A key is a document type, a tuple of them, or "*". A function of `has_permission` gets those of the
four arguments it names, and denies by whatever is false; it cannot grant. What a function of
`permission_query_conditions` returns is made into SQL by `doclife.query.restrictions`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from doclife.core.context import Context
from doclife.core.errors import HookError, nearest
from doclife.events.handlers import WILDCARD, import_path, source_location
from doclife.events.hooks import AppHooks, as_paths

HAS_PERMISSION, QUERY_CONDITIONS = "has_permission", "permission_query_conditions"
KEYS = (HAS_PERMISSION, QUERY_CONDITIONS)

_ARGUMENTS = ("doc", "ptype", "user", "debug")
_WANTED = {
    HAS_PERMISSION: "fn(doc, ptype, user, debug), or with some of these",
    QUERY_CONDITIONS: "fn(user, doctype) or fn(user)",
}
_CACHE = "permission_hooks"

_Parameter = inspect.Parameter
_BY_PLACE = (_Parameter.POSITIONAL_ONLY, _Parameter.POSITIONAL_OR_KEYWORD)
_NAMED = (_Parameter.POSITIONAL_OR_KEYWORD, _Parameter.KEYWORD_ONLY)
_ANY_NUMBER = (_Parameter.VAR_POSITIONAL, _Parameter.VAR_KEYWORD)


class PermissionHook:
    """One function of an app, checked when it is made."""

    __slots__ = ("app", "doctype", "fn", "key", "location", "path", "takes")

    def __init__(self, app: str, key: str, doctype: str, path: str, fn: Callable[..., Any], what: str) -> None:
        """Checks the function's signature.

        Args:
            app: who declares it.
            key: of hooks.py.
            doctype: document type, or "*".
            path: dotted path it was found by.
            fn: what it names.
            what: app, key and document type, for messages.
        Raises:
            HookError: the function cannot be called as the key says.
        """
        self.app, self.key, self.doctype, self.path, self.fn = app, key, doctype, path, fn
        self.location = source_location(fn)
        #: names of the arguments the function is given
        self.takes = _arguments(fn, key, f"{what}: {path}")

    def denies(self, context: Context, doc: Any, right: str, user: str, *, debug: bool = False) -> bool:
        """Tells whether the function does not let a user do something with a document."""
        given = {"doc": doc, "ptype": right.rstrip("_"), "user": user, "debug": debug}
        with _asking(context, self, (doc.doctype, doc.name or id(doc), right, user)):
            return not self.fn(**{name: given[name] for name in self.takes})

    def conditions(self, context: Context, doctype: str, user: str) -> Any:
        """Returns which documents of a type a user is to see, in whatever form the function says it."""
        with _asking(context, self, (doctype, user)):
            return self.fn(user, doctype=doctype) if "doctype" in self.takes else self.fn(user)

    def __repr__(self) -> str:
        return f"<PermissionHook {self.key} {self.doctype!r} {self.path}>"


class PermissionHooks:
    """The permission hooks of one site's apps."""

    def __init__(self, apps: Sequence[AppHooks], doctypes: Mapping[str, Any]) -> None:
        """Resolves and checks every declaration.

        Args:
            apps: in install order.
            doctypes: the document classes of the site, by type.
        Raises:
            HookError: a declaration cannot be used; the message names app, key and path.
        """
        self._declared = [hook for app in apps for key in KEYS for hook in _of_app(app, key)]
        self._found: dict[tuple[str, str], tuple[PermissionHook, ...]] = {}
        #: what is odd but not wrong, for `doclife check`
        self.warnings = [text for hook in self._declared if (text := _warning(hook, doctypes))]

    def __iter__(self) -> Iterator[PermissionHook]:
        return iter(self._declared)

    def of(self, key: str, doctype: str) -> tuple[PermissionHook, ...]:
        """Returns the hooks of a key for a document type, those of "*" among them.

        In install order; of `has_permission` the last app first.
        """
        found = self._found.get((key, doctype))
        if found is None:
            named = [each for each in self._declared if each.key == key and each.doctype in (doctype, WILDCARD)]
            found = tuple(reversed(named) if key == HAS_PERMISSION else named)
            self._found[key, doctype] = found
        return found


def hooks_of(site: Any) -> PermissionHooks:
    """Returns the permission hooks of a site, resolved once for its registry.

    Raises:
        HookError: a declaration cannot be used.
    """
    known: PermissionHooks | None = site.cache.get(_CACHE)
    if known is None:
        known = site.cache[_CACHE] = PermissionHooks(site.registry.apps, site.doctypes)
    return known


def _of_app(app: AppHooks, key: str) -> Iterator[PermissionHook]:
    for named, value in app.values.get(key, {}).items():
        what = f"{app.name}: {key}[{named!r}]"
        for path in as_paths(value, what):
            fn = import_path(path, what)
            for doctype in named if isinstance(named, tuple) else (named,):
                yield PermissionHook(app.name, key, doctype, path, fn, what)


def _warning(hook: PermissionHook, doctypes: Mapping[str, Any]) -> str:
    if hook.doctype == WILDCARD:
        return ""
    cls = doctypes.get(hook.doctype)
    if cls is None:
        return (
            f"{hook.app}: {hook.key} names the document type {hook.doctype!r}, which no installed app has."
            f"{nearest(hook.doctype, doctypes)}"
        )
    if cls.meta.istable:
        return (
            f"{hook.app}: {hook.key} names {hook.doctype!r}, whose rows are seen with their documents: "
            f"{hook.path} is never asked; name the document type that holds them"
        )
    return ""


def _arguments(fn: Callable[..., Any], key: str, what: str) -> tuple[str, ...]:
    """Returns the names of the arguments that a function is given, beside the user of a query condition."""
    try:
        parameters = list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError) as error:
        raise HookError(f"{what} is not a function; write it as {_WANTED[key]}") from error
    known: tuple[str, ...] = _ARGUMENTS
    fits = True
    if key == QUERY_CONDITIONS:  # the user comes first, whatever that parameter is called
        known = ("doctype",)
        fits = any(each.kind in (*_BY_PLACE, each.VAR_POSITIONAL) for each in parameters)
        if parameters and parameters[0].kind in _BY_PLACE:
            del parameters[0]
    named = [each for each in parameters if each.kind in _NAMED]
    takes = tuple(each.name for each in named if each.name in known)
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        takes = known
    required = [each for each in parameters if each.default is each.empty and each.kind not in _ANY_NUMBER]
    if not fits or any(each not in named or each.name not in takes for each in required):
        raise HookError(f"{what}{inspect.signature(fn)} does not fit; write it as {_WANTED[key]}")
    return takes


@contextmanager
def _asking(context: Context, hook: PermissionHook, about: tuple[Any, ...]) -> Iterator[None]:
    """Names the function in what it raises, and refuses it to ask the question that it is to answer.

    Raises:
        HookError: it does.
    """
    asked: set[tuple[Any, ...]] = context.local.setdefault("asked_permission_hooks", set())
    question = (hook, *about)
    if question in asked:
        raise HookError(
            f"{hook.app}: {hook.key}[{hook.doctype!r}]: {hook.path} asks about {about[0]} what it is asked itself; "
            "in it use get_all and db.get_value, which ask for no permission"
        )
    asked.add(question)
    try:
        yield
    except Exception as error:
        error.add_note(f"in {hook.path}: {hook.key}[{hook.doctype!r}] of {hook.app}")
        raise
    finally:
        asked.discard(question)
