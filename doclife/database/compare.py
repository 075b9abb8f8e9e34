"""When a column of a database is the column that a class declares.

Alembic's own comparison is lenient where one side says less, about collations for one; binary
order is a promise here (design 3), so doclife's types are compared by their full spelling.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Column
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from doclife.database.scratch import is_own

_INTEGER_WIDTH = re.compile(r"\b((?:TINY|SMALL|BIG)?INT(?:EGER)?)\(\d+\)")
_CAST = re.compile(r"::[\w\s\"]+(?:\(\d+(?:,\s*\d+)?\))?$")

_NOW = re.compile(r"^(?:current_timestamp(?:\(\d*\))?|now)$")


def spelling(kind: TypeEngine[Any], dialect: Dialect) -> str:
    """Returns how `dialect` writes a type, without what says nothing (display widths, synonyms)."""
    text = kind.compile(dialect=dialect)
    return _INTEGER_WIDTH.sub(r"\1", text).replace("DECIMAL", "NUMERIC")


def types_differ(
    context: Any, found: Column[Any], declared: Column[Any], found_type: TypeEngine[Any], type_: TypeEngine[Any]
) -> bool | None:
    """Tells whether a column's type is not the declared one; None leaves it to Alembic."""
    if spelling(found_type, context.dialect) == spelling(type_, context.dialect):
        return False
    return True if is_own(type_) else None


def plain_default(text: str | None) -> str | None:
    """Returns a column default as all databases would write it: no casts, brackets, quotes, trailing zeros."""
    if text is None:
        return None
    text = text.strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    text = _CAST.sub("", text)
    if text.upper() == "NULL":
        return None
    if len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1].replace("''", "'")
    elif not text.startswith("'"):
        text = _NOW.sub("current_timestamp", text.lower().removesuffix("()"))
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return f"{number.normalize():f}" if number.is_finite() else text


def defaults_differ(
    context: Any, found: Column[Any], declared: Column[Any], found_text: str | None, default: Any, text: str | None
) -> bool | None:
    """Tells whether a column's default is not the declared one; None leaves it to Alembic."""
    return False if plain_default(found_text) == plain_default(text) else None
