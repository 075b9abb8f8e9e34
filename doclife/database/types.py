"""Column types: one name each, the right type on SQLite, PostgreSQL and MariaDB.

Text compares and sorts binary everywhere (design 3). Migrations name these types, so that a
revision written against SQLite is right on every database.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, DateTime, Double, Integer, Numeric, SmallInteger, String, Text, Time
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from doclife.core import clock, json
from doclife.core.amount import Amount
from doclife.core.context import current_or_none
from doclife.core.errors import DataError

#: binary order on each database; SQLite's default is binary already
MARIADB_COLLATION = "utf8mb4_nopad_bin"
POSTGRES_COLLATION = "C"

__all__ = [
    "AmountType",
    "BigInt",
    "CheckType",
    "Date",
    "Double",
    "JsonText",
    "LongText",
    "NaiveDateTime",
    "NameNumber",
    "ShortText",
    "TimeOfDay",
    "UtcDateTime",
]


class _NoConstraint:
    """A type that brings no constraint: Alembic asks each for the name of one when it rebuilds a table on SQLite."""

    name: str | None = None


class ShortText(_NoConstraint, TypeDecorator[str]):
    """Text of at most `length` characters, binary order."""

    impl = String
    cache_ok = True

    def __init__(self, length: int = 140) -> None:
        """Builds the type; `length` in characters."""
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Returns the type of this dialect."""
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.VARCHAR(self.length, charset="utf8mb4", collation=MARIADB_COLLATION))
        if dialect.name == "postgresql":
            return dialect.type_descriptor(String(self.length, collation=POSTGRES_COLLATION))
        return dialect.type_descriptor(String(self.length))


class LongText(_NoConstraint, TypeDecorator[str]):
    """Text without a limit, binary order."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Returns the type of this dialect."""
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.LONGTEXT(charset="utf8mb4", collation=MARIADB_COLLATION))
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Text(collation=POSTGRES_COLLATION))
        return dialect.type_descriptor(Text())


class JsonText(_NoConstraint, TypeDecorator[Any]):
    """JSON kept as text: the same on every database, types of `core.json.pack` included."""

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Returns the text to store."""
        return None if value is None else json.pack(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Returns the data of the stored text."""
        return None if value is None else json.unpack(value)


class AmountType(_NoConstraint, TypeDecorator[Amount]):
    """Exact money: NUMERIC(21, 6); on SQLite a REAL, which holds 15 significant digits exactly."""

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int = 21, scale: int = 6) -> None:
        """Builds the type: `precision` digits in all, `scale` of them after the point."""
        super().__init__(precision, scale)
        self.precision, self.scale = precision, scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Returns the type of this dialect."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sqlite.REAL())
        return dialect.type_descriptor(Numeric(self.precision, self.scale))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Returns the number to store.

        Raises:
            DataError: more than 15 significant digits on SQLite.
        """
        if value is None:
            return None
        return amount_to_real(value) if dialect.name == "sqlite" else Decimal(Amount(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> Amount | None:
        """Returns the stored number as an Amount."""
        return None if value is None else Amount(value)


#: significant digits of which a float keeps every decimal
_REAL_DIGITS = 15


def fits_real(value: Decimal) -> bool:
    """Tells whether an amount has so few significant digits that every float keeps them."""
    digits = value.as_tuple().digits
    if len(digits) <= _REAL_DIGITS:
        return True
    return not any(digits[_REAL_DIGITS:])


def amount_to_real(value: Any) -> float:
    """Returns the float that SQLite stores for an amount.

    Raises:
        DataError: the amount has more than 15 significant digits, which a float would not keep.
    """
    number = float(value)
    if (number >= 1e9 or number <= -1e9) and not fits_real(Amount(value)):  # with six places, smaller ones always fit
        raise DataError(f"{value} has more than 15 significant digits, which SQLite cannot keep; use another database")
    return number


class NaiveDateTime(_NoConstraint, TypeDecorator[datetime]):
    """A naive datetime in the site's time zone, with microseconds."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Returns the type of this dialect."""
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())


class UtcDateTime(_NoConstraint, TypeDecorator[datetime]):
    """An operational time: stored in UTC, naive site time in Python (design 3).

    The zone is that of the open context's site; without a context it is UTC. Aware datetimes are
    accepted and converted.
    """

    impl = NaiveDateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Returns the naive UTC datetime to store."""
        return None if value is None else clock.to_utc(value, _site_zone()).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Returns the naive datetime in the site's zone."""
        return None if value is None else clock.to_site(value.replace(tzinfo=UTC), _site_zone())


def _site_zone() -> str:
    context = current_or_none()
    return "UTC" if context is None else str(context.site.settings.time_zone)


class TimeOfDay(_NoConstraint, TypeDecorator[Any]):
    """A time of day with microseconds."""

    impl = Time
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Returns the type of this dialect."""
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.TIME(fsp=6))
        return dialect.type_descriptor(Time())


class CheckType(_NoConstraint, TypeDecorator[int]):
    """0 or 1."""

    impl = SmallInteger
    cache_ok = True


class BigInt(_NoConstraint, TypeDecorator[int]):
    """A whole number of 64 bits; on SQLite INTEGER, so that it can be an automatic key."""

    impl = sqltypes.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Returns the type of this dialect."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Integer())
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.BIGINT())
        return dialect.type_descriptor(sqltypes.BigInteger())


#: what stands for a text that is no number of a name, where one is looked for: no document has it
NO_NAME = -1
_NUMBER_OF_NAME = re.compile(r"[1-9][0-9]{0,17}")


def is_name_number(name: Any) -> bool:
    """Tells whether a text can be the name of a document whose names are numbers: "12", not "012" or "12a"."""
    return isinstance(name, str) and _NUMBER_OF_NAME.fullmatch(name) is not None


def name_to_number(name: Any) -> int:
    """Returns the number of a name, as text or whole number; NO_NAME for any other text."""
    text = str(name)
    return int(text) if is_name_number(text) else NO_NAME


class NameNumber(_NoConstraint, TypeDecorator[str]):
    """The name of an autoincrement type: text in Python, a whole number in the table, so that 9 sorts before 10."""

    impl = BigInt
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        """Returns the number of a name; of a text that is none a number that no document has."""
        return None if value is None else name_to_number(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Returns the name."""
        return None if value is None else str(value)
