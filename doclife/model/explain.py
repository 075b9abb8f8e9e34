"""Explain: who reacts to the events of a document type, in which order, and why in that order.

Asks the same registry for the same chains as the engine; nothing is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from doclife.core.context import current
from doclife.events.handlers import FRAMEWORK_BAND, RUN_TIME, SCRIPTS, WILDCARD, Handler, dotted_path, source_location
from doclife.events.names import EVENTS, check_event
from doclife.events.registry import Registry
from doclife.model.lifecycle import LIFECYCLE
from doclife.schema import registry as schema_registry

CONTROLLER = "controller"


@dataclass(frozen=True)
class Reaction:
    """One function that an event runs."""

    #: the app that declares it
    app: str
    #: controller, the document type, "*", doclife or scripts
    band: str
    #: dotted path
    path: str
    #: file:line, or "" where there is no source
    location: str
    #: why it stands where it stands
    why: str


@dataclass(frozen=True)
class EventChain:
    """What one event runs, in order."""

    event: str
    #: the operations it is part of, as in the lifecycle table
    operations: tuple[str, ...]
    reactions: tuple[Reaction, ...]


def explain(doctype: str, event: str | None = None) -> list[EventChain]:
    """Returns the chains of a document type in the order of the event table.

    Args:
        doctype: the document type.
        event: this event alone; None: every event to which something reacts.
    Raises:
        UnknownDoctypeError, UnknownEventError: the message has the nearest name.
    Order: inside a context.
    """
    registry: Registry = current().site.registry
    cls = schema_registry.resolve(doctype)
    if event is not None:
        check_event(event, registry.custom_events)
        return [_chain(registry, cls, event)]
    chains = [_chain(registry, cls, each) for each in (*EVENTS, *sorted(registry.custom_events - EVENTS.keys()))]
    return [chain for chain in chains if chain.reactions]


def lineage(doctype: str) -> list[tuple[str, str]]:
    """Returns the classes a document type is made of, as (dotted path, file:line), in which methods are looked for.

    More than one where apps override or extend it: mixins first, the last app's before all; the class
    that declares the type comes last.

    Raises:
        UnknownDoctypeError: the message has the nearest name.
    Order: inside a context.
    """
    cls, declared = schema_registry.resolve(doctype), schema_registry.declared(doctype)
    found = []
    for each in cls.__mro__:
        if each is declared or "_blueprint" not in vars(each) or not issubclass(each, declared):
            found.append((dotted_path(each), source_location(each)))  # all but the class that joins the others
        if each is declared:
            break
    return found


def _chain(registry: Registry, cls: Any, event: str) -> EventChain:
    reactions = _of_controller(cls, event)
    handlers = registry.chain(event, cls.meta.doctype, wildcard=cls.meta.wildcard_events)
    order = [app.name for app in registry.apps if app.name != "doclife"]
    reactions += [_of_handler(handler, handlers[:n], cls.meta.doctype, order) for n, handler in enumerate(handlers)]
    operations = tuple(operation for operation, words in LIFECYCLE.items() if event in words)
    return EventChain(event, operations, tuple(reactions))


def _of_controller(cls: Any, event: str) -> list[Reaction]:
    """Returns the controller's method, and those that it hides and reaches by super()."""
    owners = [each for each in cls.__mro__ if event in vars(each)]
    if owners and vars(owners[0])[event] is None:  # that is how a class switches off what it inherits
        return []
    reactions = []
    for n, owner in enumerate(owners):
        method = getattr(owner, event)
        if n:
            why = f"runs if {owners[n - 1].__qualname__}.{event} calls super()"
        else:
            why = "the controller's own method comes first"
            if owner is not cls:
                why += f"; {cls.__qualname__} has it from {owner.__qualname__}"
        app = owner.__module__.partition(".")[0]
        reactions.append(Reaction(app, CONTROLLER, dotted_path(method), source_location(method), why))
    return reactions


def _of_handler(handler: Handler, before: Sequence[Handler], doctype: str, order: Sequence[str]) -> Reaction:
    if handler.band == SCRIPTS:
        band, why = "scripts", "server scripts come last, the oldest first"
    elif handler.band == FRAMEWORK_BAND:
        band, why = "doclife", "doclife's own reactions come after those of all apps"
        if handler.option:
            why += f"; the type says Meta({handler.option}=True)"
    elif handler.key == WILDCARD:
        band, why = WILDCARD, f"handlers of '*' come after those of {doctype}"
    else:
        band, why = doctype, f"handlers of {doctype} come after the controller"
    same = [each for each in before if (each.band, each.key) == (handler.band, handler.key)]
    if band in (doctype, WILDCARD):
        why += f", {_place(handler, same, order)}"
    return Reaction(handler.app, band, handler.path, handler.location, why)


def _place(handler: Handler, same: Sequence[Handler], order: Sequence[str]) -> str:
    """Returns why a handler of an app stands behind those of the same band."""
    if handler.rank == RUN_TIME:
        return "connected at run time: after what hooks declare"
    nth = sum(each.app == handler.app for each in same) + 1
    place = f"app {order.index(handler.app) + 1} of {len(order)} in install order"
    return place if nth == 1 else f"{place}, its declaration {nth}"
