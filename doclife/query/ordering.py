"""Ordering: in which order rows come when nobody says."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy.sql.elements import ColumnElement

#: as `order_by`: the type's own order, where the query is not about many documents together
TYPE_ORDER = "KEEP_DEFAULT_ORDERING"


@cache
def default_order(cls: Any) -> tuple[ColumnElement[Any], ...]:
    """Returns the type's own order; names decide between equals, so that pages do not overlap."""
    table, meta = cls.__table__, cls.meta
    columns = [table.c[meta.sort_field]] if meta.sort_field in table.c else []
    columns.append(table.c.name)
    down = meta.sort_order.lower() != "asc"
    return tuple(each.desc() if down else each.asc() for each in columns)
