"""The operations of a new revision: Alembic's, put in the order and form that doclife wants.

* Only what belongs to the app: a new table without the columns that other apps add to it.
* `renamed_from` becomes a rename that keeps the data instead of a drop and an add.
* Indexes stand outside batch blocks, dropped before and created after them: a batch block on
  SQLite cannot create an index on a column that it renames.
* The same declarations always give the same text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from alembic.operations import ops
from sqlalchemy import Column, MetaData
from sqlalchemy.engine.default import DefaultDialect

from doclife.core.errors import MigrationError
from doclife.database.compare import plain_default
from doclife.database.ownership import column_owner, owner
from doclife.database.scratch import is_own

_DIALECT = DefaultDialect()


class RenameColumnOp(ops.AlterColumnOp):
    """A rename, with whatever else changes about the column."""

    def reverse(self) -> RenameColumnOp:
        """Returns the rename back."""
        back = super().reverse()
        assert isinstance(back, RenameColumnOp)
        assert self.modify_name is not None
        back.column_name, back.modify_name = self.modify_name, self.column_name
        return back


def arranged(upgrade: ops.UpgradeOps, metadata: MetaData, app: str) -> ops.UpgradeOps:
    """Returns the operations of a revision of `app`.

    Raises:
        MigrationError: a new column of an old table could not be filled.
    """
    created: list[ops.MigrateOperation] = []
    dropped: list[tuple[str, ops.MigrateOperation]] = []
    for operation in upgrade.ops:
        if isinstance(operation, ops.CreateTableOp):
            created.append(_new_table(operation, metadata, app))
        elif isinstance(operation, ops.DropTableOp):
            dropped.append((operation.table_name, operation))
        elif isinstance(operation, ops.ModifyTableOps):
            if operation.table_name in metadata.tables:
                created += _modified(operation, app)
            else:  # the indexes of a table that goes
                dropped += [(operation.table_name, inner) for inner in operation.ops]
    dropped.sort(key=lambda entry: entry[0])
    return ops.UpgradeOps([*created, *(operation for _, operation in dropped)])


def _new_table(operation: ops.CreateTableOp, metadata: MetaData, app: str) -> ops.CreateTableOp:
    operation.info = {}  # whose the table is and what else the classes keep there is not the database's
    home = metadata.tables[operation.table_name]
    foreign = {column.name for column in home.columns if column_owner(column) != app}
    operation.columns = [
        item
        for item in operation.columns
        if (item.name not in foreign if isinstance(item, Column) else owner(item) == app)
    ]
    return operation


def _modified(modify: ops.ModifyTableOps, app: str) -> Iterator[ops.MigrateOperation]:
    table = modify.table_name
    renames = {added.column.name: (added, gone) for added, gone in _renames(modify.ops)}
    renamed = {id(operation) for pair in renames.values() for operation in pair}
    unindexed = [one for one in modify.ops if isinstance(one, ops.DropIndexOp)]
    indexed = [one for one in modify.ops if isinstance(one, ops.CreateIndexOp)]
    released = [one for one in modify.ops if isinstance(one, ops.DropConstraintOp)]
    bound = [one for one in modify.ops if isinstance(one, ops.AddConstraintOp)]
    added = [one for one in modify.ops if isinstance(one, ops.AddColumnOp) and id(one) not in renamed]
    gone = [one for one in modify.ops if isinstance(one, ops.DropColumnOp) and id(one) not in renamed]
    sorted_out = {id(one) for one in (*unindexed, *indexed, *released, *bound, *added, *gone)} | renamed
    altered = [one for one in modify.ops if id(one) not in sorted_out]
    for one in added:
        _must_be_fillable(one, app)
        _must_know_its_old_name(one, gone, app)
    columns: list[ops.MigrateOperation] = [
        *(_rename(table, *pair) for pair in renames.values()),
        *altered,
        *added,
        *sorted(gone, key=lambda operation: operation.column_name),
    ]
    yield from unindexed
    if renames:  # SQLite copies the table once a block, and a block must not bind a name that it makes
        blocks: Sequence[Sequence[ops.MigrateOperation]] = [released, columns, bound]
    else:
        blocks = [[*released, *columns, *bound]]
    yield from (ops.ModifyTableOps(table, list(block)) for block in blocks if block)
    yield from indexed


def _renames(operations: Sequence[ops.MigrateOperation]) -> Iterator[tuple[ops.AddColumnOp, ops.DropColumnOp]]:
    gone = {one.column_name: one for one in operations if isinstance(one, ops.DropColumnOp)}
    for one in operations:
        if isinstance(one, ops.AddColumnOp):
            before = gone.pop(str(one.column.info.get("renamed_from", "")), None)
            if before is not None:
                yield one, before


def _rename(table: str, added: ops.AddColumnOp, gone: ops.DropColumnOp) -> RenameColumnOp:
    old: Column[Any] = gone.to_column()
    new: Column[Any] = added.column
    rename = RenameColumnOp(
        table,
        old.name,
        modify_name=new.name,
        existing_type=old.type,
        existing_nullable=old.nullable,
        existing_server_default=old.server_default,  # None too, or the way back would keep the new one
    )
    if _type_text(old) != _type_text(new):
        rename.modify_type = new.type
    if bool(old.nullable) != bool(new.nullable):
        rename.modify_nullable = new.nullable
    if _default_text(old) != _default_text(new):
        rename.modify_server_default = new.server_default
    return rename


def _type_text(column: Column[Any]) -> str:
    return repr(column.type) if is_own(column.type) else column.type.compile(dialect=_DIALECT)


def _default_text(column: Column[Any]) -> str | None:
    default: Any = column.server_default
    return None if default is None else plain_default(str(getattr(default, "arg", default)))


def _must_be_fillable(operation: ops.AddColumnOp, app: str) -> None:
    column = operation.column
    if not column.nullable and column.server_default is None:
        raise MigrationError(
            f"{app}: the new column {operation.table_name}.{column.name} is NOT NULL without a default, so rows that "
            "exist would have no value; allow NULL, or give the column a server_default",
            app=app,
        )


def _must_know_its_old_name(operation: ops.AddColumnOp, gone: Sequence[ops.DropColumnOp], app: str) -> None:
    before = operation.column.info.get("renamed_from")
    if before:
        table = operation.table_name
        goes = f"of {table} go {', '.join(one.column_name for one in gone)}" if gone else f"no column of {table} goes"
        raise MigrationError(
            f"{app}: {table}.{operation.column.name} says renamed_from={before!r}, but {goes}; name the column as the "
            "app's last revision calls it, or leave renamed_from out if this one is new",
            app=app,
        )


def losses(operations: Sequence[ops.MigrateOperation]) -> Iterator[str]:
    """Yields what a revision deletes, and what to do if that was meant to be a rename."""
    made = [one.table_name for one in operations if isinstance(one, ops.CreateTableOp)]
    for one in operations:
        if isinstance(one, ops.DropTableOp):
            hint = f"; if it is {' or '.join(made)} now, write op.rename_table by hand (--empty)" if made else ""
            yield f"it drops the table {one.table_name} with all its rows{hint}"
        elif isinstance(one, ops.ModifyTableOps):
            new = [each.column.name for each in one.ops if isinstance(each, ops.AddColumnOp)]
            for each in one.ops:
                if isinstance(each, ops.DropColumnOp):
                    hint = (
                        f"; if it is {' or '.join(new)} now, give that renamed_from={each.column_name!r}" if new else ""
                    )
                    yield f"it drops the column {one.table_name}.{each.column_name} with all its values{hint}"
