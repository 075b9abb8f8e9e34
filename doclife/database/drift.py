"""What differs between a database and what the installed apps declare: `doclife check`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from alembic.autogenerate import produce_migrations
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Constraint, Engine, Index, MetaData, Table, inspect

from doclife.database.compare import spelling
from doclife.database.migrate import AppHistory, comparison, explained, head, scripts, version_context
from doclife.database.ownership import Scope, column_owner, owner, table_owner

#: how the name of a document's table begins
TABLE_PREFIX = "tab"


class Drift(NamedTuple):
    """One difference."""

    #: whose it is; "" for an orphan
    app: str
    #: pending, unknown, missing, extra, differs or orphan
    kind: str
    #: revision, table, or table and column or index
    where: str
    #: what is so, and what to do
    detail: str

    def __str__(self) -> str:
        return f"{self.app or 'no app'}: {self.where}: {self.detail}"


def check(engine: Engine, metadata: MetaData, histories: Sequence[AppHistory]) -> list[Drift]:
    """Returns what differs between a database and the declarations, app after app; empty when nothing does.

    An app with pending revisions is reported by these alone: until they ran, its tables must differ.
    Orphans, tables that no loaded app declares, come last.

    Raises:
        MigrationError: a history is broken.
    """
    found: list[Drift] = []
    with engine.connect() as connection:
        for history in histories:
            found += _revisions(connection, history)
        behind = {drift.app for drift in found}
        up_to_date = [history.name for history in histories if history.name not in behind]
        found += _differences(connection, metadata, up_to_date)
        tables = inspect(connection).get_table_names()
    apps = {history.name for history in histories}
    declared = {table.name for table in metadata.tables.values() if table_owner(table) in apps}
    orphans = sorted(name for name in tables if name.startswith(TABLE_PREFIX) and name not in declared)
    found += [
        Drift("", "orphan", name, "no installed app declares this table; drop it, or install its app")
        for name in orphans
    ]
    return found


def _revisions(connection: Connection, history: AppHistory) -> Iterator[Drift]:
    newest = head(history)
    with explained(history):
        at = version_context(connection, history).get_current_revision()
        known = {script.revision: script for script in scripts(history).walk_revisions()}
        if at is not None and at not in known:
            yield Drift(
                history.name,
                "unknown",
                at,
                f"the database is at this revision, which is not in {history.versions}; install the app that has it",
            )
            return
        waiting = []
        revision = newest
        while revision is not None and revision != at:
            script = known[revision]
            waiting.append(Drift(history.name, "pending", revision, f"{script.doc}: not applied yet; migrate"))
            revision = str(script.down_revision) if script.down_revision else None
    yield from reversed(waiting)


def _differences(connection: Connection, metadata: MetaData, apps: Sequence[str]) -> list[Drift]:
    scope = Scope(metadata, apps)
    context = MigrationContext.configure(connection, opts={"target_metadata": metadata, **comparison(scope)})
    upgrade = produce_migrations(context, metadata).upgrade_ops
    assert upgrade is not None
    drifts = [drift for operation in upgrade.ops for drift in _of(operation, metadata, context)]
    return sorted(drifts, key=lambda drift: (apps.index(drift.app), drift.where))


def _of(operation: Any, metadata: MetaData, context: MigrationContext) -> Iterator[Drift]:
    if isinstance(operation, ops.ModifyTableOps):
        if operation.table_name in metadata.tables:
            for inner in operation.ops:
                yield from _of(inner, metadata, context)
        return
    table = metadata.tables[operation.table_name]
    home = table_owner(table)
    name = table.name
    if isinstance(operation, ops.CreateTableOp):
        yield Drift(home, "missing", name, "the table does not exist; run makemigrations and migrate")
    elif isinstance(operation, ops.AddColumnOp):
        column = table.c[operation.column.name]
        yield Drift(
            column_owner(column), "missing", f"{name}.{column.name}", "the column does not exist; run makemigrations"
        )
    elif isinstance(operation, ops.DropColumnOp):
        yield Drift(home, "extra", f"{name}.{operation.column_name}", "no class declares this column")
    elif isinstance(operation, ops.AlterColumnOp):
        column = table.c[operation.column_name]
        yield Drift(
            column_owner(column), "differs", f"{name}.{column.name}", "; ".join(_changes(operation, column, context))
        )
    elif isinstance(operation, ops.CreateIndexOp):
        yield _missing(table, operation.to_index())
    elif isinstance(operation, ops.AddConstraintOp):
        yield _missing(table, operation.to_constraint())
    elif isinstance(operation, (ops.DropIndexOp, ops.DropConstraintOp)):
        item = operation.index_name if isinstance(operation, ops.DropIndexOp) else operation.constraint_name
        yield Drift(home, "extra", f"{name}: {item}", "no class declares this index or constraint")


def _missing(table: Table, item: Any) -> Drift:
    # what the operation makes is a copy; the table's own knows which app its columns are of
    items: list[Index | Constraint] = [*table.indexes, *table.constraints]
    declared = next((one for one in items if one.name == item.name), None)
    whose = table_owner(table) if declared is None else owner(declared)
    return Drift(whose, "missing", f"{table.name}: {item.name}", "this index or constraint does not exist")


def _changes(operation: ops.AlterColumnOp, column: Any, context: MigrationContext) -> Iterator[str]:
    if operation.modify_type is not None and operation.existing_type is not None:
        found, declared = (spelling(one, context.dialect) for one in (operation.existing_type, column.type))
        yield f"its type is {found}, declared is {declared}"
    if operation.modify_nullable is not None:
        words = ("NULL is not allowed", "NULL is allowed")
        yield f"in the database {words[not column.nullable]}, declared: {words[bool(column.nullable)]}"
    if operation.modify_server_default is not False:
        found_default, declared_default = operation.existing_server_default, column.server_default
        yield f"its default is {_default(found_default)}, declared is {_default(declared_default)}"


def _default(clause: Any) -> str:
    return "none" if not clause else str(getattr(clause, "arg", clause))
