"""Three small apps for the tests of migrations: the framework, a shop, and one that adds to the shop's table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, MetaData, Table

from doclife.database import types
from doclife.database.autogenerate import revision
from doclife.database.migrate import AppHistory
from doclife.database.naming import NAMING_CONVENTION

INVOICE = "tabSales Invoice"


def new_metadata() -> MetaData:
    return MetaData(naming_convention=NAMING_CONVENTION)


def framework(metadata: MetaData) -> Table:
    """Adds the framework's one table, which has a column of every type."""
    return Table(
        "tabEvery Type",
        metadata,
        Column("name", types.ShortText(), primary_key=True),
        Column("label", types.ShortText(255), unique=True),
        Column("amount", types.AmountType(), nullable=False, server_default="0"),
        Column("percent", types.AmountType(9, 2)),
        Column("note", types.LongText()),
        Column("data", types.JsonText()),
        Column("creation", types.NaiveDateTime()),
        Column("due", types.UtcDateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        Column("opens", types.TimeOfDay()),
        Column("disabled", types.CheckType(), nullable=False, server_default="0"),
        Column("idx", types.BigInt(), nullable=False, server_default="0"),
        Column("posting_date", types.Date()),
        Column("rate", types.Double(), nullable=False, server_default="0"),
        Column("status", types.ShortText(20), server_default="Draft"),
        info={"app": "doclife"},
    )


def invoice(metadata: MetaData, *columns: Column[object], name: str = INVOICE) -> Table:
    """Adds the shop's table: a few columns and those given."""
    return Table(
        name,
        metadata,
        Column("name", types.ShortText(), primary_key=True),
        Column("net_total", types.AmountType(), nullable=False, server_default="0"),
        *columns,
        info={"app": "shop", "doctype": object()},  # what a class keeps there must not reach a revision
    )


class Project:
    """Histories in a folder."""

    def __init__(self, folder: Path) -> None:
        self.doclife = AppHistory("doclife", folder / "doclife")
        self.shop = AppHistory("shop", folder / "shop")
        self.extra = AppHistory("extra", folder / "extra")

    @property
    def all(self) -> list[AppHistory]:
        return [self.doclife, self.shop, self.extra]

    def revise(self, metadata: MetaData, app: str, message: str = "initial", **options: Any) -> Path | None:
        return revision(metadata, self.all, app, message, **options)


def column_names(engine: sa.Engine, table: str) -> list[str]:
    return [column["name"] for column in sa.inspect(engine).get_columns(table)]


def rows(engine: sa.Engine, sql: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(sql))]


def run(engine: sa.Engine, *statements: str) -> None:
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
        connection.commit()


def quoted(engine: sa.Engine, name: str) -> str:
    return engine.dialect.identifier_preparer.quote_identifier(name)
