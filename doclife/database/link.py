"""A link: one connection with one transaction at a time, and a short way down to the driver.

The hot statements of documents are compiled once by their owners and run here on one reused
cursor of the driver (performance.md 1): that is the difference between 140 and 350 µs for an
invoice. Where the engine has listeners or echoes, the same texts go through SQLAlchemy instead,
so that nothing an observer should see passes it by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from sqlalchemy import Connection, CursorResult, Engine, Executable
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from doclife.core.errors import DatabaseUnavailable, DoclifeError, TransactionAborted, TransactionError
from doclife.core.log import get_logger
from doclife.database.apart import Apart
from doclife.database.cursors import hot_cursor
from doclife.database.engine import TOLD_OF_ERRORS, is_sqlite, transaction
from doclife.database.errors import dooms_transaction, wrap

CONNECTION_DISCARDED = "database_connection_discarded"

Row = tuple[Any, ...]

log = get_logger(__name__)


class Link:
    """One connection of a unit of work: statements, transaction and savepoints."""

    def __init__(self, engine: Engine) -> None:
        """Prepares the link; it connects with the first statement."""
        self.engine = engine
        self.dialect = engine.dialect.name
        self._sqlite = is_sqlite(engine)
        #: what a statement raises: the driver, SQLAlchemy, and Python for values it cannot hand to the database
        self._errors = (engine.dialect.loaded_dbapi.Error, DBAPIError, OverflowError, ValueError)
        #: what a rollback raises that cannot be done: of the driver, and of a connection that is gone
        self._lost = (engine.dialect.loaded_dbapi.Error, SQLAlchemyError)
        self._connection: Connection | None = None
        self._cursor: Any = None
        #: whether a write transaction is open
        self.writing = False
        #: why nothing more can be done in this transaction, or ""
        self.doomed = ""
        #: PostgreSQL: the refused statement that nobody has undone, or ""; until then all others are refused too
        self.failed = ""
        #: PostgreSQL: whether a savepoint that is done with is released by the message that sets the next one
        self._releases_late = False
        #: such a savepoint, or ""; all above it are done with too
        self._done_with = ""

    @property
    def connection(self) -> Connection:
        """The SQLAlchemy connection, inside this link's transaction.

        Whoever asks may set savepoints of their own, which no later RELEASE may take along.
        """
        self._releases_late = False
        if self._done_with:
            before, self._done_with = self._done_with, ""
            self.run(f"RELEASE SAVEPOINT {before}")
        return self._opened

    @property
    def _opened(self) -> Connection:
        if self._connection is None:
            self._open()
        assert self._connection is not None
        return self._connection

    def _open(self) -> None:
        connection = self._connect()
        if not connection.in_transaction():
            connection.begin()  # without it SQLAlchemy would commit nothing
        self._connection = connection
        observed = connection._has_events or connection.engine._has_events or connection._echo
        self._cursor = None if observed else hot_cursor(connection)

    def _connect(self) -> Connection:
        return self.engine.connect()

    def observe(self) -> Connection:
        """Sends the statements to come through SQLAlchemy, for the listeners of the connection, which is returned."""
        connection = self._opened
        self._cursor = None
        return connection

    def lend(self) -> Connection:
        """Lends the connection to somebody whose statements do not pass through this link: a session.

        What the database does to the transaction there is known here too.
        """
        connection = self.connection
        connection.info[TOLD_OF_ERRORS] = self._note
        return connection

    def _note(self, error: BaseException) -> None:
        if isinstance(error, Exception) and dooms_transaction(wrapped := wrap(error, self.dialect), self.dialect):
            self.doomed = self.doomed or str(wrapped)

    # -- statements -----------------------------------------------------------------------------

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Runs a driver-level SELECT and returns all its rows."""
        if self.doomed:
            self._refuse()
        if self._connection is None:
            self._open()
        cursor = self._cursor
        try:
            if cursor is None:
                return [tuple(row) for row in self._opened.exec_driver_sql(sql, tuple(params))]
            cursor.execute(sql, params)
            result: list[Row] = cursor.fetchall()
        except self._errors as error:
            self._raise(error)
        except BaseException as error:
            self._interrupted(error)
            raise
        return result

    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Runs a driver-level write and returns how many rows it met."""
        if self.doomed:
            self._refuse()
        cursor = self._cursor
        try:
            if cursor is None:
                return self._opened.exec_driver_sql(sql, tuple(params)).rowcount
            cursor.execute(sql, params)
        except self._errors as error:
            self._raise(error)
        except BaseException as error:
            self._interrupted(error)
            raise
        count: int = cursor.rowcount
        return count

    def run_many(self, sql: str, rows: Sequence[Row]) -> None:
        """Runs a driver-level write once per row in one call."""
        if self.doomed:
            self._refuse()
        cursor = self._cursor
        try:
            if cursor is None:
                self._opened.exec_driver_sql(sql, list(rows))
            else:
                cursor.executemany(sql, rows)
        except self._errors as error:
            self._raise(error)
        except BaseException as error:
            self._interrupted(error)
            raise

    def execute(self, statement: Executable, params: Any = None) -> CursorResult[Any]:
        """Runs a SQLAlchemy statement."""
        if self.doomed:
            self._refuse()
        try:
            result: CursorResult[Any] = self._opened.execute(statement, params)
        except self._errors as error:
            self._raise(error)
        return result

    def driver_sql(self, sql: str, params: Any = None) -> CursorResult[Any]:
        """Runs a text in the driver's own parameter style."""
        if self.doomed:
            self._refuse()
        try:
            return self._opened.exec_driver_sql(sql, params)
        except self._errors as error:
            self._raise(error)

    def _raise(self, error: Exception) -> NoReturn:
        wrapped = wrap(error, self.dialect)
        if self._is_lost(error):
            if not isinstance(wrapped, DatabaseUnavailable):
                wrapped = DatabaseUnavailable(f"the connection to the database was lost: {wrapped}")
            self._doom(wrapped)
        elif dooms_transaction(wrapped, self.dialect) or self._ended_by_sqlite():
            self.doomed = str(wrapped)
        elif self.dialect == "postgresql" and self._is_aborted():
            if self.writing:
                self.failed = self.failed or str(wrapped)
            else:
                self.rollback()  # nothing was written or locked: nothing is lost, and the next statement can run
        if self.failed and self.failed != str(wrapped):
            raise self._failure() from error
        raise wrapped from error

    def _doom(self, reason: BaseException) -> None:
        """Gives the connection up; what was written through it is gone, so only a rollback may follow."""
        writing = self.writing
        self._discard(reason)
        if writing:
            self.doomed = str(reason) or type(reason).__name__

    def _discard(self, reason: BaseException) -> None:
        connection, self._connection, self._cursor = self._connection, None, None
        if connection is not None:
            log.warning(CONNECTION_DISCARDED, reason=str(reason) or type(reason).__name__)
            connection.invalidate()
            connection.close()

    def _interrupted(self, error: BaseException) -> None:
        """Gives up the connection to a server whose answer nobody has waited for: the next one would be misread."""
        if not self._sqlite and not isinstance(error, Exception):
            self._doom(error)

    def _is_lost(self, error: Exception) -> bool:
        connection = self._connection
        if connection is None:
            return False
        if connection.invalidated:
            return True
        original: Any = getattr(error, "orig", None) or error
        return self.engine.dialect.is_disconnect(original, connection.connection.driver_connection, self._cursor)

    def _ended_by_sqlite(self) -> bool:
        """Tells whether SQLite has rolled back by itself, as it may when the disk is full."""
        if not self._sqlite or not self.writing or self._connection is None:
            return False
        return not self._driver.in_transaction

    def _is_aborted(self) -> bool:
        return self._connection is not None and self._driver.info.transaction_status.name == "INERROR"

    @property
    def _driver(self) -> Any:
        """The driver's own connection."""
        return self._opened.connection.driver_connection

    def _failure(self) -> TransactionError:
        return TransactionError(
            f"a statement was refused ({self.failed}), its error was caught, and PostgreSQL does nothing more before "
            "it is undone; put what may fail into `with db.savepoint():`"
        )

    def _refuse(self) -> NoReturn:
        raise TransactionAborted(
            f"the database ended this transaction ({self.doomed}); roll back, then begin again "
            "(doclife.retry_on_conflict does both)"
        )

    def check_alive(self) -> None:
        """Refuses to go on as if all were well in a transaction that can only be undone.

        Raises:
            TransactionError: PostgreSQL, a refused statement was caught and not undone.
        """
        if self.failed:
            raise self._failure()

    # -- the transaction -------------------------------------------------------------------------

    def begin_write(self) -> None:
        """Begins the write transaction; SQLite takes its only writer lock here."""
        if self._connection is None:
            self._open()
        if self._sqlite:
            self.run("BEGIN IMMEDIATE")
        self._releases_late = self.dialect == "postgresql"
        self.writing = True

    def commit(self) -> None:
        """Commits what there is; afterwards the link is ready for the next transaction.

        Raises:
            TransactionError and its kinds: there is nothing to commit any more; roll back.
        """
        if self.doomed:
            self._refuse()
        self.check_alive()  # PostgreSQL would answer COMMIT by a silent rollback
        connection = self._connection
        if connection is None:
            return
        try:
            connection.commit()
        except DBAPIError as error:
            self._raise(error)
        self._ended()
        connection.begin()

    def rollback(self) -> None:
        """Rolls back what there is; a connection that cannot is given up, and the database rolls back itself."""
        self._ended()
        connection = self._connection
        if connection is None:
            return
        try:
            if connection.in_transaction():
                connection.rollback()
            else:  # a COMMIT that failed: for SQLAlchemy it is over, SQLite still holds it
                connection.connection.rollback()
            connection.begin()
        except self._lost as error:
            self._discard(error)

    def close(self) -> None:
        """Gives the connection back to the pool; what was not committed is rolled back."""
        connection, self._connection, self._cursor = self._connection, None, None
        self._ended()
        if connection is not None:
            if not connection.invalidated:
                connection.info.pop(TOLD_OF_ERRORS, None)
            connection.close()

    def _ended(self) -> None:
        self.writing = self._releases_late = False
        self.doomed = self.failed = self._done_with = ""

    # -- savepoints ------------------------------------------------------------------------------

    def savepoint(self, name: str) -> None:
        """Sets a savepoint."""
        before, self._done_with = self._done_with, ""
        self.run(f"RELEASE SAVEPOINT {before}; SAVEPOINT {name}" if before else f"SAVEPOINT {name}")

    def release(self, name: str) -> None:
        """Forgets a savepoint and those above it; on a server that costs no message of its own."""
        if self._releases_late:
            self._done_with = name
        elif self.dialect not in ("mysql", "mariadb"):  # they replace one of the same name by themselves
            self.run(f"RELEASE SAVEPOINT {name}")

    def rollback_to(self, name: str) -> None:
        """Undoes everything since the savepoint, which stays; where that cannot be done, only a rollback may follow."""
        if self.doomed:
            return
        self.failed = self._done_with = ""
        try:
            self.run(f"ROLLBACK TO SAVEPOINT {name}")
        except DoclifeError as error:  # what is being undone has raised already: that must not be hidden
            self.doomed = self.doomed or str(error)


class Database:
    """One site's database in this process: hands out links and short transactions."""

    def __init__(self, engine: Engine) -> None:
        """Builds it over an engine."""
        self.engine = engine
        self.dialect = engine.dialect.name
        #: under `doclife.testing` the connection whose open transaction holds the whole test
        self.outer: Connection | None = None
        self._links = 0
        #: writes beside the transactions in progress
        self.apart = Apart(engine)

    def link(self) -> Link:
        """Returns a new link; under a test's outer transaction one that lives inside it."""
        if self.outer is None:
            return Link(self.engine)
        from doclife.database.nested import NestedLink  # tests alone need it

        self._links += 1
        return NestedLink(self.engine, self.outer, f"unit_{self._links}")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Opens a short write transaction of its own; commits, or rolls back on an exception.

        Raises:
            DoclifeError: the database refused a statement of the block, or its beginning or end.
        """
        try:
            if self.outer is None:
                with transaction(self.engine) as connection:
                    yield connection
            else:
                with self.outer.begin_nested():
                    yield self.outer
        except DBAPIError as error:
            raise wrap(error, self.dialect) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Opens a connection for reading.

        Raises:
            DoclifeError: the database refused a statement of the block.
        """
        try:
            if self.outer is not None:
                yield self.outer
            else:
                with self.engine.connect() as connection:
                    yield connection
        except DBAPIError as error:
            raise wrap(error, self.dialect) from error

    def close(self) -> None:
        """Closes the pool's connections."""
        self.engine.dispose()
        self.apart.close()
