"""Operators of filters: one meaning each, on every database, with one rule for NULL.

`!=`, `not in` and `not like` match NULL; `=`, `<`, `between` and the others do not; `= None` is
IS NULL and `!= None` IS NOT NULL. The empty text stands for what `is not set` finds: NULL, the
empty text, and 0 of a number. So `= ""` is `is not set` and `!= ""` is `is set`, in lists too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import String, and_, cast, false, or_, true
from sqlalchemy.sql.elements import ColumnElement

from doclife.core.errors import NotSupported, ValidationError, brief, nearest
from doclife.query.casting import refuse_container
from doclife.query.patterns import alike, written
from doclife.query.scope import Place
from doclife.query.timespans import Span, neighbour, site_today, span
from doclife.schema.fieldtypes import Check, Date, Datetime, Int

Condition = ColumnElement[bool]

#: a whole number of 64 bits is at most this
_LARGEST = 2**63 - 1
#: the last moment of a day
_LAST_MOMENT = time(23, 59, 59, 999999)
#: characters of a text that is a day alone, YYYY-MM-DD
_DAY_TEXT = 10


def compare(place: Place, operator: str, value: Any) -> Condition:
    """Returns the condition that a column stands in this relation to a value.

    Args:
        place: the column.
        operator: one of OPERATORS, in any case.
        value: of the operator's form; cast by the column's field. An expression is compared as it is.
    Raises:
        ValidationError: no such operator, or the value does not fit.
        NotSupported: an operator of trees.
    """
    word = " ".join(str(operator).lower().split())
    build = OPERATORS.get(word)
    if build is not None:
        return build(place, value)
    if word in _TREE:
        raise NotSupported(
            f"{place.doctype}.{place.name}: doclife has no trees, so no operator {operator!r}; "
            "filter with 'in' and the names meant"
        )
    raise ValidationError(
        f"{place.doctype}.{place.name}: no operator {brief(operator)}.{nearest(word, OPERATORS)} "
        "A list of values is written ['in', [...]].",
        field=place.name,
    )


def _value(place: Place, value: Any) -> Any:
    """Returns a value as the column's field has it; a document stands for its name."""
    if isinstance(value, ColumnElement):
        return value
    if hasattr(type(value), "_blueprint"):
        value = value.name
    if isinstance(value, bool):
        value = int(value)
    try:
        refuse_container(place.field, value)
        made = place.field.cast(value)
    except ValueError as error:
        raise ValidationError(
            f"{place.doctype}.{place.name} cannot be compared with {brief(value)}: {error}",
            field=place.name,
            value=value,
        ) from None
    if isinstance(place.field, (Int, Check)) and not -_LARGEST <= made <= _LARGEST:
        raise ValidationError(
            f"{place.doctype}.{place.name}: {brief(value)} does not fit into 64 bits", field=place.name
        )
    return made


def _is_set(place: Place) -> Condition:
    if place.is_number:
        return place.column != 0  # not true of NULL either
    return place.column != "" if place.is_text else place.column.is_not(None)


def _is_not_set(place: Place) -> Condition:
    if not (place.is_number or place.is_text):
        return place.column.is_(None)
    return _or_null(place, place.column == (0 if place.is_number else ""))


def _or_null(place: Place, condition: Condition) -> Condition:
    return or_(condition, place.column.is_(None)) if place.nullable else condition


def _equal(place: Place, value: Any) -> Condition:
    if value is None:
        return place.column.is_(None)
    return _is_not_set(place) if _is_empty(value) else place.column == _value(place, value)


def _unequal(place: Place, value: Any) -> Condition:
    if value is None:
        return place.column.is_not(None)
    if _is_empty(value):
        return _is_set(place)
    return _or_null(place, place.column != _value(place, value))


def _is_empty(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def _ordering(relation: Callable[[Any, Any], Any]) -> Callable[[Place, Any], Condition]:
    def build(place: Place, value: Any) -> Condition:
        made = None if value is None else _value(place, value)
        result: Condition = false() if made is None else relation(place.column, made)
        return result

    return build


def _members(place: Place, operator: str, values: Any) -> tuple[list[Any], bool]:
    """Returns the values of a list, cast, and whether an empty one was among them."""
    if isinstance(values, str):
        values = [part.strip() for part in values.split(",")]
    elif values is None or not isinstance(values, Iterable) or hasattr(type(values), "_blueprint"):
        values = [values]
    values = list(values)
    kept = [each for each in values if each is not None and not _is_empty(each)]
    for each in kept:
        if isinstance(each, (list, tuple, set, dict)):
            raise ValidationError(
                f"{place.doctype}.{place.name}: {operator!r} takes a flat list, not {brief(each)} in one",
                field=place.name,
            )
    return [_value(place, each) for each in kept], len(kept) < len(values)


def _in(place: Place, values: Any) -> Condition:
    wanted, empty = _members(place, "in", values)
    condition: Condition = place.column.in_(wanted) if wanted else false()
    return or_(condition, _is_not_set(place)) if empty else condition


def _not_in(place: Place, values: Any) -> Condition:
    unwanted, empty = _members(place, "not in", values)
    condition: Condition = place.column.not_in(unwanted) if unwanted else true()
    if empty:
        return and_(condition, _is_set(place))
    return _or_null(place, condition) if unwanted else condition


def _like(place: Place, pattern: Any) -> Condition:
    return false() if pattern is None else alike(place, pattern)


def _not_like(place: Place, pattern: Any) -> Condition:
    return true() if pattern is None else _or_null(place, ~alike(place, pattern))


def _is(place: Place, value: Any) -> Condition:
    word = " ".join(str(value).lower().split())
    if word == "set":
        return _is_set(place)
    if word == "not set":
        return _is_not_set(place)
    raise ValidationError(f"{place.doctype}.{place.name}: 'is' takes 'set' or 'not set', not {brief(value)}")


def _between(place: Place, value: Any) -> Condition:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ValidationError(f"{place.doctype}.{place.name}: 'between' takes [first, last], not {brief(value)}")
    ends = list(value)
    dated = isinstance(place.field, (Date, Datetime))
    if dated and len(ends) < 2:
        ends += [None] * (2 - len(ends))
    if len(ends) != 2:
        raise ValidationError(f"{place.doctype}.{place.name}: 'between' takes two values, not {brief(ends)}")
    if dated:
        ends = [site_today() if each is None or _is_empty(each) else each for each in ends]
    elif any(each is None for each in ends):
        return false()
    first, last = ends
    low, high = _value(place, first), _value(place, last)
    if isinstance(place.field, Datetime) and _is_day(last):
        high = datetime.combine(high, _LAST_MOMENT)
    # not BETWEEN: PostgreSQL does not read the parameters with their type and collation in its place
    return and_(place.column >= low, place.column <= high)


def _is_day(value: Any) -> bool:
    """Tells whether a value means a whole day."""
    if isinstance(value, str):
        return len(value.strip()) <= _DAY_TEXT
    return isinstance(value, date) and not isinstance(value, datetime)


def _within(place: Place, operator: str, days: Span) -> Condition:
    if not isinstance(place.field, (Date, Datetime)):
        raise ValidationError(
            f"{place.doctype}.{place.name}: {operator!r} is for dates, and this is {place.field.fieldtype}"
        )
    return _between(place, days)


def _regex(place: Place, pattern: Any) -> Condition:
    if pattern is None:
        return false()
    column: ColumnElement[Any] = place.column if place.is_text else cast(place.column, String)
    return column.regexp_match(written(place, pattern))


OPERATORS: dict[str, Callable[[Place, Any], Condition]] = {
    "=": _equal,
    "!=": _unequal,
    ">": _ordering(lambda column, value: column > value),
    "<": _ordering(lambda column, value: column < value),
    ">=": _ordering(lambda column, value: column >= value),
    "<=": _ordering(lambda column, value: column <= value),
    "like": _like,
    "not like": _not_like,
    "in": _in,
    "not in": _not_in,
    "is": _is,
    "between": _between,
    "timespan": lambda place, words: _within(place, "timespan", span(words)),
    "previous": lambda place, length: _within(place, "previous", neighbour("previous", length)),
    "next": lambda place, length: _within(place, "next", neighbour("next", length)),
    "regex": _regex,
}

_TREE = frozenset(
    {
        "descendants of",
        "descendants of (inclusive)",
        "ancestors of",
        "not descendants of",
        "not ancestors of",
    }
)
