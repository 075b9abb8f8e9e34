"""Filters: from the forms that callers write to SQL conditions with bound parameters.

"SINV-0001", 7, a document              its name
["SINV-0001", "SINV-0002"]              one of these names
{"status": "Open", "total": [">", 5]}   all of these
[["status", "Open"], ["total", ">", 5], ["Sales Invoice Item", "qty", ">", 5], {...}]
'{"status": "Open"}'                    the same as JSON
SalesInvoice.total > 5                  an expression, alone or in a list
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.sql.elements import ColumnElement

from doclife.core import json
from doclife.core.errors import DataError, UnknownFieldError, ValidationError, brief
from doclife.query.operators import OPERATORS, Condition, compare
from doclife.query.parser import parse_name
from doclife.query.scope import Place, Scope, field_of


def conditions(scope: Scope, filters: Any) -> list[Condition]:
    """Returns the conditions of filters, all of which must hold.

    Args:
        scope: what the names mean; it takes up the joins that are needed.
        filters: any of the forms above; None and empty ones are no condition.
    Raises:
        UnknownFieldError: no such field; the message has the nearest name.
        ValidationError: the form, an operator or a value cannot be used.
    """
    if filters is None:
        return []
    if isinstance(filters, ColumnElement):
        return [scope.adopt(filters)]
    if isinstance(filters, str):
        data = _from_json(filters)
        return conditions(scope, data) if data is not None else [compare(scope.place("name"), "=", filters)]
    if isinstance(filters, Mapping):
        return [_pair(scope, field, value) for field, value in filters.items()]
    if isinstance(filters, (int, float)) or hasattr(type(filters), "_blueprint"):
        return [compare(scope.place("name"), "=", filters)]
    if not isinstance(filters, Iterable):
        raise ValidationError(f"{scope.doctype}: {brief(filters)} is no form of filters; write {{field: value}}")
    parts = list(filters)
    if parts and all(isinstance(each, str) for each in parts):
        return [compare(scope.place("name"), "in", parts)]
    return [condition for part in parts for condition in _part(scope, part)]


def any_of(scope: Scope, or_filters: Any) -> list[Condition]:
    """Returns the one condition that some of these filters hold; none where there are no filters."""
    found = conditions(scope, or_filters)
    return [or_(*found)] if found else []


def by_names(scope: Scope, where: list[Condition]) -> list[Condition]:
    """Returns the conditions, or where they need joins that the name is one of those they hold for."""
    return [scope.table.c.name.in_(names_where(scope, where))] if scope.joins else where


def names_where(scope: Scope, where: list[Condition]) -> Select[Any]:
    """Returns the SELECT of the names that meet conditions, for use within another statement."""
    # correlate(None): it reads the table anew, and does not mean the row that the other statement is at
    return select(scope.table.c.name).select_from(scope.source).where(*where).correlate(None)


def _from_json(text: str) -> Any:
    """Returns the data of filters in JSON, or None: names may begin with a bracket too."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except DataError:
        return None


def _part(scope: Scope, part: Any) -> list[Condition]:
    if isinstance(part, (Mapping, ColumnElement)):
        return conditions(scope, part)
    if not isinstance(part, (list, tuple)) or not 2 <= len(part) <= 5:
        raise ValidationError(
            f"{scope.doctype}: {brief(part)} is no filter; write [field, value], [field, operator, value] or "
            "[document type, field, operator, value] in a list"
        )
    if len(part) == 2:
        return [_pair(scope, part[0], part[1])]
    if len(part) == 3:
        return [compare(_place(scope, part[0]), part[1], _adopted(scope, part[2]))]
    doctype, field, operator, value = part[:4]
    name = parse_name(field)
    return [compare(scope.place_of(str(doctype), name.column), operator, _adopted(scope, value))]


def _pair(scope: Scope, field: Any, value: Any) -> Condition:
    place = _place(scope, field)
    if isinstance(value, (list, tuple)):
        if len(value) != 2 or not isinstance(value[0], str):
            begun = bool(value) and isinstance(value[0], str) and value[0] in OPERATORS
            first = "" if begun else f", as in ['in', {brief(list(value))}]"
            raise ValidationError(
                f"{scope.doctype}.{field}: a list is [operator, value]{first}", field=str(field), value=value
            )
        return compare(place, value[0], _adopted(scope, value[1]))
    return compare(place, "=", _adopted(scope, value))


def _adopted(scope: Scope, value: Any) -> Any:
    """Returns a value to compare with; columns within it become those of this query."""
    if isinstance(value, ColumnElement):
        return scope.adopt(value)
    if isinstance(value, (list, tuple)):
        return [scope.adopt(each) if isinstance(each, ColumnElement) else each for each in value]
    return value


def _place(scope: Scope, field: Any) -> Place:
    """Returns the column of a filter; a name the type does not have is also looked for in its child rows."""
    if not isinstance(field, str):
        raise ValidationError(f"{scope.doctype}: a filter names its field by text, not {brief(field)}")
    if field_of(scope.cls, field) is not None:  # most names are plain
        return scope.place(field)
    name = parse_name(field)
    try:
        return scope.place(name.column, name.of)
    except UnknownFieldError:
        found = scope.place_in_rows(name.column) if name.of is None else None
        if found is None:
            raise
        return found
