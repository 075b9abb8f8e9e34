"""MariaDB's driver, spared what costs much: dates by regular expressions, and ROLLBACK where nothing is open.

PyMySQL's own converters take 2 to 5 µs each, and an invoice with five rows has thirteen dates. A pool
rolls a connection back when it comes home, and a unit of work does when it ends: after a COMMIT
both are a message for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pymysql import Connection, converters
from pymysql.constants import FIELD_TYPE
from pymysql.cursors import Cursor

if TYPE_CHECKING:
    _Connection = Connection[Cursor]  # generic in its stubs alone
else:
    _Connection = Connection


def _reader(parse: Callable[[str], Any], otherwise: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return parse(text)
        except ValueError:  # 0000-00-00, which no date of Python can be
            return otherwise(text)

    return read


_read_datetime = _reader(datetime.fromisoformat, converters.convert_datetime)

#: PyMySQL's `conv`, which makes values of what a column's type has sent
CONVERSIONS: dict[Any, Any] = {
    **converters.conversions,
    FIELD_TYPE.DATE: _reader(date.fromisoformat, converters.convert_date),
    FIELD_TYPE.DATETIME: _read_datetime,
    FIELD_TYPE.TIMESTAMP: _read_datetime,
}


class LazyConnection(_Connection):
    """A connection that sends ROLLBACK only where something was sent since the last end of a transaction."""

    _in_use = True

    def query(self, sql: Any, unbuffered: bool = False) -> int:
        """Sends a text."""
        self._in_use = True
        return super().query(sql, unbuffered)

    def commit(self) -> None:
        """Commits."""
        super().commit()
        self._in_use = False

    def rollback(self) -> None:
        """Rolls back what there may be."""
        if self._in_use:
            super().rollback()
            self._in_use = False


def connect(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> LazyConnection:
    """Opens a connection; a listener of SQLAlchemy's `do_connect`."""
    return LazyConnection(*arguments, **(options | {"conv": CONVERSIONS}))
