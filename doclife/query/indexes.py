"""Indexes that an app adds at run time; those it always wants stand in its document classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Index, MetaData, inspect
from sqlalchemy.schema import CreateIndex

from doclife.core.context import Context
from doclife.core.errors import TransactionControlError
from doclife.database import naming
from doclife.database.types import JsonText, LongText
from doclife.query.execute import write
from doclife.query.lists import class_of
from doclife.query.scope import field_of, unknown_field

#: characters of a long text that MariaDB's index takes
_PREFIX = 191


def add_index(context: Context, doctype: Any, fields: Sequence[str], index_name: str | None = None) -> None:
    """Adds an index; see `Db.add_index`."""
    cls = class_of(doctype)
    unit = context.unit
    columns = [fields] if isinstance(fields, str) else list(fields)
    for column in columns:
        if field_of(cls, column) is None:
            raise unknown_field(cls, column)
    if unit.link.dialect in ("mysql", "mariadb") and (unit.link.writing or unit.in_progress):
        raise TransactionControlError("add_index() makes MariaDB commit what was written before it; commit first")
    name = index_name or naming.index_name(cls.meta.table, columns)
    inspector = inspect(unit.link.connection)
    if name in {each["name"] for each in inspector.get_indexes(cls.meta.table)}:
        return
    # A copy: an index of the table itself would become a part of every site's schema.
    table = cls.__table__.to_metadata(MetaData())
    long = {each: _PREFIX for each in columns if isinstance(table.c[each].type, (LongText, JsonText))}
    index = Index(name, *(table.c[each] for each in columns), mysql_length=long, mariadb_length=long)
    if unit.link.dialect in ("mysql", "mariadb"):
        unit.link.execute(CreateIndex(index))
    else:
        write(unit, CreateIndex(index))
