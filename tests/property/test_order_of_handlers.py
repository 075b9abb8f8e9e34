"""Whatever apps declare: what runs is what the design's order says, and what `explain` tells.

Apps, their hooks, classes and run-time handlers are drawn; real operations run; each function writes
down that it ran. The order expected is worked out here from the words of the design alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from doclife.core.context import no_context
from doclife.events import registry as events_registry
from doclife.events.registry import connected, on
from doclife.events.trace import trace
from doclife.model.document import RESERVED, Document
from doclife.model.explain import CONTROLLER, explain
from doclife.schema.extend import Extension, extended
from doclife.schema.fieldtypes import Data
from doclife.schema.meta import Meta
from doclife.testing.sandbox import sandbox

#: the design's table, without the write
TABLE = {
    "insert": "before_insert before_naming autoname before_validate validate before_save "
    "after_insert on_update on_change",
    "save": "before_validate validate before_save on_update on_change",
    "db_set": "before_change on_change",
    "submit": "before_validate validate before_submit on_update on_submit on_change",
    "update": "before_update_after_submit on_update_after_submit on_change",
    "cancel": "before_cancel on_cancel on_change",
    "discard": "before_discard on_discard",
    "delete": "on_trash on_change after_delete",
}
EVENTS = sorted({event for events in TABLE.values() for event in events.split()})
MAIN, OTHER = "Order Main", "Order Other"
KEYS = (MAIN, OTHER, "*", (MAIN, OTHER), (OTHER, "*"))
APPS = ("order_a", "order_b", "order_c", "order_d")
FUNCTIONS = range(4)
CLASSES = ("Base", "Sub", "MixinOne", "MixinTwo")

events = st.sampled_from(EVENTS)
functions = st.lists(st.sampled_from(FUNCTIONS), max_size=3)
hooks = st.dictionaries(st.sampled_from(KEYS), st.dictionaries(events, functions, max_size=4), max_size=4)
places = st.tuples(st.sampled_from((MAIN, OTHER, "*")), events)


@dataclass
class World:
    """What was drawn."""

    #: app -> its doc_events, with numbers of functions, in install order
    apps: dict[str, dict[Any, dict[str, list[int]]]]
    #: (app, number, (key, event)): what modules connect with @on outside a context
    recorded: list[tuple[str, int, tuple[str, str]]]
    #: (app, number, (key, event)): what is connected while the site is used
    late: list[tuple[str, int, tuple[str, str]]]
    #: class -> event -> whether its method calls super()
    methods: dict[str, dict[str, bool]]
    overridden: bool
    mixins: list[str]
    other_wants_wildcards: bool
    traced: bool
    ran: list[str] = field(default_factory=list)

    def classes(self) -> list[str]:
        """Returns the classes of the main type in the order in which a method is looked for."""
        return [*reversed(self.mixins), *(["Sub"] if self.overridden else []), "Base"]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    installed = draw(st.permutations(APPS))[: draw(st.integers(1, len(APPS)))]
    connections = st.lists(st.tuples(st.sampled_from(installed), st.sampled_from(FUNCTIONS), places), max_size=3)
    methods = st.dictionaries(events, st.booleans(), max_size=4)
    return World(
        apps={app: draw(hooks) for app in installed},
        recorded=draw(connections),
        late=draw(connections),
        methods={name: draw(methods) for name in CLASSES},
        overridden=draw(st.booleans()),
        mixins=draw(st.lists(st.sampled_from(CLASSES[2:]), unique=True)),
        other_wants_wildcards=draw(st.booleans()),
        traced=draw(st.booleans()),
    )


# the order, from the words of the design


def controllers(world: World, doctype: str, event: str) -> list[str]:
    """Returns the paths of the methods that run: the first class's, and further ones while super() is called."""
    result = []
    for name in world.classes() if doctype == MAIN else ():
        if event in world.methods[name]:
            result.append(f"{__name__}.{name}.{event}")
            if not world.methods[name][event]:
                break
    return result


def handlers(world: World, doctype: str, event: str) -> list[str]:
    """Returns the paths of the handlers: those of the type, then those of "*"; within, apps in install order."""
    result = []
    for wanted in (doctype, "*") if doctype == MAIN or world.other_wants_wildcards else (doctype,):
        for app, doc_events in world.apps.items():
            for key, by_event in doc_events.items():
                if wanted in (key if isinstance(key, tuple) else (key,)):
                    result += [f"{app}.h{n}" for n in by_event.get(event, [])]
            result += [f"{app}.h{n}" for of, n, place in world.recorded if of == app and place == (wanted, event)]
        result += [f"{app}.h{n}" for app, n, place in world.late if place == (wanted, event)]
    return result


def expected(world: World, doctype: str, operation: str) -> list[str]:
    return [
        f"{event}: {path}"
        for event in TABLE[operation].split()
        for path in (*controllers(world, doctype, event), *handlers(world, doctype, event))
    ]


# the same, for real


def _function(world: World, app: str, number: int) -> Any:
    def run(doc: Any, method: str) -> None:
        world.ran.append(f"{method}: {app}.h{number}")

    run.__module__, run.__qualname__ = app, f"h{number}"
    return run


def _method(world: World, name: str, event: str, calls_super: bool, owner: list[Any]) -> Any:
    def run(self: Any) -> None:
        world.ran.append(f"{event}: {__name__}.{name}.{event}")
        following = getattr(super(owner[0], self), event, None)
        if calls_super and following is not None:
            following()

    run.__module__, run.__qualname__ = __name__, f"{name}.{event}"
    return run


def _class(world: World, name: str, bases: tuple[Any, ...], **body: Any) -> Any:
    owner: list[Any] = []
    methods = {event: _method(world, name, event, up, owner) for event, up in world.methods.get(name, {}).items()}
    made = type(name, bases, {**body, **methods, "__module__": __name__, "__qualname__": f"_.<locals>.{name}"})
    owner.append(made)
    return made


@contextmanager
def _modules(world: World) -> Iterator[None]:
    """Makes the functions of the apps importable, and lets their modules record what they connect."""
    for app in world.apps:
        module = ModuleType(app)
        module.__dict__.update({f"h{n}": _function(world, app, n) for n in FUNCTIONS})
        sys.modules[app] = module
    try:
        with no_context():
            for app, number, place in world.recorded:
                on(*place)(getattr(sys.modules[app], f"h{number}"))
        yield
    finally:
        for app in world.apps:
            del sys.modules[app]
            events_registry._recorded.pop(app, None)


def _prepare(world: World, site: Any) -> tuple[Any, Any]:
    base = _class(world, "Base", (Document,), meta=Meta(doctype=MAIN, submittable=True), title=Data())
    other = _class(world, "Other", (Document,), meta=Meta(doctype=OTHER, wildcard_events=world.other_wants_wildcards))
    site.use(base, other)
    cls = _class(world, "Sub", (base,)) if world.overridden else base
    if world.mixins:
        mixins = [Extension("tests", _class(world, name, ()), "tests") for name in world.mixins]
        cls = extended(cls, mixins, RESERVED)
    site.doctypes[MAIN] = cls
    for app, doc_events in world.apps.items():
        named = {
            key: {event: [f"{app}.h{n}" for n in numbers] for event, numbers in by_event.items()}
            for key, by_event in doc_events.items()
        }
        site.use_hooks(app, {"doc_events": named})
    return cls, other


def _operations(main: Any, other: Any) -> Iterator[tuple[str, str, Any]]:
    doc, draft, strange = main(title="a"), main(title="b"), other()
    yield MAIN, "insert", doc.insert
    yield MAIN, "save", doc.save
    yield MAIN, "db_set", lambda: doc.db_set("title", "c")
    yield MAIN, "submit", doc.submit
    yield MAIN, "update", doc.save
    yield MAIN, "cancel", doc.cancel
    yield MAIN, "delete", doc.delete
    yield MAIN, "insert", draft.insert
    yield MAIN, "discard", draft.discard
    yield OTHER, "insert", strange.insert
    yield OTHER, "save", strange.save
    yield OTHER, "delete", strange.delete


def _told(doctype: str, operation: str, world: World) -> list[str]:
    """Returns what `explain` says, without doclife's own reactions and the methods that nobody calls by super()."""
    chains = {chain.event: chain.reactions for chain in explain(doctype)}
    result = []
    for event in TABLE[operation].split():
        called = len(controllers(world, doctype, event))
        own = [each for each in chains.get(event, ()) if each.band == CONTROLLER][:called]
        rest = [each for each in chains.get(event, ()) if each.band not in (CONTROLLER, "doclife")]
        result += [f"{event}: {each.path}" for each in (*own, *rest)]
    return result


@settings(max_examples=60, report_multiple_bugs=False)
@given(world=worlds())
def test_what_runs_is_what_the_design_says_and_what_explain_tells(doclife_templates, world):
    with ExitStack() as stack:
        stack.enter_context(_modules(world))
        site = stack.enter_context(sandbox(doclife_templates.get(()), {}))
        main, other = _prepare(world, site)
        for app, number, (key, event) in world.late:
            stack.enter_context(connected(key, event, getattr(sys.modules[app], f"h{number}")))
        for doctype, operation, run in _operations(main, other):
            world.ran.clear()
            with trace() if world.traced else nullcontext() as spans:
                run()
            assert world.ran == expected(world, doctype, operation), operation
            assert world.ran == _told(doctype, operation, world), operation
            if spans is not None:
                of_apps = [each.handler for each in spans.spans if each.handler.startswith("order_")]
                assert of_apps == [line.partition(": ")[2] for line in world.ran if ": order_" in line]
