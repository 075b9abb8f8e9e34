"""Writes without documents: UPDATE and DELETE by filters, no events, no permissions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import false, insert, update
from sqlalchemy.sql.elements import ColumnElement

from doclife.core.context import Context
from doclife.core.errors import ValidationError
from doclife.query.casting import defaults, stamps, stored_all
from doclife.query.execute import write
from doclife.query.filters import by_names, conditions
from doclife.query.lists import class_of
from doclife.query.scope import Scope
from doclife.query.timespans import site_now


def set_value(
    context: Context,
    doctype: Any,
    filters: Any,
    field: str | Mapping[str, Any],
    value: Any = None,
    *,
    modified: datetime | str | None = None,
    modified_by: str | None = None,
    update_modified: bool = True,
) -> int:
    """Sets columns of every document that filters match; see `Db.set_value`."""
    cls = class_of(doctype)
    values = stored_all(cls, field if isinstance(field, Mapping) else {field: value})
    if update_modified:
        stamp = {"modified": modified or site_now(), "modified_by": modified_by or context.user}
        values = {**stored_all(cls, stamp), **values}
    if not values:
        return 0
    if cls.meta.issingle and (filters is None or filters == cls.meta.doctype):
        return _set_single(context, cls, values)
    if filters is None:
        return 0
    scope = Scope(cls)
    where = meant(scope, filters)
    written = write(context.unit, update(scope.table).where(*where).values(values)).rowcount
    context.unit.outdate(scope.table.name)
    return written


def _set_single(context: Context, cls: Any, values: Mapping[str, Any]) -> int:
    table, doctype = cls.__table__, cls.meta.doctype
    unit = context.unit
    with unit.savepoint():
        if not write(unit, update(table).where(table.c.name == doctype).values(values)).rowcount:
            row = {**defaults(cls, context), **stamps(context), **values, "name": doctype}
            write(unit, insert(table).values(row))
    unit.outdate(table.name)
    return 1


def delete(context: Context, doctype: Any, filters: Any) -> int:
    """Deletes every document that filters match; see `Db.delete`."""
    if filters is None:
        raise ValidationError("delete() needs filters; to delete every row of the type write filters={}")
    scope = Scope(class_of(doctype))
    where = meant(scope, filters)
    deleted = write(context.unit, sql_delete(scope.table).where(*where)).rowcount
    context.unit.outdate(scope.table.name)
    return deleted


def meant(scope: Scope, filters: Any) -> list[ColumnElement[bool]]:
    """Returns conditions on the type's own table; those that need joins become a list of names.

    UPDATE and DELETE have one table, and a document counts once however many of its rows match. An
    empty list names nobody: it is what is left of the names where none was found, and must not mean all.
    """
    if isinstance(filters, str) and filters.strip() == "[]":
        filters = []
    if isinstance(filters, (list, tuple, set, frozenset)) and not filters:
        return [false()]
    return by_names(scope, conditions(scope, filters))
