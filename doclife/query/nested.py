"""Child rows in lists: one more statement for each table field, whatever the number of documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import select

from doclife.core.context import AttrDict, Context
from doclife.query.execute import read
from doclife.query.expressions import value_of
from doclife.query.fields import select_fields
from doclife.query.scope import Scope
from doclife.schema import registry

#: names that one statement asks for at most; SQLite takes 32,766 parameters
CHUNK = 5000


def chunks(names: Sequence[str], size: int = CHUNK) -> Iterator[Sequence[str]]:
    """Yields the names in parts that one statement can take."""
    for at in range(0, len(names), size):
        yield names[at : at + size]


def attach_rows(
    context: Context, scope: Scope, documents: Iterable[tuple[str, dict[str, Any]]], table_field: str, fields: Any
) -> None:
    """Gives each document's dict the list of its child rows, in their order.

    Args:
        context: the open context.
        scope: of the documents' query; what it hides stays hidden in the rows.
        documents: name and dict of each.
        table_field: which rows; also the key of the list.
        fields: what the rows hold, as of any list.
    """
    holders: dict[str, list[dict[str, Any]]] = {}
    for name, values in documents:
        values[table_field] = []
        holders.setdefault(name, []).append(values)
    inner = scope.inner(registry.resolve(scope.cls.meta.by_name[table_field].options))
    selection = select_fields(inner, fields)
    selection.values.append(value_of(inner.place("parent")))
    c = inner.table.c
    for names in chunks(list(holders)):
        statement = (
            select(*selection.expressions)
            .select_from(inner.source)
            .where(c.parent.in_(names), c.parenttype == scope.doctype, c.parentfield == table_field)
            .order_by(c.parent, c.idx, c.name)
        )
        for row in read(context.unit, statement):
            for values in holders[row[-1]]:
                values[table_field].append(AttrDict(zip(selection.labels, row, strict=False)))
