"""Framework checks of values (design 3): mandatory, options, length, sign, form.

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
    CharacterLengthExceededError,
    DataError,
    InvalidEmailAddressError,
    InvalidUrlError,
    MandatoryError,
    NonNegativeError,
    ValidationError,
)
from doclife.database.types import fits_real
from doclife.model import passwords
from doclife.model.operation import Operation
from doclife.model.state import Row
from doclife.schema.fieldtypes import Check, Data, Select, TextField
from doclife.schema.rows import option_fits

_TAG = re.compile(r"<[^>]*>")
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
            refuse(doc, field, f"{doc.__dict__[field]!r} is not valid: {reason}")


def refuse(doc: Any, field: str, problem: str, error: type[ValidationError] = ValidationError) -> NoReturn:
    """Refuses a value: raises `error` with document, row, field and what is wrong with it."""
    raise error(
        f"{describe(doc)}: {doc.meta.get_label(field)} ({field}): {problem}",
        doctype=doc.doctype,
        name=doc.name,
        field=field,
        value=doc.__dict__.get(field),
    )


def refuse_new_name(doc: Any) -> None:
    """Refuses a stored document whose name was assigned, and sets the name back: events would look at another one.

    Raises:
        ValidationError: names both, and the way to rename.
    """
    name, given = doc._state.row[0], doc.__dict__["name"]
    if given != name:
        doc.__dict__["name"] = name
        raise ValidationError(
            f"{doc.doctype} {name!r}: the name cannot be changed to {given!r} by assignment; "
            f"use rename_doc({doc.doctype!r}, {name!r}, {given!r})",
            doctype=doc.doctype,
            name=name,
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
    if state.row is not None and not op.inserting:
        refuse_new_name(doc)
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
    """Checks every value of the document and its rows: what is mandatory everywhere, then each kind of check.

    Raises:
        MandatoryError, ValidationError, NonNegativeError, CharacterLengthExceededError, ...: by kind;
            the message names document, row, field and value.
    """
    collect(op)
    doc = op.doc
    blueprint = doc._blueprint
    assert op.row is not None
    unfit = [] if blueprint.format.fits(op.row) else [doc]
    empty_tables = []
    for name, field in blueprint.table_fields.items():
        pairs = op.child_rows[name]
        if field.reqd and not pairs:
            empty_tables.append(name)
        unfit += [row for row, taken in pairs if not row._blueprint.format.fits(taken)]
    if not unfit and not empty_tables:
        return
    flags = doc._state.flags
    if not (flags and flags.get("ignore_mandatory")):
        _check_mandatory(doc, unfit, empty_tables)
    importing = bool(op.context.flags.in_import)
    for each in unfit:
        for check in CHECKS:
            if importing and check is check_select:
                continue
            for field in each._blueprint.fields.values():
                check(each, field)
    op.row = blueprint.format.take(doc.__dict__)
    for name, pairs in op.child_rows.items():
        op.child_rows[name] = [(row, row._blueprint.format.take(row.__dict__)) for row, _ in pairs]


def _check_mandatory(doc: Any, unfit: list[Any], empty_tables: list[str]) -> None:
    """Refuses once for all that is missing in the document and its rows."""
    missing = {id(each): (each, _missing(each)) for each in unfit}
    of_doc = missing.setdefault(id(doc), (doc, []))[1]
    of_doc += empty_tables
    parts = []
    for each, names in missing.values():
        if names:
            labels = ", ".join(f"{each.meta.get_label(name)} ({name})" for name in names)
            parts.append(f"{describe(each)}: mandatory, but empty: {labels}")
    if parts:
        names = next(names for _, names in missing.values() if names)
        raise MandatoryError("; ".join(parts), doctype=doc.doctype, name=doc.name, fields=names, field=names[0])


def _missing(doc: Any) -> list[str]:
    values = doc.__dict__
    return [each.name for each in doc._blueprint.fields.values() if each.reqd and _is_missing(each, values[each.name])]


def check_number(doc: Any, field: Any) -> None:
    """Refuses what is no number of its field's kind, and rounds to the places that the field keeps."""
    values = doc.__dict__
    value = values[field.name]
    if isinstance(value, (Amount, float)):
        if not isfinite(value):
            refuse(doc, field.name, f"{value!r} is not valid: a finite number is expected")
        values[field.name] = field.rounded(value)
    if isinstance(field, Check) and value not in (0, 1):
        refuse(doc, field.name, f"{value!r} is not valid: 0, 1, False or True is expected")


def check_select(doc: Any, field: Any) -> None:
    """Refuses what is none of the options of a Select."""
    value = doc.__dict__[field.name]
    if not isinstance(field, Select) or not field.choices or not value:
        return
    doc.__dict__[field.name] = value = value.strip()
    if value and value not in field.options:
        refuse(doc, field.name, f"{value!r} is not one of {', '.join(map(repr, field.options))}")


def check_length(doc: Any, field: Any) -> None:
    """Refuses text that is longer than its column."""
    value = doc.__dict__[field.name]
    if value and isinstance(field, TextField) and field.max_length and len(value) > field.max_length:
        refuse(
            doc,
            field.name,
            f"{len(value)} characters, but at most {field.max_length} fit",
            CharacterLengthExceededError,
        )


def check_sign(doc: Any, field: Any) -> None:
    """Refuses negative numbers where the field allows none."""
    value = doc.__dict__[field.name]
    if field.non_negative and value and not isinstance(field, TextField) and value < 0:
        refuse(doc, field.name, f"{shown(value)} is negative", NonNegativeError)


def check_form(doc: Any, field: Any) -> None:
    """Refuses text that has not the form which the field's option names: Email, URL, Phone."""
    value = doc.__dict__[field.name]
    if value and isinstance(field, Data) and field.options and not option_fits(field.options, value):
        kind = {"Email": InvalidEmailAddressError, "URL": InvalidUrlError}.get(field.options, ValidationError)
        refuse(doc, field.name, f"{value!r} is not a valid {field.options}", kind)


#: the checks of one value, in the order of design 3; each is done for all fields before the next
CHECKS = (check_number, check_select, check_length, check_sign, check_form)


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
                    refuse(doc, name, problem)
                except ValidationError as refusal:
                    raise refusal from error


def _storage_problem(value: Any, dialect: str) -> str:
    """Returns why no column of this database can hold a value, or ""."""
    if isinstance(value, Amount):
        if dialect == "sqlite":
            return "" if fits_real(value) else f"{value} has more than the 15 digits that SQLite keeps"
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


def shown(value: Any) -> str:
    """Returns a value as people write it in code: numbers plain, text quoted."""
    if isinstance(value, Amount):
        return str(value.normalize())
    return str(value) if isinstance(value, (date, time)) else repr(value)
