"""The yardsticks' tables: the columns, types and indexes of doclife's own, in SQLAlchemy's types, with ORM classes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Dialect, Engine, MetaData, Table
from sqlalchemy.orm import foreign, registry, relationship
from sqlalchemy.types import TypeDecorator

from doclife.core.ids import hash_name

NOW = datetime(2026, 1, 31, 12, 30, 15, 123456)
DAY = date(2026, 1, 31)
ROWS = 5

Values = dict[str, Any]


class YardstickTables:
    """Copies of the benchmark's tables on one database, and classes that are mapped to them."""

    def __init__(self, engine: Engine, invoice: Table, item: Table, note: Table) -> None:
        """Makes the tables of an invoice, its rows and a simple document."""
        metadata = MetaData()
        self.invoice = _copy(invoice, "yard_invoice", metadata, engine.dialect)
        self.item = _copy(item, "yard_item", metadata, engine.dialect)
        self.note = _copy(note, "yard_note", metadata, engine.dialect)
        metadata.create_all(engine)
        #: amounts as each database's driver takes them without conversion
        self.amount: Any = float if engine.dialect.name == "sqlite" else Decimal
        self.OrmInvoice, self.OrmItem = _mapped(self.invoice, self.item)

    def invoice_values(self) -> Values:
        """Returns the columns of a new invoice."""
        values = _standard()
        values |= {"amended_from": None, "customer": "C1", "posting_date": DAY, "status": "Draft", "remark": None}
        values["net_total"] = self.amount(50)
        return values

    def item_values(self, parent: str, idx: int) -> Values:
        """Returns the columns of a new row."""
        values = _standard()
        values["idx"] = idx
        values |= {"parent": parent, "parenttype": "Bench Invoice", "parentfield": "items"}
        values |= {"item_code": f"ITEM-{idx}", "description": "a thing", "qty": 2}
        values["rate"], values["amount"] = self.amount(5), self.amount(10)
        return values

    def items_values(self, parent: str) -> list[Values]:
        """Returns the columns of an invoice's five new rows."""
        return [self.item_values(parent, n + 1) for n in range(ROWS)]

    def note_values(self) -> Values:
        """Returns the columns of a new simple document."""
        return {**_standard(), "title": "note", "body": "text", "amount": self.amount(5)}


def _standard() -> Values:
    return {
        "name": hash_name(),
        "owner": "Administrator",
        "creation": NOW,
        "modified": NOW,
        "modified_by": "Administrator",
        "docstatus": 0,
        "idx": 0,
    }


def _copy(table: Table, name: str, metadata: MetaData, dialect: Dialect) -> Table:
    """Returns a table of the same shape in types that SQLAlchemy itself converts."""
    columns = []
    for each in table.columns:
        kind: Any = each.type
        while isinstance(kind, TypeDecorator):
            kind = kind.load_dialect_impl(dialect)
        columns.append(
            Column(each.name, kind, primary_key=each.primary_key, nullable=each.nullable, index=bool(each.index))
        )
    return Table(name, metadata, *columns)


def _mapped(invoice: Table, item: Table) -> tuple[Any, Any]:
    mapper = registry()
    orm_item = type("OrmItem", (), {})
    orm_invoice = type("OrmInvoice", (), {})
    mapper.map_imperatively(orm_item, item)
    joined = invoice.c.name == foreign(item.c.parent)  # like doclife's tables: no foreign key in the database
    mapper.map_imperatively(orm_invoice, invoice, properties={"items": relationship(orm_item, primaryjoin=joined)})
    return orm_invoice, orm_item


def insert_text(table: Table, paramstyle: str) -> str:
    """Returns the INSERT that somebody would write who uses the driver alone."""
    marks = ", ".join(("?" if paramstyle == "qmark" else "%s",) * len(table.columns))
    return f"INSERT INTO {table.name} ({', '.join(column.name for column in table.columns)}) VALUES ({marks})"


def select_text(table: Table, column: str, paramstyle: str) -> str:
    """Returns the SELECT of all columns that somebody would write who uses the driver alone."""
    columns = ", ".join(each.name for each in table.columns)
    return f"SELECT {columns} FROM {table.name} WHERE {column} = {'?' if paramstyle == 'qmark' else '%s'}"


def plain(values: Values) -> list[Any]:
    """Returns values as SQLite's driver takes them: dates as text."""
    return [
        value.isoformat(" ") if isinstance(value, datetime) else value.isoformat() if isinstance(value, date) else value
        for value in values.values()
    ]
