"""A handler: one function bound to one event of one document type (or of all, "*")."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, TypeVar

from doclife.core.errors import HookError, nearest
from doclife.events.names import EVENTS

Function = TypeVar("Function", bound=Callable[..., Any])

WILDCARD = "*"
#: the bands of one event's handlers, first to last (design 4)
APPS, FRAMEWORK_BAND, SCRIPTS = range(3)

_OPTION = "__doclife_option__"
_NOTHING: Mapping[str, Any] = {}

#: more arguments than any event has
_ANY_NUMBER = 1000

#: functions whose body a call does not run
_NEVER_RUN = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)

_order = count()


#: the place among the apps of what is connected at run time: behind them all
RUN_TIME = 1_000_000


class Handler:
    """A declaration with its function, checked when it is made."""

    __slots__ = ("app", "band", "event", "fn", "key", "option", "order", "path", "rank", "takes")

    def __init__(
        self,
        *,
        app: str,
        key: str,
        event: str,
        fn: Callable[..., Any],
        path: str = "",
        band: int = APPS,
        rank: int = RUN_TIME,
    ):
        """Checks the function's signature.

        Args:
            app: who declares it.
            key: document type, or "*".
            event: name of the event.
            fn: `fn(doc)`, `fn(doc, method)` or `fn(doc, method, *event arguments)`.
            path: dotted path it was found by.
            band: APPS, FRAMEWORK_BAND or SCRIPTS.
            rank: the app's place in install order, or RUN_TIME.
        Raises:
            HookError: the function cannot be called so.
        """
        self.app, self.key, self.event, self.fn, self.band = app, key, event, fn, band
        self.path = path or dotted_path(fn)
        self.rank = rank
        #: the option of its Meta that a document type must have for the handler to react, or ""
        self.option: str = getattr(fn, _OPTION, "")
        self.order = next(_order)
        #: how many arguments the function is given
        self.takes = _arguments_to_pass(fn, event, f"{app}: {key!r} {event}: {self.path}")

    @property
    def location(self) -> str:
        """Where its source is, as "file:line"; "" where it has none."""
        return source_location(self.fn)

    @property
    def place(self) -> tuple[int, bool, int, int]:
        """What handlers of one event are sorted by: band, type before "*", app, order of declaration."""
        return self.band, self.key == WILDCARD, self.rank, self.order

    def reacts_to(self, doctype: str, meta: Any, *, wildcard: bool) -> bool:
        """Tells whether it belongs to the chain of a document type.

        Args:
            doctype: the document type.
            meta: its Meta; None where the site does not have it.
            wildcard: whether handlers of "*" belong to it; those for an option do anyway: the type has asked.
        """
        if self.option and not getattr(meta, self.option, False):
            return False
        return self.key == doctype or (self.key == WILDCARD and (wildcard or bool(self.option)))

    def run(self, doc: Any, args: tuple[Any, ...], named: Mapping[str, Any] = _NOTHING) -> Any:
        """Calls the function with as many arguments as it takes, and those of the named ones that it names."""
        given = (doc, self.event, *args)[: self.takes]
        if named:
            return self.fn(*given, **_taken(self.fn, len(given), named))
        return self.fn(*given)

    def __call__(self, sender: str, *, doc: Any, args: tuple[Any, ...] = ()) -> Any:
        """Is blinker's way in: `signal.send(doctype, doc=doc)`."""
        return self.run(doc, args)

    def __repr__(self) -> str:
        return f"<Handler {self.key!r} {self.event} {self.path}>"


def _taken(fn: Callable[..., Any], given: int, named: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns those of the named arguments that a function takes besides its first `given` ones."""
    parameters = list(inspect.signature(fn).parameters.values())
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return named
    free = [each for each in parameters[given:] if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    return {each.name: named[each.name] for each in free if each.name in named}


def for_types_with(option: str) -> Callable[[Function], Function]:
    """Makes the decorated handler react only to document types whose Meta has an option set.

    Other types are not charged for it: the handler is in no chain of theirs.

    Args:
        option: name of the option, such as "track_changes".
    """

    def decorate(fn: Function) -> Function:
        setattr(fn, _OPTION, option)
        return fn

    return decorate


def dotted_path(fn: Callable[..., Any]) -> str:
    """Returns module and qualified name of a function."""
    return f"{getattr(fn, '__module__', '?')}.{getattr(fn, '__qualname__', repr(fn))}"


def source_location(fn: Callable[..., Any]) -> str:
    """Returns "file:line" of a function, or "" where it has no source."""
    try:
        target = inspect.unwrap(fn)
        return f"{inspect.getsourcefile(target)}:{inspect.getsourcelines(target)[1]}"
    except (TypeError, OSError):
        return ""


def _arguments_to_pass(fn: Callable[..., Any], event: str, what: str) -> int:
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError) as error:
        raise HookError(f"{what} is not a function that can be called as fn(doc, method)") from error
    if any(kind(fn) for kind in _NEVER_RUN):
        raise HookError(f"{what} is async or a generator: calling it runs nothing; write a plain function")
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = sum(1 for p in positional if p.default is p.empty)
    needs_keyword = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    # an app's own event has the arguments that whoever fires it gives
    known = event in EVENTS
    possible = 2 + len(EVENTS[event]) if known else _ANY_NUMBER
    takes = possible if any(p.kind is p.VAR_POSITIONAL for p in parameters) else min(len(positional), possible)
    misfit = required > possible or 2 < required < possible or bool(needs_keyword)
    if takes < 1 or (known and misfit):
        wanted = ", ".join(("doc", "method", *EVENTS.get(event, ())))
        raise HookError(
            f"{what}{inspect.signature(fn)} does not fit; write it as fn({wanted}), fn(doc, method) or fn(doc)"
        )
    return 2 if known and 2 < takes < possible else takes


def import_path(path: str, what: str) -> Any:
    """Returns what a dotted path names.

    Args:
        path: "package.module.attribute".
        what: who names it, for the message.
    Raises:
        HookError: it cannot be imported.
    """
    module_name, _, attribute = path.rpartition(".")
    if not module_name:
        raise HookError(f"{what}: {path!r} is not a dotted path like 'app.module.function'")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        owner = _import_attribute(module_name, attribute)
        if owner is not None:
            return owner
        raise HookError(f"{what}: {path!r} does not import: {error}") from error
    except Exception as error:
        raise HookError(
            f"{what}: {path!r} does not import: {module_name} raised {type(error).__name__}: {error}"
        ) from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        hint = nearest(attribute, [name for name in vars(module) if not name.startswith("_")])
        raise HookError(f"{what}: the module {module_name} has no {attribute!r}.{hint}") from None


def _import_attribute(owner_path: str, attribute: str) -> Any:
    """Returns a method named through its class ("app.module.Class.method"), or None."""
    module_name, _, class_name = owner_path.rpartition(".")
    if not module_name or not class_name[:1].isupper():
        return None
    try:
        return getattr(getattr(importlib.import_module(module_name), class_name), attribute)
    except (ImportError, AttributeError):
        return None
