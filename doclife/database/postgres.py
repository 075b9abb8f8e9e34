"""What hot statements do otherwise on PostgreSQL: numbered parameters, and one INSERT for many rows.

psycopg parses a text with `%s` anew at each call when it has more than 50 of them, and its
`executemany` sends one message a row. With `$1`, `$2`, ... there is nothing to parse, and the five
rows of an invoice are one prepared statement: 72 µs instead of 147. See docs/performance.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import nullcontext
from functools import lru_cache
from itertools import chain, count
from typing import Any

from psycopg import Connection, RawCursor

#: rows of one INSERT: more gain nothing, each number of rows is a statement of its own, and prepared it takes
#: some 15 KB a row on the server
_MOST_ROWS = 16
#: parameters of one statement, by the protocol
_MOST_PARAMETERS = 65_535

_MARK = re.compile("%%|%s")


@lru_cache(maxsize=4096)
def numbered(sql: str) -> bytes:
    """Returns the text with `$1`, `$2`, ... for each `%s`, and `%` for each `%%`."""
    numbers = count(1)
    return _MARK.sub(lambda mark: "%" if mark[0] == "%%" else f"${next(numbers)}", sql).encode()


@lru_cache(maxsize=1024)
def _of_rows(insert: str, rows: int) -> bytes:
    """Returns the INSERT of one row as one of several rows."""
    head, values, group = insert.rpartition(" VALUES ")
    return numbered(f"{head}{values}{', '.join([group] * rows)}")


class PostgresCursor:
    """The driver's cursor as a link uses it, for texts with `%s`."""

    __slots__ = ("_cursor", "fetchall", "rowcount")

    def __init__(self, connection: Connection[Any]) -> None:
        """Opens a cursor of the driver's connection."""
        self._cursor = RawCursor(connection)
        self.fetchall = self._cursor.fetchall
        self.rowcount = -1

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        """Runs a statement."""
        cursor = self._cursor
        cursor.execute(numbered(sql), params)
        self.rowcount = cursor.rowcount

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Runs a statement for each row; an INSERT for up to 16 rows at once, and all of those without waiting."""
        cursor = self._cursor
        if not sql.startswith("INSERT"):
            cursor.executemany(numbered(sql), rows)
            return
        most = min(_MOST_ROWS, _MOST_PARAMETERS // len(rows[0]))
        with cursor.connection.pipeline() if len(rows) > most else nullcontext():
            for start in range(0, len(rows), most):
                part = rows[start : start + most]
                cursor.execute(_of_rows(sql, len(part)), list(chain.from_iterable(part)))
