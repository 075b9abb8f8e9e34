"""Names in joins: those of autoincrement types are numbers in their table, and texts wherever they are linked.

Compared with each other, one side is converted: the one whose values are known when the other side's
index is to be used. PostgreSQL compares no number with a text, and MariaDB would find 12 for "12 May".
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import BinaryExpression, ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import eq, ne

from doclife.database.types import NameNumber, ShortText


class _NumberOf(FunctionElement[str]):
    """The number that a text is; NULL where it is the name of no autoincrement type."""

    type = NameNumber()
    inherit_cache = True


class _TextOf(FunctionElement[str]):
    """The text of a number."""

    type = ShortText()
    inherit_cache = True


@compiles(_NumberOf, "sqlite")
def _sqlite_number(element: Any, compiler: Any, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    digits = f"{text} GLOB '[1-9]*' AND {text} NOT GLOB '*[^0-9]*' AND length({text}) <= 18"
    return f"CASE WHEN {digits} THEN CAST({text} AS INTEGER) END"


@compiles(_NumberOf, "postgresql")
def _postgres_number(element: Any, compiler: Any, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"CASE WHEN {text} ~ '^[1-9][0-9]{{0,17}}$' THEN CAST({text} AS BIGINT) END"


@compiles(_NumberOf, "mysql", "mariadb")
def _mariadb_number(element: Any, compiler: Any, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"CASE WHEN {text} REGEXP '^[1-9][0-9]{{0,17}}$' THEN CAST({text} AS SIGNED) END"


@compiles(_TextOf, "sqlite")
def _sqlite_text(element: Any, compiler: Any, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS TEXT)"


@compiles(_TextOf, "postgresql")
def _postgres_text(element: Any, compiler: Any, **options: Any) -> str:
    return f'CAST({compiler.process(element.clauses, **options)} AS VARCHAR) COLLATE "C"'


@compiles(_TextOf, "mysql", "mariadb")
def _mariadb_text(element: Any, compiler: Any, **options: Any) -> str:
    return (
        f"CAST({compiler.process(element.clauses, **options)} AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_nopad_bin"
    )


def is_number(expression: Any) -> bool:
    """Tells whether an expression gives the names of an autoincrement type."""
    return isinstance(getattr(expression, "type", None), NameNumber)


def same_name(looked_for: ColumnElement[Any], known: ColumnElement[Any]) -> ColumnElement[bool]:
    """Returns the condition that two columns hold the same name.

    Args:
        looked_for: keeps its type, so that its index serves.
        known: takes the type of the other one.
    """
    if is_number(looked_for) == is_number(known):
        return looked_for == known
    made: ColumnElement[Any] = _TextOf(known) if is_number(known) else _NumberOf(known)
    return looked_for == made


def comparable(expression: Any) -> ColumnElement[bool] | None:
    """Returns a comparison of a name that is a number with a text column so that it can be run; None for others."""
    if not isinstance(expression, BinaryExpression) or expression.operator not in (eq, ne):
        return None
    left, right = expression.left, expression.right
    if is_number(left) == is_number(right):
        return None
    number, text = (left, right) if is_number(left) else (right, left)
    made = same_name(number, text)
    return made if expression.operator is eq else ~made
