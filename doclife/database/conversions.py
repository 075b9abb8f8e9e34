"""What becomes of the values in a column that changes: Alembic changes the column and leaves them to the database.

* What is NULL in a column that becomes NOT NULL is filled with the new default, by the revision.
* PostgreSQL casts no text by itself: the revision says how (`postgresql_using`).
* SQLite casts what it should not: CAST('2026-01-31' AS DATE) is the number 2026 there. Dates and times, which
  it keeps as text, are therefore converted as text when a table is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.autogenerate import renderers
from alembic.ddl.sqlite import SQLiteImpl
from alembic.operations import ops
from sqlalchemy import Column, func, literal_column, type_coerce
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import Date, DateTime, Integer, Numeric, String, Time, TypeEngine

from doclife.database.pysource import quoted

_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy does not annotate it


class FillOp(ops.MigrateOperation):
    """Gives the rows that have nothing in a column its new default."""

    def __init__(self, table: str, column: str, default: str, *, empty_too: bool) -> None:
        """Takes the default as text; `empty_too`: an empty text is nothing too."""
        self.table, self.column, self.default, self.empty_too = table, column, default, empty_too


class UsingOp(ops.MigrateOperation):
    """A change of a column, and how PostgreSQL casts its values."""

    def __init__(self, alter: ops.AlterColumnOp, using: str) -> None:
        """Takes the change, and the expression."""
        self.alter, self.using = alter, using


def with_conversions(operations: ops.UpgradeOps | ops.DowngradeOps) -> list[ops.MigrateOperation]:
    """Returns the operations of one direction with those that look after the values."""
    return [each for operation in operations.ops for each in _converted(operation)]


def _converted(operation: ops.MigrateOperation) -> Iterator[ops.MigrateOperation]:
    if not isinstance(operation, ops.ModifyTableOps):
        yield operation
        return
    inner: list[ops.MigrateOperation] = []
    for each in operation.ops:
        if isinstance(each, ops.AlterColumnOp):
            fill, using = _fill(each), _using(each)
            if fill is not None:
                yield fill
            inner.append(UsingOp(each, using) if using is not None else each)
        else:
            inner.append(each)
    yield ops.ModifyTableOps(operation.table_name, inner)


def _fill(alter: ops.AlterColumnOp) -> FillOp | None:
    kept = alter.modify_server_default is False
    default: Any = alter.existing_server_default if kept else alter.modify_server_default
    if alter.modify_nullable is not False or not default:
        return None
    text = str(getattr(default, "arg", default))
    number = _is(alter.modify_type, Integer, Numeric)
    return FillOp(alter.table_name, alter.column_name, text, empty_too=number and _is(alter.existing_type, String))


def _using(alter: ops.AlterColumnOp) -> str | None:
    after = alter.modify_type
    if after is None or _is(after, String) or not _is(alter.existing_type, String):
        return None
    name = _POSTGRES.identifier_preparer.quote_identifier(alter.column_name)
    return f"{name}::{after.compile(dialect=_POSTGRES)}"


def _is(kind: TypeEngine[Any] | None, *affinities: type[TypeEngine[Any]]) -> bool:
    affinity: Any = kind._type_affinity if kind is not None else None
    return affinity is not None and issubclass(affinity, affinities)


@renderers.dispatch_for(FillOp)
def _render_fill(_context: Any, fill: FillOp) -> str:
    column = f"sa.column({quoted(fill.column)})"
    nothing = f"{column}.is_(None)"
    if fill.empty_too:
        nothing = f"""sa.or_({nothing}, {column} == sa.literal_column("''"))"""
    default = quoted("'" + fill.default.strip("'").replace("'", "''") + "'")
    return (
        f"op.execute(sa.update(sa.table({quoted(fill.table)}, {column})).where({nothing})"
        f".values({{{quoted(fill.column)}: sa.literal_column({default})}}))"
    )


@renderers.dispatch_for(UsingOp)
def _render_using(context: Any, operation: UsingOp) -> str:
    text: str = renderers.dispatch(operation.alter)(context, operation.alter)
    return f"{text.removesuffix(')')}, postgresql_using={quoted(operation.using)})"


class ValueKeepingSQLiteImpl(SQLiteImpl):
    """Alembic's SQLite, but for the casts that would spoil dates and times.

    Being a subclass that names the dialect, it takes Alembic's own place in this process.
    """

    __dialect__ = "sqlite"

    def cast_for_batch_migrate(
        self, existing: Column[Any], existing_transfer: dict[str, Any], new_type: TypeEngine[Any]
    ) -> None:
        """Says how the values of a column come into the copy of its table."""
        here = existing_transfer["expr"]
        if _is(new_type, Date):
            if not _is(existing.type, Date):
                existing_transfer["expr"] = func.substr(here, 1, 10)
        elif _is(new_type, DateTime):
            if _is(existing.type, Date):
                existing_transfer["expr"] = type_coerce(here, String()).concat(literal_column("' 00:00:00.000000'"))
        elif _is(new_type, Time):
            if _is(existing.type, DateTime):
                existing_transfer["expr"] = func.substr(here, 12)
        else:
            super().cast_for_batch_migrate(existing, existing_transfer, new_type)
