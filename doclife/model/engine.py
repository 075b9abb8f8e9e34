"""The engine: walks the lifecycle table for one document, inside one savepoint frame.

What may run is decided before anything happens; what runs is undone as a whole when it fails.
"""

from __future__ import annotations

from typing import Any, NoReturn

from doclife.core.context import Context, current
from doclife.core.errors import (
    DocstatusTransitionError,
    DoesNotExistError,
    DuplicateEntryError,
    LifecycleRecursionError,
    UnknownFieldError,
    ValidationError,
    nearest,
)
from doclife.events.dispatch import fire
from doclife.events.names import check_event
from doclife.events.registry import Registry
from doclife.model import lifecycle
from doclife.model.checks import describe, refuse_kept
from doclife.model.children import all_rows
from doclife.model.lifecycle import LIFECYCLE, MAX_DEPTH, MAX_DEPTH_OF_ONE, is_step
from doclife.model.loading import fetch, load, materialise
from doclife.model.naming import LEFT_OUT, caller_may_choose
from doclife.model.operation import Operation
from doclife.model.reading import reload
from doclife.model.state import Before, Snapshot
from doclife.model.steps import STEPS, Run
from doclife.permissions import rules

_DOCSTATUS = 5  # its place in every row: see schema.tables.STANDARD_COLUMNS

#: docstatus as stored and as asked for -> operation (reference 1.3)
_SAVES = {
    (0, 0): lifecycle.SAVE,
    (0, 1): lifecycle.SUBMIT,
    (1, 1): lifecycle.UPDATE_AFTER_SUBMIT,
    (1, 2): lifecycle.CANCEL,
}
_WORDS = {0: "draft", 1: "submitted", 2: "cancelled"}


def plan(context: Context, cls: Any, kind: str) -> tuple[Run, ...]:
    """Returns the steps of an operation for a class: the table's words without those that do nothing.

    Under a trace every event is a step, so that the trace shows those too to which nothing reacts.
    """
    registry: Registry = context.site.registry
    plans: dict[tuple[Any, str, bool], tuple[int, tuple[Run, ...]]] = context.site.plans
    traced = context.trace is not None
    found = plans.get((cls, kind, traced))
    generation = registry.generation  # before the chains: a handler connected meanwhile makes this plan out of date
    if found is not None and found[0] == generation:
        return found[1]
    steps: list[Run] = []
    for word in LIFECYCLE[kind]:
        if is_step(word):
            step = STEPS[word]
            if step.needed(cls):
                steps.append(step.run)
        else:
            step_of_event = _event_step(registry, cls, word, traced)
            if step_of_event is not None:
                steps.append(step_of_event)
    made = tuple(steps)
    plans[cls, kind, traced] = (generation, made)
    return made


def _event_step(registry: Registry, cls: Any, event: str, traced: bool) -> Run | None:
    method = getattr(cls, event, None)
    chain = registry.chain(event, cls.meta.doctype, wildcard=cls.meta.wildcard_events)
    if method is None and not chain and not traced:
        return None

    def run(op: Operation) -> None:
        op.answer = fire(op.context, op.doc, event, method, chain, op.args)

    left_out = LEFT_OUT.get(event)
    return run if left_out is None else lambda op: None if left_out(op) else run(op)


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


def insert(doc: Any, *, set_name: str | None = None, ignore_if_duplicate: bool = False) -> None:
    """Inserts a document, as a draft or as submitted."""
    context = current()
    if doc.docstatus not in (0, 1):
        _refuse_transition(doc, 0, doc.docstatus)
    check_submittable(doc)
    kind = lifecycle.INSERT_SUBMITTED if doc.docstatus == 1 else lifecycle.INSERT
    try:
        run(context, doc, kind, set_name=set_name)
    except DuplicateEntryError as error:
        if not ignore_if_duplicate or error.context.get("doctype") != doc.doctype:
            raise


def save(doc: Any) -> None:
    """Saves a document; which operation that is, its docstatus as stored and as set decides."""
    context = current()
    state = doc._state
    if state.row is None and (doc.name is None or not _adopt(context, doc)):
        insert(doc)
        return
    kind = _SAVES.get((state.row[_DOCSTATUS], doc.docstatus))
    if kind is None:
        _refuse_transition(doc, state.row[_DOCSTATUS], doc.docstatus)
    check_submittable(doc)
    run(context, doc, kind)


def _adopt(context: Context, doc: Any) -> bool:
    """Reads the stored document that a dict-built one names; False when there is none and it may be inserted.

    Fields that the dict did not have, and that nobody set since, take the stored values.

    Raises:
        DoesNotExistError: there is none, and the naming rule makes the names itself.
    """
    cls, state = type(doc), doc._state
    found = fetch(context.unit, cls, doc.name)
    if found is None:
        if caller_may_choose(doc):
            return False
        raise DoesNotExistError(
            f"{doc.doctype} {doc.name!r} does not exist, and its naming rule {doc.meta.autoname!r} does not let the "
            "caller choose the name; use insert() for a new document",
            doctype=doc.doctype,
            name=doc.name,
        )
    stored = materialise(cls, found[0], found[1], loaded_in=context.unit.serial)
    given = state.given or set()
    for name in doc._blueprint.columns:
        field = doc._blueprint.fields.get(name)
        unset = name not in given and (field is None or doc.__dict__[name] in (None, field.empty))
        if unset and (name != "docstatus" or doc.docstatus == 0):  # submit() and cancel() have set theirs
            doc.__dict__[name] = stored.__dict__[name]
    for name in doc._blueprint.table_fields:
        if name not in given and not doc.__dict__.get(name):
            rows = doc.__dict__[name] = stored.get(name)
            for row in rows:
                row._state.parent = doc
    state.row, state.stored_rows, state.loaded_in = stored._state.row, stored._state.stored_rows, context.unit.serial
    return True


def submit(doc: Any) -> None:
    """Submits a draft; a new document is inserted as submitted."""
    _set_docstatus(doc, 1)


def cancel(doc: Any) -> None:
    """Cancels a submitted document."""
    _set_docstatus(doc, 2)


def _set_docstatus(doc: Any, docstatus: int) -> None:
    before = doc.docstatus
    doc.__dict__["docstatus"] = docstatus
    try:
        save(doc)
    except BaseException:
        doc.__dict__["docstatus"] = doc._state.row[_DOCSTATUS] if doc._state.row is not None else before
        raise


def discard(doc: Any) -> None:
    """Ends a draft."""
    before = doc.docstatus
    doc.__dict__["docstatus"] = 2
    try:
        run(current(), doc, lifecycle.DISCARD)
    except BaseException:
        doc.__dict__["docstatus"] = before
        raise


def check_submittable(doc: Any) -> None:
    """Refuses a docstatus other than draft to types that are not submittable."""
    if doc.docstatus != 0 and not doc.meta.submittable:
        raise ValidationError(
            f"{doc.doctype} is not submittable; declare it with meta = Meta(submittable=True)",
            doctype=doc.doctype,
            name=doc.name,
        )


def _refuse_transition(doc: Any, before: int, after: Any) -> NoReturn:
    if before == 2:
        raise ValidationError(
            f"{describe(doc)} is cancelled and cannot be edited; amend it instead", doctype=doc.doctype, name=doc.name
        )
    if after not in _WORDS:
        raise ValidationError(f"{describe(doc)}: invalid docstatus {after!r}", doctype=doc.doctype, name=doc.name)
    raise DocstatusTransitionError(
        f"{describe(doc)} cannot go from {_WORDS[before]} ({before}) to {_WORDS[after]} ({after})",
        doctype=doc.doctype,
        name=doc.name,
    )


def delete(doc: Any, *, force: bool = False, delete_permanently: bool = False) -> None:
    """Deletes a document; afterwards the object is new again."""
    if delete_permanently:
        doc.flags.delete_permanently = True  # read by the handler that keeps a copy
    op = run(current(), doc, lifecycle.DELETE, force=force)
    op.doc._state.row = None


def rename(doc: Any, new: str, *, merge: bool, force: bool, ask: bool) -> str:
    """Gives a stored document another name, or unites it with the one of that name; returns the name it has then.

    The object is loaded anew under that name, as by `reload`.

    Args:
        doc: the document.
        new: the name; before_rename may answer another one.
        merge: unite with the document of that name: this one is deleted, with its events.
        force: do not ask whether the type allows it.
        ask: whether to ask for permission too.
    """
    context = current()
    unit = context.unit
    cls, state = type(doc), doc._state
    old = state.row[0] if state.row is not None else doc.name
    with unit.savepoint() as frame:
        op = run(context, doc, lifecycle.RENAME, (old, new, merge), merge=merge, force=force, ask=ask)
        name: str = op.args[1]
        if merge:
            source = load(unit, cls, old)
            source._state.flags = state.flags
            delete(source)
        rows = {field: doc.__dict__.get(field) for field in doc._blueprint.table_fields}
        frame.add_restore(lambda: doc.__dict__.update(rows))  # what is loaded now are other objects
        doc.__dict__["name"] = name
        reload(doc)
    return name


def db_set(doc: Any, values: dict[str, Any], *, update_modified: bool = True) -> None:
    """Writes columns of a stored document; on a new one it only sets them."""
    known = doc._blueprint.format.index
    for name in values:
        if name not in known or name == "name":
            raise UnknownFieldError(
                f"{doc.doctype} has no column {name!r} to set.{nearest(name, known)}", doctype=doc.doctype
            )
    state, context = doc._state, current()
    shown, before = {name: doc.__dict__[name] for name in values}, state.before
    kept = dict(state.kept) if state.kept else None
    doc.update(values)
    if state.row is None:
        return
    try:
        refuse_kept(doc, values)
        run(context, doc, lifecycle.DB_SET, columns=list(values), update_modified=update_modified)
    except BaseException:
        doc.__dict__.update(shown)
        state.kept = kept
        raise
    if before is not None and context.operations:
        state.before = before  # inside an event of another operation the image stays the one before that


def run_event(doc: Any, event: str, args: tuple[Any, ...]) -> Any:
    """Fires an event of a document, also one an app has declared in `custom_events`.

    A method of the controller that is no event is called alone.
    """
    context = current()
    registry: Registry = context.site.registry
    method = getattr(type(doc), event, None)
    if method is None:
        check_event(event, registry.custom_events)
    chain = registry.chain(event, doc.meta.doctype, wildcard=doc.meta.wildcard_events)
    return fire(context, doc, event, method, chain, args)


def has_permission(doc: Any, right: str, user: str | None) -> bool:
    """Tells whether a user has a right on a document."""
    return rules.has_permission(current(), doc, right, user)


def check_permission(doc: Any, right: str) -> None:
    """Refuses without the right."""
    rules.check_permission(current(), doc, right)
