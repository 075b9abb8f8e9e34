"""Child rows: the lists behind table fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

from doclife.core.errors import UnknownFieldError, ValidationError, nearest
from doclife.schema import registry


def row_class(doc: Any, table_field: str) -> Any:
    """Returns the class of the rows of a table field.

    Raises:
        UnknownFieldError: the document has no such table field.
    """
    field = doc._blueprint.table_fields.get(table_field)
    if field is None:
        hint = nearest(table_field, doc._blueprint.table_fields)
        raise UnknownFieldError(f"{doc.doctype} has no table field {table_field!r}.{hint}", doctype=doc.doctype)
    return registry.resolve(field.options)


def rows_of(doc: Any, table_field: str) -> list[Any]:
    """Returns the list of rows; an empty one is put in place when there is none."""
    rows: list[Any] | None = doc.__dict__.get(table_field)
    if rows is None:
        rows = doc.__dict__[table_field] = []
    return rows


def all_rows(doc: Any) -> list[Any]:
    """Returns the rows of all table fields in the order of the fields."""
    tables = doc._blueprint.table_fields
    if not tables:
        return []
    values = doc.__dict__
    return [row for name in tables for row in values.get(name) or ()]


def set_rows(doc: Any, table_field: str, value: Any) -> None:
    """Replaces the rows of a table field; dicts become rows.

    Raises:
        ValidationError: `value` is no list of rows.
    """
    if value is None:
        value = ()
    if type(value) is not list and (isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable)):
        raise ValidationError(
            f"{doc.doctype}.{table_field} takes a list of rows (dicts or documents), not {type(value).__name__}",
            doctype=doc.doctype,
            field=table_field,
        )
    cls = row_class(doc, table_field)
    rows: list[Any] = []
    for item in value:
        rows.append(_as_row(doc, cls, table_field, item, len(rows) + 1))
    doc.__dict__[table_field] = rows


def append(doc: Any, table_field: str, item: Any, position: int = -1) -> Any:
    """Adds a row and returns it."""
    rows = rows_of(doc, table_field)
    cls = row_class(doc, table_field)
    row = _as_row(doc, cls, table_field, {} if item is None else item, len(rows) + 1)
    if position == -1:
        rows.append(row)
    else:
        rows.insert(position, row)
        renumber(rows)
    return row


def _as_row(doc: Any, cls: Any, table_field: str, item: Any, idx: int) -> Any:
    if type(item) is dict or isinstance(item, Mapping):  # to ask for Mapping costs ten times as much
        row = cls(item)
    elif isinstance(item, cls):
        owner = item._state.parent
        # A row belongs to one document: in a second one it would be moved, or stored twice under one name.
        row = item if owner is None or owner is doc else cls(_copied_values(item))
    else:
        raise ValidationError(
            f"{doc.doctype}.{table_field}: a row is a dict or a {cls.meta.doctype}, not {type(item).__name__}",
            doctype=doc.doctype,
            field=table_field,
        )
    row._state.parent = doc
    values = row.__dict__
    values["parent"] = doc.__dict__["name"]
    values["parenttype"] = doc.meta.doctype
    values["parentfield"] = table_field
    values["idx"] = idx
    return row


def _copied_values(row: Any) -> dict[str, Any]:
    values = row.__dict__
    return {name: deepcopy(values[name]) for name in row._blueprint.fields}


def remove(doc: Any, row: Any) -> None:
    """Removes a row and renumbers the rest.

    Raises:
        ValueError: it is not a row of this document.
    """
    rows = rows_of(doc, row.parentfield or "")
    for position, each in enumerate(rows):
        if each is row:
            del rows[position]
            renumber(rows)
            return
    raise ValueError(f"{row!r} is not a row of {doc!r}")


def renumber(rows: list[Any]) -> None:
    """Numbers the rows from 1."""
    for idx, row in enumerate(rows, 1):
        row.__dict__["idx"] = idx


def get(doc: Any, key: Any, filters: Any, limit: int | None, default: Any) -> Any:
    """Is `Document.get`: a value, or filtered rows."""
    if isinstance(key, Mapping):  # all rows of one child type
        wanted = {name: value for name, value in key.items() if name != "doctype"}
        rows = [row for row in all_rows(doc) if "doctype" not in key or row.doctype == key["doctype"]]
        return [row for row in rows if _matches(row, wanted)][:limit]
    if key in doc._blueprint.table_fields:
        rows = rows_of(doc, key)
        if isinstance(filters, Mapping):
            rows = [row for row in rows if _matches(row, filters)]
        return rows if limit is None else rows[:limit]
    if key == "doctype":
        return doc.doctype
    value = doc.__dict__.get(key)
    if value is None:
        return filters if filters is not None and not isinstance(filters, Mapping) else default
    return value


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a is not None and a > b,
    "<": lambda a, b: a is not None and a < b,
    ">=": lambda a, b: a is not None and a >= b,
    "<=": lambda a, b: a is not None and a <= b,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
    "like": lambda a, b: re.fullmatch(re.escape(b).replace("%", ".*"), a or "", re.IGNORECASE | re.DOTALL) is not None,
}


def _matches(row: Any, filters: Mapping[str, Any]) -> bool:
    """Tells whether a row fits: scalar, [op, value], "^prefix", True (set) or False (not set)."""
    for name, wanted in filters.items():
        value = row.get(name)
        if isinstance(wanted, bool):
            fits = bool(value) is wanted
        elif isinstance(wanted, (list, tuple)) and len(wanted) == 2 and wanted[0] in _OPERATORS:
            fits = _OPERATORS[wanted[0]](value, wanted[1])
        elif isinstance(wanted, str) and wanted.startswith("^"):
            fits = str(value or "").startswith(wanted[1:])
        else:
            fits = value == wanted
        if not fits:
            return False
    return True
