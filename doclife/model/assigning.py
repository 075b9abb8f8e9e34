"""Assignment: values are cast as they come in, and what cannot be cast is kept for the operation to refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doclife.core.errors import UnknownFieldError, ValidationError, nearest
from doclife.schema.field import Field
from doclife.schema.fieldtypes import Datetime, Int


def assign(doc: Any, declared: Field[Any, Any], value: Any) -> None:
    """Puts a value into a field, as the field's type."""
    state, name = doc._state, declared.name
    if type(value) in declared.clean and not declared.unique:
        doc.__dict__[name] = value
    else:
        cast(doc, declared, value)
    if state.kept is not None:
        forget_kept(doc, name)
    if declared.default is not None and value is not None and not doc.__dict__[name]:
        state.given = (state.given or set()) | {name}


def cast(doc: Any, declared: Field[Any, Any], value: Any) -> None:
    """Puts a value into a field as the field's type; one that cannot be that stays as it is, with the reason."""
    name, state = declared.name, doc._state
    try:
        doc.__dict__[name] = declared.cast(value)
    except ValueError as error:
        doc.__dict__[name] = value
        if state.kept is None:
            state.kept = {}
        state.kept[name] = str(error)


#: standard columns whose values are cast as they are assigned
STANDARD_FIELDS: dict[str, Field[Any, Any]] = {"creation": Datetime(), "modified": Datetime(), "idx": Int()}
for _name, _field in STANDARD_FIELDS.items():
    _field.name = _name


def assign_standard(doc: Any, name: str, value: Any) -> None:
    """Puts a value into a standard column, as the column's type."""
    field = STANDARD_FIELDS[name]
    if value is None and field.empty is None:
        doc.__dict__[name] = None
    else:
        cast(doc, field, value)
    if doc._state.kept is not None:
        forget_kept(doc, name)


def forget_kept(doc: Any, name: str) -> None:
    """Forgets that a field's value could not be cast when a good one has taken its place."""
    kept = doc._state.kept
    if name not in kept:
        return
    field = STANDARD_FIELDS.get(name) or doc._blueprint.fields[name]
    try:
        field.cast(doc.__dict__[name])
    except ValueError:
        return
    del kept[name]
    if not kept:
        doc._state.kept = None


def assign_docstatus(doc: Any, value: Any) -> None:
    """Sets the docstatus.

    Raises:
        ValidationError: it is none of 0, 1, 2.
    """
    if value not in (0, 1, 2, "0", "1", "2"):
        raise ValidationError(f"docstatus is 0 (draft), 1 (submitted) or 2 (cancelled), not {value!r}")
    doc.__dict__["docstatus"] = int(value)
    if doc._state.given is not None:
        doc._state.given.add("docstatus")


def update(doc: Any, values: Mapping[str, Any]) -> None:
    """Sets many fields; see `Document.update`."""
    blueprint, own = doc._blueprint, doc.__dict__
    for key in values:
        if key not in own and key not in blueprint.table_fields and key != "doctype":
            _refuse_unknown(doc, key)
    fields = blueprint.fields
    for key, value in values.items():
        declared = fields.get(key)
        if value and declared is not None and type(value) in declared.clean and not declared.unique:
            own[key] = value  # what `assign` does, without its questions
            if doc._state.kept is not None:
                forget_kept(doc, key)
        elif declared is not None:
            assign(doc, declared, value)
        elif key != "doctype":
            setattr(doc, key, value)


def _refuse_unknown(doc: Any, key: str) -> None:
    if key.startswith("_") or hasattr(type(doc), key):
        return
    known = [*doc.meta.by_name, *doc._blueprint.columns]
    raise UnknownFieldError(f"{doc.doctype} has no field {key!r}.{nearest(key, known)}", doctype=doc.doctype, field=key)
