"""Engines: one per site and process, set up so that transactions mean the same everywhere.

SQLite: the driver's own transaction control is off (it would commit before DDL and begin late);
reads run without a transaction and `begin_write` begins IMMEDIATE, so that two writers queue up
instead of losing updates (libraries.md 2). PostgreSQL and MariaDB run READ COMMITTED.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Engine, event
from sqlalchemy import create_engine as sa_create_engine
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from doclife.core.clock import monotonic
from doclife.core.errors import ConfigError, DatabaseUnavailable

#: the driver a bare scheme means
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mariadb+pymysql",
    "mariadb": "mariadb+pymysql",
    "mysql+pymysql": "mariadb+pymysql",
}

#: MariaDB: what does not fit a column is refused and not cut off, however the server is set up
_STRICT = "SET SESSION sql_mode = CONCAT_WS(',', @@sql_mode, 'STRICT_ALL_TABLES')"

#: in `Connection.info`: is told of the errors of statements that SQLAlchemy has run on this connection
TOLD_OF_ERRORS = "doclife_told_of_errors"

#: a connection to a server that was not in use for so many seconds is asked whether it is still one; a shorter pause
#: is no more likely to have cost it than a transaction that takes as long
PING_AFTER_S = 0.2
_USED_AT = "doclife_used_at"

#: the engines of this process
_engines: WeakSet[Engine] = WeakSet()


def parse_url(text: str) -> URL:
    """Returns the URL with the driver that doclife uses.

    Raises:
        ConfigError: it is no URL of SQLite, PostgreSQL or MariaDB.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ConfigError(f"db_url {text!r} is not a database URL, e.g. postgresql://user@host/name") from error
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.get_backend_name() not in ("sqlite", "postgresql", "mysql", "mariadb"):
        raise ConfigError(f"db_url: {url.drivername!r} is not supported; use sqlite, postgresql or mariadb")
    return url


def create_engine(
    url: str | URL, *, pool_size: int = 5, busy_timeout: float = 5.0, echo: bool = False, single: bool = False
) -> Engine:
    """Returns an engine for a site's database.

    Args:
        url: SQLAlchemy URL.
        pool_size: connections this process keeps.
        busy_timeout: seconds SQLite waits for its write lock.
        echo: log every statement.
        single: of a server: one connection and no more, and each statement on it commits at once.
    Raises:
        ConfigError: unknown database, or its driver is not installed.
    """
    parsed = parse_url(url) if isinstance(url, str) else url
    backend = parsed.get_backend_name()
    options: dict[str, Any] = {"echo": echo}
    if backend == "sqlite":
        options["connect_args"] = {"timeout": busy_timeout, "check_same_thread": False}
        if parsed.database not in (None, "", ":memory:"):
            options["pool_size"] = pool_size
    else:
        options |= {"pool_size": pool_size, "isolation_level": "READ COMMITTED"}
        if single:
            options |= {"pool_size": 1, "max_overflow": 0, "isolation_level": "AUTOCOMMIT"}
    if backend in ("mysql", "mariadb"):
        options["connect_args"] = {"init_command": _STRICT}
        if parsed.get_driver_name() == "mysqldb":
            options["connect_args"]["multi_statements"] = False  # one text, one statement
    try:
        engine = sa_create_engine(parsed, **options)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        extra = "postgres" if backend == "postgresql" else "mariadb"
        raise ConfigError(f"the driver for {parsed.drivername} is missing: pip install 'doclife[{extra}]'") from error
    if backend == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    else:
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", partial(_ping_if_idle, engine))
    if parsed.get_driver_name() == "pymysql":
        from doclife.database.mariadb import connect  # the driver is an extra

        event.listen(engine, "do_connect", connect)
    event.listen(engine, "handle_error", _on_error)
    _engines.add(engine)
    return engine


def _close_sqlite() -> None:
    """Closes idle connections to SQLite's files, which a forked process must not even close.

    What SQLite knows of a file, its locks too, is kept once per process for all its connections. A
    child that inherits it thinks that it holds locks, which the operating system gives to the parent alone.
    Source: SQLite, "How to corrupt a database file", section 2.6.
    """
    for engine in list(_engines):
        if is_sqlite(engine) and isinstance(
            engine.pool, QueuePool
        ):  # else it is in memory, and ends with its connection
            engine.dispose()


def _forget_connections() -> None:
    """Leaves a pool's connections to the parent process: two that speak on one socket read each other's answers."""
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(before=_close_sqlite, after_in_child=_forget_connections)


def _on_error(context: ExceptionContext) -> DatabaseUnavailable | None:
    """Returns what to raise for a connection that could not be made, and tells who wants to know of other errors."""
    if context.connection is not None:
        if not context.connection.invalidated and (told := context.connection.info.get(TOLD_OF_ERRORS)) is not None:
            told(context.original_exception)
        return None
    if context.engine is None:
        return None
    reason = str(context.original_exception).partition("\n")[0]
    return DatabaseUnavailable(
        f"the database {context.engine.url} cannot be reached: {reason}; see db_url in the settings"
    )


def _note_use(_connection: Any, record: Any) -> None:
    record.info[_USED_AT] = monotonic()


def _ping_if_idle(engine: Engine, connection: Any, record: Any, _proxy: Any) -> None:
    """Has the pool open new connections where the server has given up this one while nobody used it."""
    used_at = record.info.get(_USED_AT)  # a new connection was not used yet
    if used_at is None or monotonic() - used_at < PING_AFTER_S:
        return
    dialect = engine.dialect
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        if dialect.is_disconnect(error, connection, None):
            raise InvalidatePoolError from error
        raise


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    # WAL needs a file; an in-memory database answers "memory" and goes on.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def is_sqlite(bind: Engine | Connection) -> bool:
    """Tells whether `bind` speaks to SQLite."""
    return bind.dialect.name == "sqlite"


def begin_write(connection: Connection) -> None:
    """Begins a write transaction: IMMEDIATE on SQLite, what the driver does elsewhere.

    Order: before the first write of a connection's transaction; it may have read before.
    """
    if not connection.in_transaction():
        connection.begin()
    if is_sqlite(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Opens a connection of its own with a write transaction; commits, or rolls back on an exception."""
    with engine.connect() as connection:
        begin_write(connection)
        try:
            yield connection
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


def can_connect(engine: Engine) -> bool:
    """Tells whether the database answers."""
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except DatabaseUnavailable:
        return False
    return True
