"""The engine: walks the lifecycle table for one document, inside one savepoint frame.

What may run is decided before anything happens; what runs is undone as a whole when it fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doclife.core.context import Context, current
from doclife.core.errors import (
    HookError,
    LifecycleRecursionError,
)
from doclife.events.dispatch import fire
from doclife.events.names import check_event
from doclife.events.registry import Registry
from doclife.model import lifecycle, permits
from doclife.model.checks import describe
from doclife.model.children import all_rows
from doclife.model.lifecycle import ACTIONS, LIFECYCLE, MAX_DEPTH, MAX_DEPTH_OF_ONE, is_step, left_out_by
from doclife.model.naming import LEFT_OUT
from doclife.model.operation import Operation
from doclife.model.state import Before, Snapshot
from doclife.model.steps import STEPS, Run
from doclife.schema.registry import refuse_foreign


def plan(context: Context, cls: Any, kind: str) -> tuple[Run, ...]:
    """Returns the steps of an operation for a class: the table's words without those that do nothing.

    Under a trace every event is a step, so that the trace shows those too to which nothing reacts.
    """
    registry: Registry = context.site.registry
    plans: dict[tuple[Any, str, bool], tuple[int, tuple[Run, ...]]] = context.site.plans
    traced = context.trace is not None
    found = plans.get((cls, kind, traced))
    refuse_foreign(cls)
    generation = registry.generation  # before the chains: a handler connected meanwhile makes this plan out of date
    if found is not None and found[0] == generation:
        return found[1]
    steps: list[tuple[Run, bool]] = []
    noticed = False
    for word in LIFECYCLE[kind]:
        if is_step(word):
            step = STEPS[word]
            if step.needed(cls):
                steps.append((step.run, step.for_events))
        else:
            step_of_event = _event_step(registry, cls, kind, word, traced)
            if step_of_event is not None:
                steps.append((step_of_event, False))
                noticed = True
    made = tuple(run for run, for_events in steps if noticed or not for_events)
    plans[cls, kind, traced] = (generation, made)
    return made


def _event_step(registry: Registry, cls: Any, kind: str, event: str, traced: bool) -> Run | None:
    method = controller_method(cls, event)
    chain = registry.chain(event, cls.meta.doctype, wildcard=cls.meta.wildcard_events)
    if method is None and not chain and not traced:
        return None

    def run(op: Operation) -> None:
        op.answer = fire(op.context, op.doc, event, method, chain, op.args)

    flag, decided = left_out_by(kind, event), LEFT_OUT.get(event)
    if decided is not None:
        return lambda op: None if decided(op) else run(op)
    if not flag:
        return run

    def run_unless_left_out(op: Operation) -> None:
        flags = op.doc._state.flags
        if not (flags and flags.get(flag)):
            run(op)

    return run_unless_left_out


def run(context: Context, doc: Any, kind: str, args: tuple[Any, ...] = (), **options: Any) -> Operation:
    """Runs an operation; an exception leaves neither rows nor jobs nor callbacks of it.

    Args:
        context: the open context.
        doc: the document.
        kind: a key of the lifecycle table.
        args: further arguments of the events.
        options: arguments of the call, for the steps.
    """
    unit = context.unit
    steps = plan(context, type(doc), kind)
    operations = context.operations
    if len(operations) >= MAX_DEPTH_OF_ONE:
        _check_depth(operations, doc, kind)
    snapshot = Snapshot(doc, all_rows(doc))
    op = Operation(context, doc, kind, options)
    op.args = args
    op.inserting = kind in (lifecycle.INSERT, lifecycle.INSERT_SUBMITTED)
    frame = unit.push()
    frame.add_restore(snapshot.restore)
    operations.append((doc.meta.doctype, doc.__dict__["name"], kind))
    state = doc._state
    around = state.before
    state.action = ACTIONS.get(kind, state.action)
    try:
        before = state.before = Before(None if op.inserting else state.row, state.stored_rows, kind)
        for step in steps:
            step(op)
        unit.release(frame)
    except BaseException:
        operations.pop()
        unit.roll_back(frame)
        raise
    operations.pop()
    before.during = ""
    if around is not None and around.during:
        state.before = around  # inside an event of its own the image stays the one before that operation
    return op


def insert_inside(doc: Any) -> None:
    """Inserts a new document as a part of the operation in progress: in its frame, so it costs no savepoint.

    Order: from a handler that lets every exception pass: what fails here is undone with that operation only.
    """
    context = current()
    operations = context.operations
    steps = plan(context, type(doc), lifecycle.INSERT)
    if len(operations) >= MAX_DEPTH_OF_ONE:
        _check_depth(operations, doc, lifecycle.INSERT)
    op = Operation(context, doc, lifecycle.INSERT, {})
    op.inserting = True
    before = doc._state.before = Before(None, doc._state.stored_rows, lifecycle.INSERT)
    operations.append((doc.meta.doctype, doc.__dict__["name"], lifecycle.INSERT))
    try:
        for step in steps:
            step(op)
    finally:
        operations.pop()
    before.during = ""


def _check_depth(operations: list[tuple[str, Any, str]], doc: Any, kind: str) -> None:
    key = (doc.meta.doctype, doc.name)
    # Documents without a name yet are different ones: a tree that inserts its own branches may be deep.
    same = sum(1 for doctype, name, _ in operations if (doctype, name) == key) if doc.name is not None else 0
    if same < MAX_DEPTH_OF_ONE and len(operations) < MAX_DEPTH:
        return
    shown = [f"{op} of {doctype} {name or '(new)'}" for doctype, name, op in operations]
    chain = " -> ".join([*shown[-12:], f"{kind} of {describe(doc)}"])
    raise LifecycleRecursionError(
        f"document operations are nested {len(operations) + 1} deep ({same + 1} of {describe(doc)}): {chain}. "
        "A handler saves what fires it again; guard it with doc.flags",
        doctype=doc.doctype,
        name=doc.name,
    )


def run_event(doc: Any, event: str, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """Fires an event of a document, also one an app has declared in `custom_events`.

    A method of the controller that is no event is called alone.
    """
    context = current()
    registry: Registry = context.site.registry
    method = controller_method(type(doc), event)
    if method is None:
        check_event(event, registry.custom_events)
    chain = registry.chain(event, doc.meta.doctype, wildcard=doc.meta.wildcard_events)
    return fire(context, doc, event, method, chain, args, named)


def controller_method(cls: Any, event: str) -> Any:
    """Returns the controller's method for an event, or None.

    Raises:
        HookError: the class has something else under that name.
    """
    method = getattr(cls, event, None)
    if method is not None and not callable(method):
        raise HookError(
            f"{cls.__module__}.{cls.__qualname__}.{event} is no method, so the event {event!r} cannot run it; "
            "rename the one or the other"
        )
    return method


def has_permission(doc: Any, right: str, user: str | None) -> bool:
    """Tells whether a user has a right on a document."""
    return permits.has_permission(current(), doc, right, user)


def check_permission(doc: Any, right: str) -> None:
    """Refuses without the right."""
    permits.check_permission(current(), doc, right)
