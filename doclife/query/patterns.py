"""Patterns: LIKE that ignores the case of every letter, on every database.

lower() of SQLite, and of PostgreSQL under the collation "C", knows ASCII alone. For other letters in
a pattern servers make these small in the column too, one function around it for each; SQLite, whose
parser takes forty of them at most, gets a GLOB with both forms of each letter.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, String, cast, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from doclife.core.errors import ValidationError, brief
from doclife.query.scope import Place

#: different letters beyond ASCII in a pattern: more than any two alphabets have
_MOST_LETTERS = 120


class _Alike(FunctionElement[bool]):
    """Whether a column is like a pattern: the condition of servers, the column, and SQLite's pattern."""

    type = Boolean()
    inherit_cache = True


@compiles(_Alike)
def _like(element: Any, compiler: Any, **options: Any) -> str:
    condition, _column, _glob = element.clauses
    return f"({compiler.process(condition, **options)})"


@compiles(_Alike, "sqlite")
def _glob(element: Any, compiler: Any, **options: Any) -> str:
    _condition, column, glob = element.clauses
    return f"({compiler.process(column, **options)} GLOB {compiler.process(glob, **options)})"


def written(place: Place, pattern: Any) -> str:
    """Returns a pattern as a text that every database reads to its end.

    Raises:
        ValidationError: it has a NUL, where SQLite would end it and find more than was asked for.
    """
    text = str(pattern)
    if "\0" in text:
        raise ValidationError(f"{place.doctype}.{place.name}: a pattern cannot have a NUL: {brief(text)}")
    return text


def alike(place: Place, pattern: Any) -> ColumnElement[bool]:
    """Returns the condition that a column is like a pattern: `%` is any text, `_` one sign, a backslash quotes them.

    Args:
        place: the column; of another type than text what it looks like.
        pattern: a text, or a column.
    """
    if isinstance(pattern, ColumnElement):
        return func.lower(place.column).like(func.lower(pattern), escape="\\")
    text = written(place, pattern)
    if (len(text) - len(text.rstrip("\\"))) % 2:
        text += "\\"
    column: ColumnElement[Any] = place.column if place.is_text else cast(place.column, String)
    small = text.lower()
    letters = sorted({each for each in small if not each.isascii() and len(_forms(each)) > 1})
    if not letters:
        return func.lower(column).like(small, escape="\\")
    if len(letters) > _MOST_LETTERS:
        raise ValidationError(f"{place.doctype}.{place.name}: {brief(text)} has too many different letters to look for")
    lowered = column
    for letter in letters:
        for other in _forms(letter)[1:]:
            lowered = func.replace(lowered, other, letter)
    return _Alike(func.lower(lowered).like(small, escape="\\"), column, literal(_as_glob(small), String()))


def _forms(letter: str) -> list[str]:
    """Returns a small letter and its other forms, where those are one letter too."""
    others = {letter.upper(), letter.title()} - {letter}
    return [letter, *sorted(each for each in others if len(each) == 1)]


def _as_glob(small: str) -> str:
    """Returns a LIKE pattern in small letters as a GLOB pattern that takes both forms of each."""
    parts: list[str] = []
    letters = iter(small)
    for letter in letters:
        if letter == "%":
            parts.append("*")
        elif letter == "_":
            parts.append("?")
        else:
            literal_letter = next(letters) if letter == "\\" else letter
            forms = "".join(_forms(literal_letter))
            parts.append(f"[{forms}]" if len(forms) > 1 or forms in "*?[" else forms)
    return "".join(parts)
