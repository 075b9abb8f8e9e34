"""The migrate lock: of all hosts that start a migration of one database, one runs at a time.

The lock dies with its holder's connection (or process), so a killed migration blocks nobody.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from doclife.core.errors import MigrationError

_NAME = "doclife migrate"
#: SQLSTATE lock_not_available
_POSTGRES_TIMEOUT = "55P03"
#: the file beside a SQLite database that is locked while it is migrated; it stays, empty: a
#: deleted file could be locked by one process while another creates and locks it anew
LOCK_SUFFIX = ".migrate-lock"


@contextmanager
def migrate_lock(engine: Engine, timeout_s: float = 60.0) -> Iterator[None]:
    """Holds the database's migrate lock for the block, on a connection of its own.

    Args:
        engine: the site's database.
        timeout_s: seconds to wait for whoever holds it.
    Raises:
        MigrationError: it was not had in time.
    """
    holders = {"sqlite": _sqlite, "postgresql": _postgres, "mysql": _mariadb, "mariadb": _mariadb}
    with holders[engine.dialect.name](engine, timeout_s):
        yield


def _timed_out(engine: Engine, timeout_s: float) -> MigrationError:
    return MigrationError(
        f"another process has been migrating {engine.url.render_as_string(hide_password=True)} for more than "
        f"{timeout_s:g} s; wait until it has ended, then migrate again"
    )


@contextmanager
def _sqlite(engine: Engine, timeout_s: float) -> Iterator[None]:
    path = engine.url.database
    if not path or path == ":memory:":
        yield  # nobody else can open it
        return
    lock = Path(path).with_name(Path(path).name + LOCK_SUFFIX)
    with closing(_lock_file(engine, lock, timeout_s)):
        yield


def _lock_file(engine: Engine, lock: Path, timeout_s: float) -> sqlite3.Connection:
    # A lock that works wherever SQLite does and goes with the process; the database itself cannot
    # be locked, for the migration needs it.
    connection = None
    try:
        connection = sqlite3.connect(lock, timeout=timeout_s, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if connection is not None:
            connection.close()
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise _timed_out(engine, timeout_s) from error
        raise MigrationError(f"{lock} cannot be locked: {error}; check that its folder can be written to") from error
    return connection


@contextmanager
def _postgres(engine: Engine, timeout_s: float) -> Iterator[None]:
    key = int.from_bytes(hashlib.sha256(_NAME.encode()).digest()[:8], "big", signed=True)
    with engine.connect() as connection, connection.begin():
        # the lock of a transaction and not of the session: behind PgBouncer only that stays with one server process
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, round(timeout_s * 1000))}")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        try:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _POSTGRES_TIMEOUT:
                raise
            raise _timed_out(engine, timeout_s) from error
        yield


@contextmanager
def _mariadb(engine: Engine, timeout_s: float) -> Iterator[None]:
    # names of GET_LOCK are the whole server's, and at most 64 characters
    name = f"{_NAME} {hashlib.sha256((engine.url.database or '').encode()).hexdigest()[:32]}"
    with engine.connect() as connection:
        had = connection.execute(text("SELECT GET_LOCK(:name, :seconds)"), {"name": name, "seconds": timeout_s})
        if had.scalar() != 1:
            raise _timed_out(engine, timeout_s)
        try:
            yield
        finally:
            connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})
