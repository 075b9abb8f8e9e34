"""Which app a table, a column or an index belongs to.

All tables stand in one MetaData and all names begin alike, so a table says it itself:
`Table.info["app"]`. A column that another app adds to it has `Column.info["app"]`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Column, MetaData, Table

from doclife.core.errors import SchemaError

#: table name, kind as Alembic calls it ("table", "column", "index", ...), name
Item = tuple[str, str, str]


def table_owner(table: Table) -> str:
    """Returns the app of a table.

    Raises:
        SchemaError: it does not say.
    """
    owner = table.info.get("app")
    if not owner:
        raise SchemaError(f"Table {table.name!r} does not say whose it is; build it with info={{'app': 'the_app'}}.")
    return str(owner)


def column_owner(column: Column[Any]) -> str:
    """Returns the app of a column: the one that added it, or its table's."""
    added_by = column.info.get("app")
    return str(added_by) if added_by else table_owner(column.table)


def owner(item: Any) -> str:
    """Returns the app of a table, a column, an index or a constraint.

    An index or constraint belongs to the app that added one of its columns, if any was added.
    """
    if isinstance(item, Table):
        return table_owner(item)
    if isinstance(item, Column):
        return column_owner(item)
    home = table_owner(item.table)
    added = sorted({column_owner(column) for column in item.columns} - {home})
    return added[0] if added else home


class Scope:
    """What of a MetaData and of a database belongs to some apps: the filters of a comparison."""

    def __init__(self, metadata: MetaData, apps: Collection[str], made_by: Mapping[Item, str] | None = None) -> None:
        """Builds the scope.

        Args:
            metadata: the tables of all loaded apps.
            apps: whose items count.
            made_by: who made what stands in the database; without it, what no class declares
                belongs to the app of its table.
        """
        self.apps = frozenset(apps)
        self.made_by = made_by
        self.owners = {table.name: table_owner(table) for table in metadata.tables.values()}
        self.tables = {
            table.name
            for table in metadata.tables.values()
            if not self.apps.isdisjoint({column_owner(column) for column in table.columns} | {table_owner(table)})
        }
        if made_by is not None:
            self.tables |= {table for (table, kind, _), app in made_by.items() if kind == "table" and app in self.apps}

    def include_name(self, name: str | None, kind: str, parents: Any) -> bool:
        """Tells whether something found in the database is to be looked at."""
        return kind != "table" or name in self.tables

    def include_object(self, item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        """Tells whether a difference in this item concerns the apps of this scope."""
        if reflected and other is None:
            return self.maker(item.name if kind == "table" else item.table.name, kind, str(name)) in self.apps
        if kind == "table":
            # one that exists is entered for the columns that an app added; one that is missing is its owner's
            return other is not None or table_owner(item) in self.apps
        return owner(item) in self.apps

    def maker(self, table: str, kind: str, name: str) -> str | None:
        """Returns the app of something in the database that no class declares."""
        if self.made_by is None:
            return self.owners.get(table)
        return self.made_by.get((table, kind, name), self.made_by.get((table, "table", table)))
