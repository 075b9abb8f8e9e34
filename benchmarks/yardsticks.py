"""The same work without doclife: SQLAlchemy's ORM, its Core, and the driver alone, on the same database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from benchmarks.harness import Timed
from benchmarks.tables import ROWS, YardstickTables, insert_text, plain, select_text
from doclife.database.engine import transaction


class Yardstick:
    """What doclife is measured against on one database. Values are made inside the time, as documents are."""

    def __init__(self, engine: Engine, tables: YardstickTables) -> None:
        """Takes an engine on the site's database, where the tables are."""
        self.engine, self.tables = engine, tables
        self.style = "qmark" if engine.dialect.name == "sqlite" else "format"
        #: values of a row -> parameters of the driver
        self.bound: Callable[[dict[str, Any]], list[Any]] = (
            plain if self.style == "qmark" else lambda values: list(values.values())
        )

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        """Opens a cursor of the driver inside a write transaction, which is committed."""
        with transaction(self.engine) as connection:
            yield connection.connection.cursor()

    def _repeated(self, work: Callable[[Connection], Callable[[int], object]]) -> Timed:
        """Times what `work` returns, called with a number, in one transaction."""

        def way(count: int) -> float:
            with transaction(self.engine) as connection:
                once = work(connection)
                begun = perf_counter()
                for n in range(count):
                    once(n)
                return perf_counter() - begun

        return way

    def orm(self) -> Timed:
        """`session.add` and flush of an invoice with its rows."""
        tables = self.tables

        def way(count: int) -> float:
            with transaction(self.engine) as connection, Session(connection) as session:
                begun = perf_counter()
                for _ in range(count):
                    values = tables.invoice_values()
                    invoice = tables.OrmInvoice(**values)
                    invoice.items = [tables.OrmItem(**row) for row in tables.items_values(values["name"])]
                    session.add(invoice)
                    session.flush()
                return perf_counter() - begun

        return way

    def core(self) -> Timed:
        """Two Core executes in `begin_nested`."""
        tables = self.tables

        def work(connection: Connection) -> Callable[[int], object]:
            def once(_n: int) -> None:
                with connection.begin_nested():
                    values = tables.invoice_values()
                    connection.execute(insert(tables.invoice), values)
                    connection.execute(insert(tables.item), tables.items_values(values["name"]))

            return once

        return self._repeated(work)

    def raw(self) -> Timed:
        """The driver alone, with a savepoint."""
        tables, bound = self.tables, self.bound
        invoice_sql, item_sql = insert_text(tables.invoice, self.style), insert_text(tables.item, self.style)

        def way(count: int) -> float:
            with self._cursor() as cursor:
                begun = perf_counter()
                for _ in range(count):
                    cursor.execute("SAVEPOINT s")
                    values = tables.invoice_values()
                    cursor.execute(invoice_sql, bound(values))
                    cursor.executemany(item_sql, [bound(row) for row in tables.items_values(values["name"])])
                    cursor.execute("RELEASE SAVEPOINT s")
                return perf_counter() - begun

        return way

    def core_load(self, count: int) -> Timed:
        """Two Core selects of an invoice and its rows."""
        names, invoices, items = self._stored(count), self.tables.invoice, self.tables.item

        def work(connection: Connection) -> Callable[[int], object]:
            def once(n: int) -> None:
                name = names[n % len(names)]
                connection.execute(select(invoices).where(invoices.c.name == name)).first()
                connection.execute(select(items).where(items.c.parent == name).order_by(items.c.idx)).all()

            return once

        return self._repeated(work)

    def raw_load(self, count: int) -> Timed:
        """The driver alone: an invoice and its rows as it gives them."""
        names = self._stored(count)
        invoice_sql = select_text(self.tables.invoice, "name", self.style)
        items_sql = select_text(self.tables.item, "parent", self.style)

        def way(times: int) -> float:
            with self._cursor() as cursor:
                begun = perf_counter()
                for n in range(times):
                    name = names[n % len(names)]
                    cursor.execute(invoice_sql, (name,))
                    cursor.fetchall()
                    cursor.execute(items_sql, (name,))
                    cursor.fetchall()
                return perf_counter() - begun

        return way

    def core_load_and_save(self, count: int) -> Timed:
        """Two Core selects and an update of one field and `modified` in `begin_nested`."""
        names, invoices, items = self._stored(count), self.tables.invoice, self.tables.item

        def work(connection: Connection) -> Callable[[int], object]:
            def once(n: int) -> None:
                name = names[n % len(names)]
                row = connection.execute(select(invoices).where(invoices.c.name == name)).first()
                connection.execute(select(items).where(items.c.parent == name).order_by(items.c.idx)).all()
                assert row is not None
                with connection.begin_nested():
                    unchanged = (invoices.c.name == name) & (invoices.c.modified == row.modified)
                    values = {"remark": f"remark {n}", "modified": row.modified.replace(microsecond=n)}
                    connection.execute(invoices.update().where(unchanged).values(values))

            return once

        return self._repeated(work)

    def core_submit(self) -> Timed:
        """Two Core updates, of an invoice and of its rows, in `begin_nested`."""
        tables = self.tables

        def way(count: int) -> float:
            with transaction(self.engine) as connection:
                stored = [self._store(connection) for _ in range(count)]
                begun = perf_counter()
                for name, modified in stored:
                    with connection.begin_nested():
                        unchanged = (tables.invoice.c.name == name) & (tables.invoice.c.modified == modified)
                        changes = {"docstatus": 1, "modified": modified.replace(microsecond=1)}
                        connection.execute(tables.invoice.update().where(unchanged).values(changes))
                        connection.execute(tables.item.update().where(tables.item.c.parent == name).values(changes))
                return perf_counter() - begun

        return way

    def core_many(self, size: int) -> Timed:
        """One Core executemany of `size` simple documents."""
        tables = self.tables
        return self._repeated(
            lambda connection: (
                lambda _n: connection.execute(insert(tables.note), [tables.note_values() for _ in range(size)])
            )
        )

    def raw_many(self, size: int) -> Timed:
        """The driver's own executemany of `size` simple documents."""
        tables, bound = self.tables, self.bound
        sql = insert_text(tables.note, self.style)

        def way(count: int) -> float:
            with self._cursor() as cursor:
                begun = perf_counter()
                for _ in range(count):
                    cursor.executemany(sql, [bound(tables.note_values()) for _ in range(size)])
                return perf_counter() - begun

        return way

    def _stored(self, count: int) -> list[str]:
        with transaction(self.engine) as connection:
            return [self._store(connection)[0] for _ in range(count)]

    def _store(self, connection: Connection) -> tuple[str, Any]:
        values = self.tables.invoice_values()
        connection.execute(insert(self.tables.invoice), values)
        rows = self.tables.items_values(values["name"])
        assert len(rows) == ROWS
        connection.execute(insert(self.tables.item), rows)
        return values["name"], values["modified"]


def per_call(function: Callable[[Any, str], object], document: Any) -> Timed:
    """A plain call of a handler's function."""

    def way(count: int) -> float:
        begun = perf_counter()
        for _ in range(count):
            function(document, "on_update")
        return perf_counter() - begun

    return way
