"""Permits: whether a user may do something with a document, and the error that says why not.

Three are asked in turn: the rules, the apps' `has_permission` hooks, and for a stored document the
query conditions, by one SELECT. Administrator passes the first two, `ignore_permissions` all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from doclife.core.context import ADMINISTRATOR, Context
from doclife.core.errors import DoesNotExistError, PermissionDenied
from doclife.model import lifecycle
from doclife.model.checks import describe
from doclife.model.loading import load, materialise
from doclife.model.operation import Operation
from doclife.permissions.hooks import HAS_PERMISSION, hooks_of
from doclife.permissions.roles import roles_of
from doclife.permissions.rules import Reach, allows, known_right, owner_of, reach, who_may
from doclife.query.lists import holder_of
from doclife.query.restrictions import excluded, is_restricted
from doclife.schema import registry
from doclife.schema.tables import AMENDED_FROM

#: what an operation asks for when query conditions leave its document out; the others write
_RIGHTS = {
    lifecycle.INSERT: "create",
    lifecycle.INSERT_SUBMITTED: "create",
    lifecycle.SUBMIT: "submit",
    lifecycle.CANCEL: "cancel",
    lifecycle.DELETE: "delete",
}
#: what may differ from the stored document without being a change that a hook is asked about
_UNASKED = frozenset({"modified", "modified_by", "docstatus"})


def has_permission(context: Context, doc: Any, right: str = "read", user: str | None = None) -> bool:
    """Tells whether a user has a right on a document.

    Args:
        context: the open context.
        doc: the document; of a row, the document it belongs to is asked.
        right: one of RIGHTS ("import" is `import_`).
        user: default the context's user.
    Raises:
        ValidationError: there is no such right.
    """
    return not refusal(context, doc, known_right(right), user or context.user)


def check_permission(context: Context, doc: Any, right: str, user: str | None = None) -> None:
    """Refuses without the right.

    Raises:
        PermissionDenied: names user, right, document, and who may or what forbids it.
        ValidationError: there is no such right.
    """
    who, right = user or context.user, known_right(right)
    _refuse(refusal(context, doc, right, who), doc, right, who)


def _refuse(reason: str, doc: Any, right: str, user: str) -> None:
    if reason:
        raise PermissionDenied(reason, doctype=doc.doctype, name=doc.name, user=user, right=right)


def refusal(context: Context, doc: Any, right: str, user: str, *, conditions: bool = True, debug: bool = False) -> str:
    """Returns why a user may not do something with a document, or "" where it is allowed.

    Args:
        context: the open context.
        doc: the document, or a row of one.
        right: one of RIGHTS.
        user: whose rights count.
        conditions: whether the query conditions are asked too.
        debug: given on to the hooks.
    """
    if _ignores(doc):
        return ""
    if doc.meta.istable:
        holder = _holder(context, doc, user)
        if holder is None:
            return ""
        if holder is not doc:
            return refusal(context, holder, right, user, conditions=conditions, debug=debug)
    what = f"{user} may not {right.rstrip('_')} {describe(doc)}"
    if user != ADMINISTRATOR:
        if not allows(context, doc, right, user):
            return f"{what}; {_who_else(context, doc, right, user)}"
        for hook in hooks_of(context.site).of(HAS_PERMISSION, doc.meta.doctype):
            if any(hook.denies(context, state, right, user, debug=debug) for state in _states(doc)):
                return f"{what}: {hook.path} ({hook.app}) does not allow it"
    if conditions and doc._state.row is not None:
        hidden, hooks = excluded(context, type(doc), [doc._state.row[0]], user)
        if hidden:
            return f"{what}: {_left_out(hooks)}"
    return ""


def refusal_of_type(context: Context, cls: Any, right: str, user: str, parent_doctype: Any = None) -> str:
    """Returns why a user has a right on no document of a type, or "" where a rule gives it on some.

    Args:
        context: the open context.
        cls: the document class.
        right: one of RIGHTS.
        user: whose rights count.
        parent_doctype: of a child type, the type its rows belong to.
    Raises:
        PermissionDenied: a child type without `parent_doctype`.
    """
    if user == ADMINISTRATOR:
        return ""
    holder = holder_of(cls, parent_doctype, "has_permission")
    if reach(context, holder.meta, right, user) is not Reach.NONE:
        return ""
    return f"{user} may not {right.rstrip('_')} {cls.meta.doctype}; {who_may(context, holder.meta, right)} may"


def _ignores(doc: Any) -> bool:
    flags = doc._state.flags
    return bool(flags and flags.get("ignore_permissions"))


def _who_else(context: Context, doc: Any, right: str, user: str) -> str:
    text = f"{who_may(context, doc.meta, right)} may"
    if not roles_of(context, user):
        return f"{text}. {user} has no role at all: a disabled user, or none of this site"
    if reach(context, doc.meta, right, user) is Reach.OWN:
        return f"{text}. It is {owner_of(doc)}'s, and {user} may only with own documents"
    return text


def _left_out(hooks: Sequence[Any]) -> str:
    return f"the query conditions of {', '.join(f'{hook.path} ({hook.app})' for hook in hooks)} leave it out"


def _holder(context: Context, row: Any, user: str) -> Any:
    """Returns the document a row belongs to, or the row where that is not stored; None: all may be done with it."""
    if row.parent_doc is not None:
        return row.parent_doc
    if row._state.row is None or not row.parent or not row.parenttype:
        return row
    cls = registry.resolve(row.parenttype)
    if user == ADMINISTRATOR and not is_restricted(context, cls):
        return None
    try:
        return load(context.unit, cls, row.parent)
    except DoesNotExistError:
        return row


def _states(doc: Any) -> Iterator[Any]:
    """Yields the states of a document that a hook is asked about: as stored where it differs, and as it is.

    Otherwise a change of the field that the hook looks at would open the document.
    """
    state = doc._state
    if state.row is not None:
        rows = {name: list(rows.values()) for name, rows in state.stored_rows.items()}
        stored = materialise(type(doc), state.row, rows, loaded_in=state.loaded_in)
        if _differs(doc, stored):
            stored._state.flags = state.flags
            yield stored
    yield doc


def _differs(doc: Any, stored: Any) -> bool:
    values, before = doc.__dict__, stored.__dict__
    if any(values[name] != before[name] for name in doc._blueprint.columns if name not in _UNASKED):
        return True
    for name in doc._blueprint.table_fields:
        rows, rows_before = values.get(name) or [], before[name]
        if len(rows) != len(rows_before) or any(map(_differs, rows, rows_before)):
            return True
    return False


# -- steps of operations ----------------------------------------------------------------------------


def permit(op: Operation, right: str) -> None:
    """Refuses an operation without a right; the query conditions have a step of their own."""
    context, doc = op.context, op.doc
    row = doc.meta.istable
    if context.user != ADMINISTRATOR or row:
        _refuse(refusal(context, doc, right, context.user, conditions=row), doc, right, context.user)


def permit_amend(op: Operation) -> None:
    """Refuses to amend a document without the right to it: on the cancelled document, not on the new one."""
    context, doc = op.context, op.doc
    source = doc.__dict__.get(AMENDED_FROM)
    if not source or _ignores(doc) or (context.user == ADMINISTRATOR and not is_restricted(context, type(doc))):
        return
    try:
        found = load(op.unit, type(doc), source)
    except DoesNotExistError:
        found = doc
    _refuse(refusal(context, found, "amend", context.user), doc, "amend", context.user)


def has_query_conditions(context: Context, cls: Any) -> bool:
    """Tells whether operations on documents of a class ask query conditions."""
    return not cls.meta.istable and is_restricted(context, cls)


def check_query_conditions(op: Operation) -> None:
    """Refuses a document that query conditions leave out: as it was stored, and as it is written."""
    check_query_conditions_of([op])


def _is_asked_about(op: Operation) -> bool:
    return op.doc._state.row is not None and not _ignores(op.doc) and bool(op.options.get("ask", True))


def check_query_conditions_of(ops: Sequence[Operation]) -> None:
    """Refuses documents of one class that query conditions leave out, by one SELECT.

    Raises:
        PermissionDenied: names user, document and hooks.
    """
    context, user = ops[0].context, ops[0].context.user
    asked = {op.doc._state.row[0]: op for op in ops if _is_asked_about(op)}
    if not asked:
        return
    hidden, hooks = excluded(context, type(ops[0].doc), list(asked), user)
    if hidden:
        op = asked[hidden[0]]
        right = _RIGHTS.get(op.kind, "write")
        _refuse(f"{user} may not {right} {describe(op.doc)}: {_left_out(hooks)}", op.doc, right, user)
