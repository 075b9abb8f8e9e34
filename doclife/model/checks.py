"""Framework checks of values (reference 1.6): mandatory, options, length, sign, what submitting fixes.

The usual case costs one generated expression per row (`RowFormat.fits`). Only when it says no,
the checks here run one by one, to round amounts and to say exactly what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, time
from math import isfinite
from typing import Any, NoReturn

from doclife.core import json
from doclife.core.amount import Amount
from doclife.core.errors import (
    CannotChangeConstantError,
    CharacterLengthExceededError,
    DataError,
    InvalidEmailAddressError,
    InvalidUrlError,
    MandatoryError,
    NonNegativeError,
    UpdateAfterSubmitError,
    ValidationError,
)
from doclife.model import passwords
from doclife.model.operation import Operation
from doclife.model.state import Row
from doclife.schema.fieldtypes import Check, Data, Select, TextField
from doclife.schema.rows import option_fits, round_amount

_TAG = re.compile(r"<[^>]*>")
#: what an update after submit may always change
_FREE = frozenset({"modified", "modified_by", "idx", "docstatus", "creation", "owner"})
_MODIFIED = 3  # its place in every row: see schema.tables.STANDARD_COLUMNS


def describe(doc: Any) -> str:
    """Returns what a message calls a document or a row: "Sales Invoice SINV-1, row 2 of items"."""
    parent = doc._state.parent
    if parent is not None:
        return f"{describe(parent)}, row {doc.idx} of {doc.parentfield}"
    return f"{doc.doctype} {doc.name or '(new)'}"


def refuse_kept(doc: Any, fields: Collection[str] | None = None) -> None:
    """Refuses values that could not be cast when they were assigned.

    Args:
        doc: a document or a row.
        fields: only these.
    Raises:
        ValidationError: names document, row, field and value.
    """
    for field, reason in (doc._state.kept or {}).items():
        if fields is None or field in fields:
            _refuse(doc, field, f"{doc.__dict__[field]!r} is not valid: {reason}")


def _refuse(doc: Any, field: str, problem: str, error: type[ValidationError] = ValidationError) -> NoReturn:
    raise error(
        f"{describe(doc)}: {doc.meta.get_label(field)} ({field}): {problem}",
        doctype=doc.doctype,
        name=doc.name,
        field=field,
        value=doc.__dict__.get(field),
    )


def collect(op: Operation) -> None:
    """Stamps the rows, refuses what cannot be stored and takes everything as rows.

    Raises:
        ValidationError: a value could not be cast, or the name was changed.
    """
    doc = op.doc
    state = doc._state
    values = doc.__dict__
    if state.kept:
        refuse_kept(doc)
    if state.row is not None and not op.inserting and values["name"] != state.row[0]:
        wrong, values["name"] = values["name"], state.row[0]
        raise ValidationError(
            f"{doc.doctype} {state.row[0]!r}: the name cannot be changed to {wrong!r} by assignment; "
            f"use rename_doc({doc.doctype!r}, {state.row[0]!r}, {wrong!r})",
            doctype=doc.doctype,
            name=state.row[0],
        )
    blueprint = doc._blueprint
    if state.row is not None and not op.inserting and values["modified"] == state.row[_MODIFIED]:
        op.now = None  # an operation nested in this one has written it meanwhile: this is a later change
        values["modified"] = op.next_modified()
    if blueprint.format.password_fields:
        passwords.hash_new(doc)
    op.row = take(doc)
    if blueprint.table_fields:
        op.child_rows = {name: _collect_rows(op, name) for name in blueprint.table_fields}


def take(doc: Any) -> Row:
    """Returns the values of a document or a row as they are stored.

    Raises:
        ValidationError: data of a JSON field cannot be stored; names document, row and field.
    """
    try:
        row: Row = doc._blueprint.format.take(doc.__dict__)
    except (DataError, RecursionError) as error:
        for name in doc._blueprint.format.json_fields:
            try:
                json.pack(doc.__dict__[name])
            except (DataError, RecursionError) as reason:
                problem = str(reason) if isinstance(reason, DataError) else "it is nested too deep, or in itself"
                raise ValidationError(
                    f"{describe(doc)}: {doc.meta.get_label(name)} ({name}): {problem}",
                    doctype=doc.doctype,
                    name=doc.name,
                    field=name,
                ) from error
        raise
    return row


def _collect_rows(op: Operation, table_field: str) -> list[tuple[Any, Row]]:
    doc = op.doc
    parent_values = doc.__dict__
    parent, docstatus, doctype = parent_values["name"], parent_values["docstatus"], doc.meta.doctype
    now, user = op.next_modified(), op.context.user
    stored = doc._state.stored_rows.get(table_field, {})
    result = []
    for idx, row in enumerate(parent_values.get(table_field) or (), 1):
        state = row._state
        if state.kept:
            refuse_kept(row)
        values = row.__dict__
        values["parent"] = parent
        values["parenttype"] = doctype
        values["parentfield"] = table_field
        values["idx"] = idx
        values["docstatus"] = docstatus
        if op.inserting:
            state.row = None
        elif state.row is None and values["name"] in stored:
            state.row = stored[values["name"]]  # a dict that names a stored row means that row
            for column in ("owner", "creation", "modified", "modified_by"):
                values[column] = state.row[row._blueprint.format.index[column]]
        if state.row is None:
            values["owner"] = values["modified_by"] = user
            values["creation"] = values["modified"] = now
        if row._blueprint.format.password_fields:
            passwords.hash_new(row)
        taken = take(row)
        if state.row is not None and taken != state.row:
            values["modified"], values["modified_by"] = now, user
            taken = row._blueprint.format.take(values)
        result.append((row, taken))
    return result


def check_values(op: Operation) -> None:
    """Checks every value of the document and its rows.

    Raises:
        MandatoryError, ValidationError, NonNegativeError, CharacterLengthExceededError, ...: by kind;
            the message names document, row, field and value.
    """
    collect(op)
    doc = op.doc
    blueprint = doc._blueprint
    assert op.row is not None
    flags = doc._state.flags
    ignore_mandatory = bool(flags and flags.get("ignore_mandatory"))
    if not blueprint.format.fits(op.row):
        _check_one(doc, ignore_mandatory)
        op.row = blueprint.format.take(doc.__dict__)
    for name, field in blueprint.table_fields.items():
        pairs = op.child_rows[name]
        if field.reqd and not pairs and not ignore_mandatory:
            raise MandatoryError(
                f"{describe(doc)}: {field.label} ({name}) needs at least one row",
                doctype=doc.doctype,
                name=doc.name,
                field=name,
            )
        for n, (row, taken) in enumerate(pairs):
            child_format = row._blueprint.format
            if not child_format.fits(taken):
                _check_one(row, ignore_mandatory)
                pairs[n] = (row, child_format.take(row.__dict__))


def _check_one(doc: Any, ignore_mandatory: bool) -> None:
    """Runs the checks of one document or row one by one, in the reference's order."""
    fields = doc._blueprint.fields.values()
    values = doc.__dict__
    if not ignore_mandatory:
        missing = [each.name for each in fields if each.reqd and _is_missing(each, values[each.name])]
        if missing:
            labels = ", ".join(f"{doc.meta.get_label(name)} ({name})" for name in missing)
            raise MandatoryError(
                f"{describe(doc)}: mandatory, but empty: {labels}",
                doctype=doc.doctype,
                name=doc.name,
                fields=missing,
                field=missing[0],
            )
    for each in fields:
        value = values[each.name]
        if isinstance(value, (Amount, float)) and not isfinite(value):
            _refuse(doc, each.name, f"{value!r} is not valid: a finite number is expected")
        if isinstance(value, Amount):
            values[each.name] = value = round_amount(value)
        if isinstance(each, Check) and value not in (0, 1):
            _refuse(doc, each.name, f"{value!r} is not valid: 0, 1, False or True is expected")
        if value is None or value == "":
            continue
        if isinstance(each, Data) and each.options and not option_fits(each.options, value):
            kind = {"Email": InvalidEmailAddressError, "URL": InvalidUrlError}.get(each.options, ValidationError)
            _refuse(doc, each.name, f"{value!r} is not a valid {each.options}", kind)
        if isinstance(each, Select) and each.options:
            values[each.name] = value = value.strip()
        if isinstance(each, Select) and each.options and value and value not in each.options:
            _refuse(doc, each.name, f"{value!r} is not one of {', '.join(map(repr, each.options))}")
        if each.non_negative and not isinstance(each, TextField) and value < 0:
            _refuse(doc, each.name, f"{_shown(value)} is negative", NonNegativeError)
        if isinstance(each, TextField) and each.max_length and len(value) > each.max_length:
            _refuse(
                doc,
                each.name,
                f"{len(value)} characters, but at most {each.max_length} fit",
                CharacterLengthExceededError,
            )


def refuse_unstorable(op: Operation, error: DataError) -> None:
    """Refuses the value for which the database has refused a statement, if there is one that cannot be stored.

    Raises:
        ValidationError: names document, row, field and value.
    """
    dialect = op.unit.link.dialect
    for doc in (op.doc, *op.rows()):
        for name in doc._blueprint.fields:
            problem = _storage_problem(doc.__dict__[name], dialect)
            if problem:
                try:
                    _refuse(doc, name, problem)
                except ValidationError as refusal:
                    raise refusal from error


def _storage_problem(value: Any, dialect: str) -> str:
    """Returns why no column of this database can hold a value, or ""."""
    if isinstance(value, Amount):
        if dialect == "sqlite":
            return "" if Amount(float(value)) == value else f"{value} has more than the 15 digits that SQLite keeps"
        return "" if value.adjusted() < 15 else f"{value} has more than 15 digits before the point"
    if isinstance(value, int):
        if -(2**63) <= value < 2**63:
            return ""
        shown = value if value.bit_length() < 500 else "this"  # Python refuses to write out the very long ones
        return f"{shown} is not a whole number of 64 bits"
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            return f"{value!r} is not text: {error.reason}"
        return f"{value!r} has a NUL character" if dialect == "postgresql" and "\0" in value else ""
    return ""


def _is_missing(field: Any, value: Any) -> bool:
    if field.empty is not None:  # numbers are never missing: 0 counts
        return False
    if value is None or value in ("", [], {}):
        return True
    if not isinstance(value, str):
        return False
    return not value.strip() or (field.fieldtype == "Text" and "<img" not in value and not _TAG.sub("", value).strip())


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
            _refuse(
                doc,
                name,
                f"may be set only once; it is {_shown(old)} and cannot become {_shown(new)}",
                CannotChangeConstantError,
            )
    for name, field in doc._blueprint.table_fields.items():
        if field.set_only_once and doc._state.stored_rows.get(name) and doc.has_value_changed(name):
            _refuse(doc, name, "its rows may be set only once", CannotChangeConstantError)


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
            _refuse(doc, name, "rows cannot be added or removed after submitting", UpdateAfterSubmitError)
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
            _refuse(
                doc,
                name,
                f"cannot be changed after submitting, from {_shown(old)} to {_shown(new)}; cancel and amend instead",
                UpdateAfterSubmitError,
            )


def _shown(value: Any) -> str:
    """Returns a value as people write it in code: numbers plain, text quoted."""
    if isinstance(value, Amount):
        return str(value.normalize())
    return str(value) if isinstance(value, (date, time)) else repr(value)
