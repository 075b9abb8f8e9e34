"""The registry of one site: the resolved hooks of its apps, and the signals they are connected to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import WeakSet

from doclife.core.context import current, current_or_none
from doclife.core.errors import HookError, UnknownDoctypeError, nearest
from doclife.events.handlers import APPS, FRAMEWORK_BAND, RUN_TIME, WILDCARD, Handler, import_path
from doclife.events.hooks import AppHooks, as_paths, merged
from doclife.events.names import EVENTS, check_event
from doclife.events.signals import Chain, Signals
from doclife.events.variables import check_naming_rules, naming_variables

FRAMEWORK = "doclife"


def _band(app: str) -> int:
    return FRAMEWORK_BAND if app == FRAMEWORK else APPS


Function = TypeVar("Function", bound=Callable[..., Any])

#: what `@doclife.on` recorded outside a context, by app
_recorded: dict[str, list[tuple[str, str, Callable[..., Any]]]] = {}
#: the registries of this process: a handler that is recorded late is connected to those that have its app
_registries: WeakSet[Registry] = WeakSet()
_recording = threading.Lock()


class Registry:
    """Who reacts to what on one site."""

    def __init__(self, apps: Sequence[AppHooks], doctypes: Collection[str]) -> None:
        """Resolves and checks every declaration.

        Args:
            apps: in install order, the framework first.
            doctypes: the document types of the site; with their classes, where handlers ask for options of a Meta.
        Raises:
            HookError, UnknownEventError: a declaration cannot be used; the message names app, key and path.
            SchemaError: a naming rule has a word that nothing explains.
        """
        self.apps = list(apps)
        self.doctypes = doctypes
        self.signals = Signals(self._meta_of)
        #: grows whenever a handler is connected or disconnected; plans made before are out of date
        self.generation = 0
        #: what is odd but not wrong, for `doclife check`
        self.warnings: list[str] = []
        #: parts of naming series that the apps explain
        self.naming_variables = naming_variables(apps)
        check_naming_rules(doctypes, self.naming_variables)
        self.custom_events: frozenset[str] = frozenset(merged(apps, "custom_events"))
        self._changing = threading.Lock()
        for rank, app in enumerate(self.apps):
            self._load(app, rank)
        with _recording:
            for app in self.apps:
                for doctype, event, fn in _recorded.get(app.name, ()):
                    self._connect_recorded(app.name, doctype, event, fn)
            _registries.add(self)

    def _load(self, app: AppHooks, rank: int) -> None:
        for key, events in app.values.get("doc_events", {}).items():
            what = f"{app.name}: doc_events[{key!r}]"
            if not isinstance(events, dict):
                raise HookError(f"{what} must be a dict of events, not {type(events).__name__}")
            doctypes = key if isinstance(key, tuple) else (key,)
            for event, value in events.items():
                check_event(event, self.custom_events, where=what)
                for path in as_paths(value, f"{what}[{event!r}]"):
                    fn = import_path(path, f"{what}[{event!r}]")
                    for doctype in doctypes:
                        self._warn_unknown(doctype, f"{app.name}: doc_events")
                        self._connect(
                            Handler(
                                app=app.name,
                                key=doctype,
                                event=event,
                                fn=fn,
                                path=path,
                                band=_band(app.name),
                                rank=rank,
                            )
                        )

    def _connect_recorded(self, app: str, doctype: str, event: str, fn: Callable[..., Any]) -> None:
        check_event(event, self.custom_events, where=f"{app}: @on({doctype!r}, {event!r})")
        self._warn_unknown(doctype, f"{app}: @on")
        rank = next(n for n, each in enumerate(self.apps) if each.name == app)
        self._connect(Handler(app=app, key=doctype, event=event, fn=fn, band=_band(app), rank=rank))

    def _meta_of(self, doctype: str) -> Any:
        cls = self.doctypes.get(doctype) if isinstance(self.doctypes, Mapping) else None
        return getattr(cls, "meta", None)

    def _warn_unknown(self, doctype: str, what: str) -> None:
        if doctype != WILDCARD and doctype not in self.doctypes:
            self.warnings.append(
                f"{what} names the document type {doctype!r}, which no installed app has."
                f"{nearest(doctype, self.doctypes)}"
            )

    def _connect(self, handler: Handler) -> None:
        with self._changing:  # a generation that went back would make an outdated plan look up to date
            self.signals.signal(handler.event).connect_handler(handler)
            self.generation += 1

    def connect(self, doctype: str, event: str, fn: Callable[..., Any]) -> Handler:
        """Connects a function at run time, after everything declared for the same place.

        Raises:
            UnknownEventError, UnknownDoctypeError, HookError: it cannot be connected.
        """
        check_event(event, self.custom_events)
        if doctype != WILDCARD and doctype not in self.doctypes:
            raise UnknownDoctypeError(
                f"no document type {doctype!r}.{nearest(doctype, self.doctypes)}", doctype=doctype
            )
        handler = Handler(app=fn.__module__.partition(".")[0], key=doctype, event=event, fn=fn)
        self._connect(handler)
        return handler

    def disconnect(self, handler: Handler) -> None:
        """Disconnects a handler that `connect` returned."""
        with self._changing:
            self.signals.signal(handler.event).disconnect_handler(handler)
            self.generation += 1

    def take_over(self, before: Registry) -> None:
        """Connects what was connected at run time to a registry that this one replaces."""
        for handler in before.handlers():
            if handler.rank == RUN_TIME:
                self._connect(handler)

    def chain(self, event: str, doctype: str, *, wildcard: bool = True) -> Chain:
        """Returns the handlers of an event of a document type, in order."""
        return self.signals.signal(event).chain(doctype, wildcard=wildcard)

    def handlers(self) -> Iterator[Handler]:
        """Yields every handler, by event in the order of the event table."""
        order = {name: n for n, name in enumerate(EVENTS)}
        for event in sorted(self.signals, key=lambda name: (order.get(name, len(order)), name)):
            yield from sorted(
                (each for each in self.signals.signal(event).receivers.values() if isinstance(each, Handler)),
                key=lambda each: (each.band, each.key == WILDCARD, each.key, each.rank, each.order),
            )

    def get_hooks(self, key: str) -> Any:
        """Returns one key of hooks.py over all apps in install order: dicts merged, the rest as a list."""
        return merged(self.apps, key)

    def functions(self, key: str, *, app: str | None = None) -> list[Callable[..., Any]]:
        """Returns the functions that a key of hooks.py names, in install order.

        Args:
            key: of hooks.py.
            app: of this app alone.
        Raises:
            HookError: one does not import; the message names app, key and path.
        """
        return [
            import_path(path, f"{each.name}: {key}")
            for each in self.apps
            if app in (None, each.name)
            for path in as_paths(each.values.get(key, ()), f"{each.name}: {key}")
        ]


def on(doctype: str, event: str) -> Callable[[Function], Function]:
    """Connects the decorated function to an event.

    Outside a context it is recorded on the function's app and connected on every site that has
    the app, those that are loaded already included; inside one it holds for that site, in this process.

    Args:
        doctype: document type, or "*".
        event: name of the event.
    Raises:
        UnknownEventError, UnknownDoctypeError, HookError: it cannot be connected to a site that is loaded;
            what is wrong on a site that loads later is told there.
    """

    def decorate(fn: Function) -> Function:
        context = current_or_none()
        if context is not None:
            context.site.registry.connect(doctype, event, fn)
        else:
            _record(fn.__module__.partition(".")[0], doctype, event, fn)
        return fn

    return decorate


def _record(app: str, doctype: str, event: str, fn: Callable[..., Any]) -> None:
    with _recording:
        for registry in list(_registries):
            if any(each.name == app for each in registry.apps):
                registry._connect_recorded(app, doctype, event, fn)
        _recorded.setdefault(app, []).append((doctype, event, fn))


@contextmanager
def connected(doctype: str, event: str, handler: Callable[..., Any]) -> Iterator[Handler]:
    """Connects a handler to this site for the block."""
    site = current().site
    made = site.registry.connect(doctype, event, handler)
    try:
        yield made
    finally:
        site.registry.disconnect(made)  # in tests it may be another one by now, which has taken the handler over
