"""Statements that commit at once, beside the transactions in progress."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from doclife.database.engine import create_engine, is_sqlite
from doclife.database.errors import wrap


class Apart:
    """One further connection of this process to a server, for statements that are transactions of their own.

    It is not of the pool: where each who has a connection waits for a second one, all would wait for
    ever. SQLite has one writer, so there nothing can be written beside an open transaction.
    """

    def __init__(self, engine: Engine) -> None:
        """Prepares it; it connects with the first statement."""
        self._beside = engine
        self._engine: Engine | None = None
        self._lock = threading.Lock()

    @property
    def is_possible(self) -> bool:
        """Whether this kind of database can do it."""
        return not is_sqlite(self._beside)

    def run(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Runs one statement and commits it, whatever becomes of the transactions in progress; returns its rows.

        Args:
            sql: in the driver's parameter style.
            params: of the statement.
        Raises:
            DoclifeError: the database refused it.
        """
        with self.connection() as connection:
            result = connection.exec_driver_sql(sql, tuple(params))
            return [tuple(row) for row in result] if result.returns_rows else []

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lends the connection for the block: each statement on it commits at once. Others wait for it meanwhile.

        Raises:
            DoclifeError: the database refused a statement of the block.
        """
        with self._lock:
            if self._engine is None:
                self._engine = create_engine(self._beside.url, single=True)
        try:
            with self._engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise wrap(error, self._beside.dialect.name) from error

    def close(self) -> None:
        """Closes the connection; the next statement opens another."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()
