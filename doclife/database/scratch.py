"""A scratch database in memory that remembers which of doclife's column types each column has.

New revisions are made by comparing the document classes with what the existing revisions build.
A plain SQLite would answer REAL where a revision said `AmountType`, and the difference between
two types that SQLite stores alike would be lost. Here the declared type of a column is the name
of the type (SQLite keeps any name), and reflection turns the name back into the type.
"""

from __future__ import annotations

import inspect
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.base import SQLiteTypeCompiler
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.types import TypeDecorator, TypeEngine

from doclife.database import types
from doclife.database.engine import create_engine

#: doclife's own types, by the name they are declared with
OWN_TYPES: dict[str, type[TypeDecorator[Any]]] = {
    name.upper(): kind
    for name, kind in vars(types).items()
    if isinstance(kind, type) and issubclass(kind, TypeDecorator) and kind.__module__ == types.__name__
}

#: SQLAlchemy's types: reflected as the portable class and not as SQLite's own
_PORTABLE: dict[str, type[TypeEngine[Any]]] = {
    "BLOB": sa.LargeBinary,
    "BOOLEAN": sa.Boolean,
    "CHAR": sa.CHAR,
    "DATE": sa.Date,
    "DATETIME": sa.DateTime,
    "DOUBLE": sa.Double,
    "FLOAT": sa.Float,
    "INTEGER": sa.Integer,
    "NUMERIC": sa.Numeric,
    "REAL": sa.REAL,
    "SMALLINT": sa.SmallInteger,
    "TEXT": sa.Text,
    "TIME": sa.Time,
    "VARCHAR": sa.String,
}


def is_own(kind: TypeEngine[Any]) -> bool:
    """Tells whether `kind` is a type of `doclife.database.types`."""
    return OWN_TYPES.get(type(kind).__name__.upper()) is type(kind)


def arguments(kind: TypeEngine[Any]) -> list[Any]:
    """Returns the arguments that an own type was built with."""
    parameters = list(inspect.signature(type(kind).__init__).parameters.values())[1:]
    return [getattr(kind, one.name) for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]


class _TypeCompiler(SQLiteTypeCompiler):
    def visit_type_decorator(self, type_: TypeDecorator[Any], **kw: Any) -> str:
        column = kw.get("type_expression")
        automatic = isinstance(column, sa.Column) and column.primary_key and isinstance(type_, types.BigInt)
        # only a key declared INTEGER numbers itself, which the inserts of a revision may count on
        if automatic or not is_own(type_):
            return str(super().visit_type_decorator(type_, **kw))
        given = arguments(type_)
        return type(type_).__name__.upper() + (f"({', '.join(map(str, given))})" if given else "")


class ScratchDialect(SQLiteDialect_pysqlite):
    """SQLite whose columns are declared by doclife's type names."""

    supports_statement_cache = True
    type_compiler_cls = _TypeCompiler
    ischema_names = SQLiteDialect_pysqlite.ischema_names | _PORTABLE | OWN_TYPES

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Returns the columns; an INTEGER key is a `BigInt`, see `_TypeCompiler`."""
        columns = super().get_columns(connection, table_name, schema, **kw)  # type: ignore[no-untyped-call]
        for column in columns:
            if column["primary_key"] and isinstance(column["type"], sa.Integer):
                column["type"] = types.BigInt()
        return columns


registry.register("sqlite.doclife_scratch", __name__, ScratchDialect.__name__)


def scratch_engine() -> Engine:
    """Returns an engine over a new, empty scratch database; one connection of it is one database."""
    return create_engine(URL.create("sqlite+doclife_scratch"))
