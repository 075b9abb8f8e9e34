"""What stands in the tables, seen by the open unit of work, what SQL texts say, and that somebody ticks."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from doclife.core.context import current
from doclife.outbox.moments import TICK, note
from doclife.schema.tables import metadata


def stored(doctype: str, *columns: str, order_by: str = "name", **where: Any) -> list[tuple[Any, ...]]:
    """Returns the rows of a type as tuples of these columns, where others have these values.

    Without columns they are as the database holds them: apps of other tests may have given the type
    further columns, which this site's table has not.
    """
    table = metadata.tables[f"tab{doctype}"] if (cls := _declared(doctype)) is None else cls.__table__
    wanted = [table.c[name] for name in columns] if columns else [sa.text("*")]
    query = sa.select(*wanted).select_from(table)
    query = query.where(*(table.c[name] == value for name, value in where.items())).order_by(table.c[order_by])
    return [tuple(row) for row in current().unit.link.execute(query)]


def _declared(doctype: str) -> Any:
    return current().site.doctypes.get(doctype)


def plain(text: str) -> str:
    """Returns a SQL text as SQLite's is written: its quotes and its signs for parameters."""
    return re.sub(r"%(?:\(\w+\))?s(::(TIMESTAMP WITHOUT TIME ZONE|\w+(\([\d, ]+\))?))?", "?", text.replace("`", '"'))


def note_tick(site: Any) -> None:
    """Keeps that a site's scheduler ticks now, as one that leads does."""
    with site.database.transaction() as connection:
        note(connection, TICK)
