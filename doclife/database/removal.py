"""Removing an app from a database: its tables, its columns in other apps' tables, its version table."""

from __future__ import annotations

from collections.abc import Callable, Collection

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, MetaData, inspect

from doclife.core.errors import MigrationError
from doclife.database.migrate import AppHistory, downgrade, drop_version_table, prepared
from doclife.database.ownership import column_owner, table_owner


def remove(
    engine: Engine, metadata: MetaData, history: AppHistory, report: Callable[[str], None] | None = None
) -> None:
    """Undoes all revisions of an app, then drops what is left of what its classes declare.

    May be called again after a failure, as where MariaDB has kept half of a revision: what is gone is passed over.

    Args:
        engine: the site's database.
        metadata: the tables of all loaded apps.
        history: the app's revisions.
        report: is told of a revision that cannot be undone; the tables are dropped all the same.
    Order: inside `migrate_lock`.
    """
    try:
        downgrade(engine, metadata, history)
    except MigrationError as error:
        if report is not None:
            report(f"{error}; the tables are dropped as they are")
    with engine.connect() as connection, prepared(connection):
        _drop_columns(connection, metadata, history.name)
        there = set(inspect(connection).get_table_names())
        own = [t for t in metadata.sorted_tables if table_owner(t) == history.name and t.name in there]
        metadata.drop_all(connection, tables=own)
        drop_version_table(connection, history)
        connection.commit()


def own_columns(connection: Connection, metadata: MetaData, app: str) -> dict[str, list[str]]:
    """Returns the columns that an app has added to tables of others and that stand in the database, by table."""
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    found = {}
    for table in metadata.sorted_tables:
        if table_owner(table) != app and table.name in there:
            declared = [column.name for column in table.columns if column_owner(column) == app]
            if declared:
                stored = {column["name"] for column in inspector.get_columns(table.name)}
                found[table.name] = [name for name in declared if name in stored]
    return {table: names for table, names in found.items() if names}


def _drop_columns(connection: Connection, metadata: MetaData, app: str) -> None:
    columns = own_columns(connection, metadata, app)
    operations = Operations(MigrationContext.configure(connection, opts={"target_metadata": metadata}))
    inspector = inspect(connection)
    for table, names in columns.items():
        # SQLite drops no column that a key is over; the servers take keys and columns together
        for index in inspector.get_indexes(table):
            if _over(index["column_names"], names) and not index.get("duplicates_constraint"):
                operations.drop_index(str(index["name"]), table_name=table)
        with operations.batch_alter_table(table) as batch:
            if connection.dialect.name == "sqlite":
                for unique in inspector.get_unique_constraints(table):
                    if _over(unique["column_names"], names):
                        batch.drop_constraint(str(unique["name"]), type_="unique")
            for name in names:
                batch.drop_column(name)


def _over(columns: Collection[str | None], names: Collection[str]) -> bool:
    return not set(names).isdisjoint(columns)
