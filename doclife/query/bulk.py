"""Bulk writes: many rows of one type in few statements, no events, no permissions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Table, bindparam, case, literal, update
from sqlalchemy.dialects import mysql, postgresql, sqlite

from doclife.core.context import Context
from doclife.core.errors import ValidationError, brief
from doclife.core.ids import hash_name
from doclife.query.casting import defaults, stamps, stored, stored_all
from doclife.query.execute import write
from doclife.query.lists import class_of
from doclife.query.timespans import site_now
from doclife.schema.autoname import AUTOINCREMENT
from doclife.uow import counters
from doclife.uow.unit import UnitOfWork


def bulk_insert(
    context: Context,
    doctype: Any,
    fields: Sequence[str],
    values: Iterable[Sequence[Any]],
    *,
    ignore_duplicates: bool = False,
    chunk_size: int = 10_000,
) -> None:
    """Inserts rows; see `Db.bulk_insert`."""
    cls = class_of(doctype)
    names = [getattr(each, "name", each) for each in fields]
    base = {**defaults(cls, context), **stamps(context)}
    unit, blueprint = context.unit, cls._blueprint
    statements = blueprint.statements(unit.database.engine.dialect)
    with unit.savepoint():
        for chunk in _chunks(values, chunk_size):
            rows = [_row(cls, base, names, each) for each in chunk]
            _name(unit, cls, rows)
            if ignore_duplicates:
                write(unit, _insert_new(cls.__table__, blueprint.columns, unit.link.dialect), rows)
                continue
            unit.before_write()
            take, bind = blueprint.format.take, statements.bind
            unit.link.run_many(statements.insert, [bind(take(row)) for row in rows])
    unit.drop_facts(cls.__table__.name)


def _chunks(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    if size < 1:
        raise ValidationError(f"chunk_size={size}: a statement has at least one row")
    if not isinstance(values, Iterable):
        raise ValidationError(f"{brief(values)} are no rows; give a list of lists")
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def _row(cls: Any, base: Mapping[str, Any], names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise ValidationError(f"bulk_insert: {brief(values)} is no row; give a list of its values")
    if len(values) != len(names):
        raise ValidationError(f"bulk_insert: {len(names)} fields, but {len(values)} values in {brief(values)}")
    row = dict(base)
    for name, value in zip(names, values, strict=True):
        row[name] = stored(cls, name, value)
    return row


def _name(unit: UnitOfWork, cls: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Names the rows that bring no name: by a hash, or by numbers where the type's names are numbers."""
    nameless = [row for row in rows if not row["name"]]
    if cls._blueprint.naming.kind != AUTOINCREMENT:
        for row in nameless:
            row["name"] = hash_name()
        return
    given = [int(row["name"]) for row in rows if row["name"]]
    if given:
        counters.pass_name(unit, cls.meta.doctype, str(max(given)))
    if nameless:
        for row, name in zip(nameless, counters.take_names(unit, cls.meta.doctype, len(nameless)), strict=True):
            row["name"] = name


def _insert_new(table: Table, columns: Sequence[str], dialect: str) -> Any:
    """Returns the INSERT that leaves rows alone whose key exists already."""
    values = {name: bindparam(name, type_=table.c[name].type) for name in columns}
    if dialect == "sqlite":
        return sqlite.insert(table).values(values).on_conflict_do_nothing()
    if dialect == "postgresql":
        return postgresql.insert(table).values(values).on_conflict_do_nothing()
    # not INSERT IGNORE, which would ignore values that do not fit, too
    return mysql.insert(table).values(values).on_duplicate_key_update(name=table.c.name)


def bulk_update(
    context: Context,
    doctype: Any,
    updates: Mapping[str, Mapping[str, Any]],
    *,
    chunk_size: int = 100,
    modified: datetime | str | None = None,
    modified_by: str | None = None,
    update_modified: bool = True,
) -> None:
    """Updates documents, each with values of its own; see `Db.bulk_update`."""
    cls = class_of(doctype)
    if not isinstance(updates, Mapping):
        raise ValidationError(f"bulk_update takes {{name: {{field: value}}}}, not {brief(updates)}")
    table, unit = cls.__table__, context.unit
    stamp: dict[str, Any] = {}
    if update_modified:
        stamp = {"modified": modified or site_now(), "modified_by": modified_by or context.user}
        stamp = stored_all(cls, stamp)
    with unit.savepoint():
        for chunk in _chunks(updates.items(), chunk_size):
            by_column: dict[str, dict[str, Any]] = {}
            for name, values in chunk:
                for column, value in stored_all(cls, values).items():
                    by_column.setdefault(column, {})[name] = value
            if not by_column:
                continue
            changes = {column: _choice(table, column, values) for column, values in by_column.items()}
            names = [name for name, values in chunk if values]
            write(unit, update(table).where(table.c.name.in_(names)).values({**stamp, **changes}))
    unit.outdate(table.name)


def _choice(table: Table, column: str, values: Mapping[str, Any]) -> Any:
    """Returns CASE name WHEN ... THEN ...: each document's own value, and where it has none the stored one."""
    kind, names = table.c[column].type, table.c.name.type
    chosen = {literal(name, names): literal(value, kind) for name, value in values.items()}
    return case(chosen, value=table.c.name, else_=table.c[column])
