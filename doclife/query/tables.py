"""Tables as they are in the database: what they hold, and indexes that an app adds at run time.

What an app always wants stands in its document classes, from which migrations are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Index, MetaData, inspect
from sqlalchemy.schema import CreateIndex

from doclife.core.context import Context, current
from doclife.core.errors import TransactionControlError, ValidationError
from doclife.database import naming
from doclife.database.types import JsonText, LongText
from doclife.query.execute import write
from doclife.query.lists import class_of
from doclife.query.scope import field_of, unknown_field
from doclife.schema import registry
from doclife.uow.unit import current_unit

#: characters of a long text that MariaDB's index takes
_PREFIX = 191

_MARIADB = ("mysql", "mariadb")


class Tables:
    """The part of `db` that is about tables and not about rows."""

    @property
    def db_type(self) -> str:
        """Which database the site is on: "sqlite", "postgres" or "mariadb"."""
        dialect = current_unit().link.dialect
        return "postgres" if dialect == "postgresql" else "mariadb" if dialect in _MARIADB else dialect

    def table_exists(self, doctype: Any, cached: bool = True) -> bool:
        """Tells whether the database has the table of a document type, whether or not an installed app declares it.

        Args:
            doctype: document type or class.
            cached: taken for Frappe's sake; the database is asked.
        """
        name = doctype if isinstance(doctype, str) else class_of(doctype).meta.doctype
        cls = registry.declared(name)
        tables = inspect(current_unit().link.connection).get_table_names()
        return (cls.meta.table if cls is not None else f"tab{name}") in tables

    def get_table_columns(self, doctype: Any) -> list[str]:
        """Returns the names of the columns that the table of a document type has in the database, in its order."""
        table = class_of(doctype).meta.table
        return [str(each["name"]) for each in inspect(current_unit().link.connection).get_columns(table)]

    def has_column(self, doctype: Any, column: str) -> bool:
        """Tells whether the table of a document type has a column in the database."""
        return column in self.get_table_columns(doctype)

    def add_index(self, doctype: Any, fields: Sequence[str], index_name: str | None = None) -> None:
        """Adds an index over columns unless it is there.

        An index that an app always wants stands in its class: `Data(index=True)`.
        """
        _add_index(current(), doctype, fields, index_name)

    def add_unique(self, doctype: Any, fields: Sequence[str], constraint_name: str | None = None) -> None:
        """Adds a unique index over columns unless it is there: no two rows may have the same values in all of them.

        What an app always wants stands in its class: `Data(unique=True)`.

        Raises:
            DuplicateEntryError: rows have the same values already.
        """
        _add_index(current(), doctype, fields, constraint_name, unique=True)


def _add_index(
    context: Context, doctype: Any, fields: Sequence[str], index_name: str | None, *, unique: bool = False
) -> None:
    cls = class_of(doctype)
    unit = context.unit
    columns = [fields] if isinstance(fields, str) else list(fields)
    if not columns:
        raise ValidationError(f"{cls.meta.doctype}: an index needs a column")
    for column in columns:
        if field_of(cls, column) is None:
            raise unknown_field(cls, column)
    if unit.link.dialect in _MARIADB and (unit.link.writing or unit.in_progress):
        verb = "add_unique" if unique else "add_index"
        raise TransactionControlError(f"{verb}() makes MariaDB commit what was written before it; commit first")
    name = index_name or (naming.unique_name if unique else naming.index_name)(cls.meta.table, columns)
    inspector = inspect(unit.link.connection)
    if name in {each["name"] for each in inspector.get_indexes(cls.meta.table)}:
        return
    # A copy: an index of the table itself would become a part of every site's schema.
    table = cls.__table__.to_metadata(MetaData())
    long = {each: _PREFIX for each in columns if isinstance(table.c[each].type, (LongText, JsonText))}
    if unique and long:
        raise ValidationError(
            f"{cls.meta.doctype}: {', '.join(long)} can be of any length, and no database keeps such values unique "
            "as a whole; keep a hash of the value in a Data field and make that unique"
        )
    index = Index(name, *(table.c[each] for each in columns), unique=unique, mysql_length=long, mariadb_length=long)
    if unit.link.dialect in _MARIADB:
        unit.link.execute(CreateIndex(index))
    else:
        write(unit, CreateIndex(index))
