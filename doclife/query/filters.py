"""Filters: from the forms that callers write to SQL expressions with bound parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.sql.elements import ColumnElement

from doclife.core.errors import NotSupported, UnknownFieldError, nearest


def compile_filters(cls: Any, filters: Any) -> list[ColumnElement[bool]]:
    """Returns the conditions, all of which must hold.

    Raises:
        UnknownFieldError: the type has no such field; the message has the nearest name.
    """
    if not isinstance(filters, Mapping):
        raise NotSupported("filters other than {field: value} are not there yet")
    table, columns = cls.__table__, cls._blueprint.columns
    conditions: list[ColumnElement[bool]] = []
    for name, value in filters.items():
        if name not in columns:
            raise UnknownFieldError(
                f"{cls.meta.doctype} has no field {name!r}.{nearest(name, columns)}",
                doctype=cls.meta.doctype,
                field=name,
            )
        conditions.append(table.c[name] == value)
    return conditions
