"""The operations of documents: what each is called with, and which walk of the lifecycle table it is.

The engine walks; here stands which walk it is, and what the object is before and after it.
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
from doclife.model import lifecycle
from doclife.model.checks import describe, refuse_kept, refuse_new_name
from doclife.model.engine import run
from doclife.model.loading import fetch, load, materialise
from doclife.model.naming import caller_may_choose
from doclife.model.operation import Operation
from doclife.model.reading import reload
from doclife.model.writing import write_named

_DOCSTATUS = 5  # its place in every row: see schema.tables.STANDARD_COLUMNS

#: docstatus as stored and as asked for -> operation (reference 1.3)
_SAVES = {
    (0, 0): lifecycle.SAVE,
    (0, 1): lifecycle.SUBMIT,
    (1, 1): lifecycle.UPDATE_AFTER_SUBMIT,
    (1, 2): lifecycle.CANCEL,
}
_WORDS = {0: "draft", 1: "submitted", 2: "cancelled"}


def insert(doc: Any, *, set_name: str | None = None, ignore_if_duplicate: bool = False) -> None:
    """Inserts a document, as a draft or as submitted."""
    if _in_print(doc):
        return
    context = current()
    refuse_second_insert(doc)
    if doc.docstatus not in (0, 1):
        _refuse_transition(doc, 0, doc.docstatus)
    check_submittable(doc)
    kind = lifecycle.INSERT_SUBMITTED if doc.docstatus == 1 else lifecycle.INSERT
    try:
        run(context, doc, kind, set_name=set_name)
    except DuplicateEntryError as error:
        if not ignore_if_duplicate or error.context.get("doctype") != doc.doctype:
            raise


def refuse_second_insert(doc: Any) -> None:
    """Refuses to insert a document by an event of its own insert: it would be stored twice.

    Raises:
        LifecycleRecursionError: it is being inserted.
    """
    before = doc._state.before
    if before is not None and before.during in (lifecycle.INSERT, lifecycle.INSERT_SUBMITTED):
        raise LifecycleRecursionError(
            f"{describe(doc)} is being inserted, and an event of that insert asks to insert it again; leave the call "
            "out: the insert in progress stores what the event has set",
            doctype=doc.doctype,
            name=doc.name,
        )


def _in_print(doc: Any) -> bool:
    """Tells whether the object is only there to be printed: then nothing is stored, and nothing refused."""
    flags = doc._state.flags
    return bool(flags and flags.get("in_print"))


def save(doc: Any) -> None:
    """Saves a document; which operation that is, its docstatus as stored and as set decides."""
    if _in_print(doc):
        return
    context = current()
    state = doc._state
    if state.row is None:
        refuse_second_insert(doc)
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
    """Ends a stored draft; what was set on the object and not saved is gone."""
    run(current(), doc, lifecycle.DISCARD)


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


def delete(doc: Any, *, force: bool = False, delete_permanently: bool = False, locked: bool = False) -> None:
    """Deletes a document; afterwards the object is new again.

    Args:
        doc: the document.
        force: do not ask whether others link to it.
        delete_permanently: keep no copy.
        locked: this transaction has it locked already.
    """
    if delete_permanently:
        doc.flags.delete_permanently = True  # read by the handler that keeps a copy
    run(current(), doc, lifecycle.DELETE, force=force, locked=locked)
    state = doc._state
    state.row = None
    if state.flags:
        state.flags.pop("in_delete", None)


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
            delete(source, locked=True)
        values, kept, given = dict(doc.__dict__), state.kept, state.given
        doc.__dict__["name"] = name
        reload(doc)
        loaded = dict(doc.__dict__)

        def put_back() -> None:
            own = doc.__dict__
            own.update({key: values[key] for key in values if own.get(key) is loaded[key]})  # what was set since stays
            state.kept, state.given = state.kept or kept, state.given or given

        frame.add_restore(put_back)
    return name


def db_update(doc: Any) -> None:
    """Writes all columns of a stored document or row as they are in memory: no events, times or checks."""
    state, context = doc._state, current()
    if state.row is None:
        raise ValidationError(f"{describe(doc)} is not stored; insert it first", doctype=doc.doctype, name=doc.name)
    refuse_kept(doc)
    values = doc.__dict__
    for name, field in doc._blueprint.fields.items():
        if values[name] is not None:
            values[name] = field.rounded(values[name])
    with context.unit.savepoint():
        write_named(Operation(context, doc, "db_update", {}), doc._blueprint.columns[1:])


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
        refuse_new_name(doc)
        refuse_kept(doc, values)
        for name in values:
            field = doc._blueprint.fields.get(name)
            if field is not None and doc.__dict__[name] is not None:
                doc.__dict__[name] = field.rounded(doc.__dict__[name])
        run(context, doc, lifecycle.DB_SET, columns=list(values), update_modified=update_modified)
    except BaseException:
        doc.__dict__.update(shown)
        state.kept = kept
        raise
    if before is not None and context.operations:
        state.before = before  # inside an event of another operation the image stays the one before that
