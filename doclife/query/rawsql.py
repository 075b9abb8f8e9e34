"""Raw SQL: `db.sql`, `db.escape`, and what their results look like."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import CursorResult

from doclife.core.context import AttrDict, Context
from doclife.core.errors import DataError, DoclifeError, TransactionControlError, brief
from doclife.database.types import amount_to_real
from doclife.query.execute import forgive_read
from doclife.query.sqltext import CONTROL, READ, SCHEMA, scan, translate
from doclife.uow.unit import UnitOfWork


class NoRows(tuple[()]):
    """What a statement without a result set returns: empty, but true where it met rows."""

    rowcount: int

    def __new__(cls, rowcount: int) -> NoRows:
        """Makes it; `rowcount` is how many rows were met, -1 where the database does not say."""
        made = super().__new__(cls)
        made.rowcount = rowcount
        return made

    def __bool__(self) -> bool:
        return self.rowcount > 0


def sql(
    context: Context,
    query: str,
    values: Any = None,
    *,
    as_dict: bool = False,
    as_list: bool = False,
    pluck: bool = False,
    update: Mapping[str, Any] | None = None,
) -> Any:
    """Runs a text; see `Db.sql`."""
    if not isinstance(query, str):
        raise DataError(f"sql() runs a text, not {brief(query)}")
    unit = context.unit
    dialect = unit.link.dialect
    text = scan(query, dialect)
    if text.kind == CONTROL:
        raise TransactionControlError(
            f"{query.split()[0].upper()} is not run as text, it would pass the unit of work by; use db.commit(), "
            "db.rollback() or `with db.savepoint():`"
        )
    statement, params = translate(text, dialect, values, _CONVERT.get(dialect, _for_server))
    result = _run(unit, text.kind, statement, params)
    if isinstance(result, NoRows):
        return result
    keys, rows = result
    if pluck:
        return [row[0] for row in rows]
    if as_dict:
        return [AttrDict(zip(keys, row, strict=True)).update(update or {}) for row in rows]
    return [list(row) for row in rows] if as_list else tuple(tuple(row) for row in rows)


def for_this_database(name: str, texts: Mapping[str, str]) -> str:
    """Returns the text for a database.

    Raises:
        DataError: there is none for it.
    """
    text = texts.get(name)
    if text is None:
        raise DataError(f"multisql() has texts for {', '.join(texts) or 'no database'}, and this site is on {name}")
    return text


_Fetched = tuple[list[str], list[Any]]


def _run(unit: UnitOfWork, kind: str, statement: str, params: tuple[Any, ...]) -> _Fetched | NoRows:
    link = unit.link
    if kind == READ and not (link.dialect == "postgresql" and (link.writing or unit.database.outer is not None)):
        try:
            return _fetched(link.driver_sql(statement, params))
        except DoclifeError:
            forgive_read(unit)
            raise
    if kind == SCHEMA:
        return _define(unit, statement, params)
    with unit.savepoint():
        unit.before_write()
        result = _fetched(link.driver_sql(statement, params))
    if kind != READ:
        unit.outdate()
    return result


def _define(unit: UnitOfWork, statement: str, params: tuple[Any, ...]) -> _Fetched | NoRows:
    """Runs what MariaDB commits by itself, where there is nothing to commit.

    Raises:
        TransactionControlError: something has been written.
    """
    if unit.link.writing or unit.in_progress:
        raise TransactionControlError(
            f"{statement.split()[0].upper()} makes MariaDB commit what was written before it; commit first, or "
            "write a migration"
        )
    unit.outdate()
    return _fetched(unit.link.driver_sql(statement, params))


def _fetched(result: CursorResult[Any]) -> _Fetched | NoRows:
    if not result.returns_rows:
        return NoRows(result.rowcount)
    return list(result.keys()), list(result.all())


def _for_sqlite(value: Any) -> Any:
    """Returns a value as the columns of SQLite keep it."""
    if isinstance(value, Decimal):
        return amount_to_real(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    if isinstance(value, time):
        return value.isoformat("microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return _plain(value)


def _for_server(value: Any) -> Any:
    """Returns a value of a type that the drivers know; they look at the exact type."""
    return Decimal(value) if isinstance(value, Decimal) else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (dict, list, tuple, set)):
        raise DataError(f"a {type(value).__name__} is no value of a statement: {brief(value)}")
    if isinstance(value, str):
        return str(value)
    return value.name if hasattr(type(value), "_blueprint") else value


_CONVERT = {"sqlite": _for_sqlite}


def escape(context: Context, value: Any, percent: bool = True) -> str:
    """Returns a value as a quoted text for SQL; see `Db.escape`."""
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError as error:
            raise DataError(f"escape() takes bytes of UTF-8: {error}") from None
    text = "" if value is None else str(_plain(value))
    if context.unit.link.dialect in ("mysql", "mariadb"):
        text = text.replace("\\", "\\\\").replace("\0", "\\0")
    text = text.replace("'", "''")
    return f"'{text.replace('%', '%%') if percent else text}'"
