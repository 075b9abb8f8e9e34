"""The same work without doclife: SQLAlchemy's ORM, its Core, and the driver alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from time import perf_counter
from typing import Any

from sqlalchemy import ForeignKey, String, create_engine, event, insert, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from benchmarks.harness import Timed
from doclife.core.ids import hash_name

NOW = datetime(2026, 1, 31, 12, 30, 15, 123456)
DAY = date(2026, 1, 31)
ROWS = 5


class Base(DeclarativeBase):
    """The ORM's own base."""


class OrmInvoice(Base):
    """The columns of a Bench Invoice, mapped."""

    __tablename__ = "orm_invoice"

    name: Mapped[str] = mapped_column(String(140), primary_key=True)
    owner: Mapped[str | None]
    creation: Mapped[datetime | None]
    modified: Mapped[datetime | None]
    modified_by: Mapped[str | None]
    docstatus: Mapped[int]
    idx: Mapped[int]
    amended_from: Mapped[str | None]
    customer: Mapped[str | None]
    posting_date: Mapped[date | None]
    status: Mapped[str | None]
    remark: Mapped[str | None]
    net_total: Mapped[float]
    items: Mapped[list[OrmItem]] = relationship()


class OrmItem(Base):
    """The columns of a Bench Item, mapped."""

    __tablename__ = "orm_item"

    name: Mapped[str] = mapped_column(String(140), primary_key=True)
    owner: Mapped[str | None]
    creation: Mapped[datetime | None]
    modified: Mapped[datetime | None]
    modified_by: Mapped[str | None]
    docstatus: Mapped[int]
    idx: Mapped[int]
    parent: Mapped[str] = mapped_column(ForeignKey("orm_invoice.name"), index=True)
    parenttype: Mapped[str | None]
    parentfield: Mapped[str | None]
    item_code: Mapped[str | None]
    description: Mapped[str | None]
    qty: Mapped[int]
    rate: Mapped[float]
    amount: Mapped[float]


def standard() -> dict[str, Any]:
    """Returns the standard columns of a new document."""
    return {
        "name": hash_name(),
        "owner": "Administrator",
        "creation": NOW,
        "modified": NOW,
        "modified_by": "Administrator",
        "docstatus": 0,
        "idx": 0,
    }


def invoice_values() -> dict[str, Any]:
    """Returns the columns of an invoice."""
    own = {"customer": "C1", "posting_date": DAY, "status": "Draft", "remark": None, "net_total": 50.0}
    return {**standard(), "amended_from": None, **own}


def item_values(parent: str, idx: int) -> dict[str, Any]:
    """Returns the columns of a row."""
    own = {"item_code": f"ITEM-{idx}", "description": "a thing", "qty": 2, "rate": 5.0, "amount": 10.0}
    place = {"parent": parent, "parenttype": "Bench Invoice", "parentfield": "items"}
    return {**standard(), "idx": idx, **place, **own}


class Yardstick:
    """A plain SQLite file set up as doclife sets up its own."""

    def __init__(self, path: str) -> None:
        """Makes the file and its tables."""
        self.engine: Engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})

        @event.listens_for(self.engine, "connect")
        def set_up(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA foreign_keys=ON")

        Base.metadata.create_all(self.engine)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Opens a connection inside BEGIN IMMEDIATE and commits."""
        with self.engine.connect() as connection:
            connection.begin()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def orm(self) -> Timed:
        """`session.add` and flush of an invoice with its rows."""

        def way(count: int) -> float:
            with self.writing() as connection, Session(connection) as session:
                begun = perf_counter()
                for _ in range(count):
                    values = invoice_values()
                    invoice = OrmInvoice(**values)
                    invoice.items = [OrmItem(**item_values(values["name"], n + 1)) for n in range(ROWS)]
                    session.add(invoice)
                    session.flush()
                return perf_counter() - begun

        return way

    def core(self) -> Timed:
        """Two Core executes in `begin_nested`."""
        invoices, items = OrmInvoice.__table__, OrmItem.__table__

        def way(count: int) -> float:
            with self.writing() as connection:
                begun = perf_counter()
                for _ in range(count):
                    with connection.begin_nested():
                        values = invoice_values()
                        connection.execute(insert(invoices), values)
                        connection.execute(insert(items), [item_values(values["name"], n + 1) for n in range(ROWS)])
                return perf_counter() - begun

        return way

    def raw(self) -> Timed:
        """The driver alone, with a savepoint."""
        invoice_sql = _insert_text("orm_invoice", invoice_values())
        item_sql = _insert_text("orm_item", item_values("x", 1))

        def way(count: int) -> float:
            with self.writing() as connection:
                cursor = connection.connection.cursor()
                begun = perf_counter()
                for _ in range(count):
                    cursor.execute("SAVEPOINT s")
                    values = invoice_values()
                    cursor.execute(invoice_sql, _plain(values))
                    rows = [_plain(item_values(values["name"], n + 1)) for n in range(ROWS)]
                    cursor.executemany(item_sql, rows)
                    cursor.execute("RELEASE SAVEPOINT s")
                return perf_counter() - begun

        return way

    def core_load(self, count: int) -> Timed:
        """Two Core selects of an invoice and its rows."""
        names = self._stored(count)
        invoices, items = OrmInvoice.__table__, OrmItem.__table__

        def way(times: int) -> float:
            with self.engine.connect() as connection:
                begun = perf_counter()
                for n in range(times):
                    name = names[n % len(names)]
                    connection.execute(select(invoices).where(invoices.c.name == name)).first()
                    connection.execute(select(items).where(items.c.parent == name).order_by(items.c.idx)).all()
                return perf_counter() - begun

        return way

    def core_load_and_save(self, count: int) -> Timed:
        """Two Core selects and an update of one column in `begin_nested`."""
        names = self._stored(count)
        invoices, items = OrmInvoice.__table__, OrmItem.__table__

        def way(times: int) -> float:
            with self.writing() as connection:
                begun = perf_counter()
                for n in range(times):
                    name = names[n % len(names)]
                    connection.execute(select(invoices).where(invoices.c.name == name)).first()
                    connection.execute(select(items).where(items.c.parent == name)).all()
                    with connection.begin_nested():
                        connection.execute(invoices.update().where(invoices.c.name == name).values(remark=f"r{n}"))
                return perf_counter() - begun

        return way

    def core_many(self, size: int) -> Timed:
        """One Core executemany of `size` simple documents."""
        invoices = OrmInvoice.__table__

        def way(count: int) -> float:
            with self.writing() as connection:
                begun = perf_counter()
                for _ in range(count):
                    connection.execute(insert(invoices), [invoice_values() for _ in range(size)])
                return perf_counter() - begun

        return way

    def _stored(self, count: int) -> list[str]:
        names = []
        with self.writing() as connection:
            for _ in range(count):
                values = invoice_values()
                names.append(values["name"])
                connection.execute(insert(OrmInvoice.__table__), values)
                rows = [item_values(values["name"], n + 1) for n in range(ROWS)]
                connection.execute(insert(OrmItem.__table__), rows)
        return names


def _insert_text(table: str, values: dict[str, Any]) -> str:
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"


def _plain(values: dict[str, Any]) -> list[Any]:
    return [
        value.isoformat(" ") if isinstance(value, datetime) else value.isoformat() if isinstance(value, date) else value
        for value in values.values()
    ]


def per_call(function: Callable[[Any, str], object], document: Any) -> Timed:
    """A plain call of a handler's function."""

    def way(count: int) -> float:
        begun = perf_counter()
        for _ in range(count):
            function(document, "on_update")
        return perf_counter() - begun

    return way
