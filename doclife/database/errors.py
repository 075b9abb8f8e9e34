"""What a driver's error means, in doclife's own errors: the one place where they are wrapped."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.exc import DBAPIError

from doclife.core.errors import (
    DatabaseUnavailable,
    DataError,
    DoclifeError,
    DuplicateEntryError,
    QueryDeadlockError,
    QueryTimeoutError,
    TransactionAborted,
)


class DuplicateKey(DuplicateEntryError):
    """A key exists already.

    `columns` are the columns of the violated key where the driver tells them, `constraint` is its
    name where the driver tells that; the model turns this into an error that names the document.
    """

    def __init__(self, message: str, *, columns: tuple[str, ...] = (), constraint: str = "") -> None:
        """Builds the error from what the driver said."""
        super().__init__(message)
        self.columns = columns
        self.constraint = constraint

    @property
    def primary(self) -> bool:
        """Whether the key is the primary key, the document's name."""
        return self.columns == ("name",) or self.constraint == "PRIMARY" or self.constraint.startswith("pk_")


#: SQLSTATE of PostgreSQL
_POSTGRES_DUPLICATE = "23505"
_POSTGRES_CONFLICT = {"40P01", "40001"}
_POSTGRES_TIMEOUT = {"55P03", "57014"}
_POSTGRES_UNKNOWN_NAME = {"42P01", "42703"}
#: error numbers of MariaDB
_MARIADB_DUPLICATE = {1062, 1586}
_MARIADB_DEADLOCK = 1213
_MARIADB_CHECK_FAILED = 1020  # "record has changed since last read", a conflict from 11.x on
_MARIADB_TIMEOUT = {1205, 1969, 3024}
_MARIADB_UNKNOWN = 1305
_MARIADB_UNKNOWN_NAME = {1146, 1054}
#: how SQLite, which has no number for it, begins to say that there is no such table or column
_SQLITE_UNKNOWN_NAME = re.compile(r"no such (table|column):|table .* has no column named ")

#: SQLAlchemy's savepoint, which nobody but the end of the transaction can have taken away
_SESSION_SAVEPOINT = re.compile(r"SAVEPOINT sa_savepoint_\d+ does not exist")
_MARIADB_KEY = re.compile(r"for key '(?:[^']*\.)?([^'.]+)'")


def wrap(error: Exception, dialect: str) -> DoclifeError:
    """Returns the doclife error for a driver's error.

    Args:
        error: what the driver raised.
        dialect: sqlite, postgresql, mysql or mariadb.
    """
    original: Any = getattr(error, "orig", None) or error
    text = str(original)
    if getattr(error, "connection_invalidated", False):  # SQLAlchemy's word for it, whatever the driver said
        return DatabaseUnavailable(f"the connection to the database was lost: {text}")
    if dialect == "sqlite":
        return _wrap_sqlite(original, text)
    if dialect == "postgresql":
        return _wrap_postgres(original, text)
    return _wrap_mariadb(original, text)


#: package of a driver -> dialect
_DRIVERS = {"sqlite3": "sqlite", "psycopg": "postgresql", "pymysql": "mariadb"}


def wrap_from_session(error: DBAPIError) -> DoclifeError:
    """Returns the doclife error for one of SQLAlchemy's, as a session of an app's own raises it."""
    return wrap(error, _DRIVERS.get(type(error.orig).__module__.partition(".")[0], ""))


def dooms_transaction(error: DoclifeError, dialect: str) -> bool:
    """Tells whether the database has already rolled back the whole transaction (MariaDB, deadlock)."""
    return isinstance(error, QueryDeadlockError) and dialect in ("mysql", "mariadb")


def _wrap_sqlite(original: Any, text: str) -> DoclifeError:
    name = getattr(original, "sqlite_errorname", "") or ""
    if name in ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"):
        # "UNIQUE constraint failed: tabX.a, tabX.b"; table names of documents hold no comma or dot
        columns = tuple(part.rpartition(".")[2].strip() for part in text.partition(": ")[2].split(","))
        return DuplicateKey(text, columns=columns)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return QueryTimeoutError(f"the database stayed locked by another writer: {text}")
    return _refused(text, unknown_name=_SQLITE_UNKNOWN_NAME.match(text) is not None)


def _wrap_postgres(original: Any, text: str) -> DoclifeError:
    state = getattr(original, "sqlstate", None) or ""
    if state == _POSTGRES_DUPLICATE:
        return DuplicateKey(text, constraint=original.diag.constraint_name or "")
    if state in _POSTGRES_CONFLICT:
        return QueryDeadlockError(text)
    if state in _POSTGRES_TIMEOUT:
        return QueryTimeoutError(text)
    return _refused(text, unknown_name=state in _POSTGRES_UNKNOWN_NAME)


def _wrap_mariadb(original: Any, text: str) -> DoclifeError:
    number = original.args[0] if getattr(original, "args", None) else 0
    if number in _MARIADB_DUPLICATE:
        found = _MARIADB_KEY.search(text)
        return DuplicateKey(text, constraint=found.group(1) if found else "")
    if number in (_MARIADB_DEADLOCK, _MARIADB_CHECK_FAILED):
        return QueryDeadlockError(text)
    if number in _MARIADB_TIMEOUT:
        return QueryTimeoutError(text)
    if number == _MARIADB_UNKNOWN and _SESSION_SAVEPOINT.search(text):
        return TransactionAborted(f"the database ended this transaction: {text}")
    return _refused(text, unknown_name=number in _MARIADB_UNKNOWN_NAME)


def _refused(text: str, *, unknown_name: bool) -> DoclifeError:
    # the hint goes before the driver's text, which may have many lines
    hint = " (if it is an app's or doclife's own, the site is not migrated: doclife migrate)" if unknown_name else ""
    return DataError(f"the database refused a statement{hint}: {text}")
