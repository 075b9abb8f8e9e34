"""What a save may not change: fields that are set once, and what submitting has fixed (reference 1.6)."""

from __future__ import annotations

from typing import Any

from doclife.core.errors import CannotChangeConstantError, UpdateAfterSubmitError
from doclife.model.checks import refuse, shown
from doclife.model.operation import Operation
from doclife.model.state import Row

#: what an update after submit may always change
_FREE = frozenset({"modified", "modified_by", "idx", "docstatus", "creation", "owner"})


def check_set_only_once(op: Operation) -> None:
    """Refuses changes of fields that may be set only once, and of `creation` and `owner`.

    Raises:
        CannotChangeConstantError: names field, old and new value.
    """
    doc = op.doc
    before, now = doc._state.row, op.row
    if before is None or now is None:
        return
    index = doc._blueprint.format.index
    constant = ["creation", "owner"]
    constant += [name for name, each in doc._blueprint.fields.items() if each.set_only_once]
    for name in constant:
        old, new = before[index[name]], now[index[name]]
        if old != new and (old is not None or name in ("creation", "owner")):
            refuse(
                doc,
                name,
                f"may be set only once; it is {shown(old)} and cannot become {shown(new)}",
                CannotChangeConstantError,
            )
    for name, field in doc._blueprint.table_fields.items():
        if field.set_only_once and doc._state.stored_rows.get(name) and doc.has_value_changed(name):
            refuse(doc, name, "its rows may be set only once", CannotChangeConstantError)


def check_update_after_submit(op: Operation) -> None:
    """Refuses changes of fields that submitting has fixed (reference 1.6.14).

    Raises:
        UpdateAfterSubmitError: names field, old and new value.
    """
    doc = op.doc
    flags = doc._state.flags
    if flags and flags.get("ignore_validate_update_after_submit"):
        return
    _refuse_fixed(doc, doc._state.row, op.row)
    for name, field in doc._blueprint.table_fields.items():
        stored = doc._state.stored_rows.get(name, {})
        pairs = op.child_rows[name]
        if not field.allow_on_submit and ({row.name for row, _ in pairs} != stored.keys()):
            refuse(doc, name, "rows cannot be added or removed after submitting", UpdateAfterSubmitError)
        for row, taken in pairs:
            if row.name in stored:
                _refuse_fixed(row, stored[row.name], taken)


def _refuse_fixed(doc: Any, before: Row | None, now: Row | None) -> None:
    if before is None or now is None or before == now:
        return
    for name, old, new in zip(doc._blueprint.columns, before, now, strict=True):
        if old == new or name in _FREE:
            continue
        field = doc._blueprint.fields.get(name)
        if field is None or not field.allow_on_submit:
            refuse(
                doc,
                name,
                f"cannot be changed after submitting, from {shown(old)} to {shown(new)}; cancel and amend instead",
                UpdateAfterSubmitError,
            )
