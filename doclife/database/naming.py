"""Names of indexes and constraints: deterministic, the same on every database, never too long.

SQLAlchemy's own truncation depends on the dialect, so a revision made on SQLite (no limit) would
name an index that PostgreSQL (63 bytes) then calls otherwise. Here every name is cut to the
smallest limit, before any dialect sees it. Imports nothing of doclife but core.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from doclife.core.errors import SchemaError

#: bytes of UTF-8 an identifier may have everywhere: PostgreSQL's NAMEDATALEN - 1 (MariaDB: 64 characters)
IDENTIFIER_LIMIT = 63
_HASH_LENGTH = 8


def shorten(name: str, limit: int = IDENTIFIER_LIMIT) -> str:
    """Returns `name`, or when it is longer than `limit` bytes, its beginning and a hash of the whole.

    The hash keeps two long names with one beginning apart.
    """
    encoded = name.encode()
    if len(encoded) <= limit:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:_HASH_LENGTH]
    head = encoded[: limit - _HASH_LENGTH - 1].decode(errors="ignore")  # a character cut in half goes
    return f"{head}_{digest}"


def index_name(table: str, columns: Iterable[str]) -> str:
    """Returns the name of the index of `columns`; it holds the table's, as names are shared by a whole schema."""
    return shorten("_".join(("ix", table, *columns)))


def unique_name(table: str, columns: Iterable[str]) -> str:
    """Returns the name of the unique constraint of `columns`."""
    return shorten("_".join(("uq", table, *columns)))


def version_table_name(app: str) -> str:
    """Returns the name of the table that holds the revision an app's tables are at."""
    return shorten(f"alembic_version_{app}")


def _columns(columns: Iterable[Column[Any]]) -> list[str]:
    return [column.name for column in columns]


def _index(index: Index, table: Table) -> str:
    return index_name(table.name, _columns(index.columns))


def _unique(constraint: UniqueConstraint, table: Table) -> str:
    return unique_name(table.name, _columns(constraint.columns))


def _primary(constraint: PrimaryKeyConstraint, table: Table) -> str:
    return shorten(f"pk_{table.name}")


def _foreign(constraint: ForeignKeyConstraint, table: Table) -> str:
    return shorten("_".join(("fk", table.name, *_columns(constraint.columns))))


def _check(constraint: CheckConstraint, table: Table) -> str:
    if constraint.name is None:
        raise SchemaError(
            f"Table {table.name!r}: a check constraint needs a name: CheckConstraint(..., name='positive')."
        )
    return shorten(f"ck_{table.name}_{constraint.name}")


#: for `MetaData(naming_convention=...)`. "constraint_name" within the token of ck is SQLAlchemy's sign that
#: a constraint that was given a name is to pass through here too
NAMING_CONVENTION: dict[str, Any] = {
    "ix": "%(doclife_ix)s",
    "uq": "%(doclife_uq)s",
    "pk": "%(doclife_pk)s",
    "fk": "%(doclife_fk)s",
    "ck": "%(doclife_ck_constraint_name)s",
    "doclife_ix": _index,
    "doclife_uq": _unique,
    "doclife_pk": _primary,
    "doclife_fk": _foreign,
    "doclife_ck_constraint_name": _check,
}
