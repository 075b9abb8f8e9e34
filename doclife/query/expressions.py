"""Expressions: from the nodes of field strings to SQL, with the types their values have in Python.

Sums, averages and products of money are Amounts, rounded half-even to the places that are kept;
whole numbers stay ints; what a division by zero gives is NULL, on every database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Date, Double, Integer, extract, func, literal, type_coerce
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from doclife.core.amount import Amount
from doclife.core.errors import ValidationError, nearest
from doclife.database.types import AmountType, BigInt, NaiveDateTime
from doclife.query.parser import Binary, Call, Literal, Name, Node, Star
from doclife.query.scope import Place, Scope
from doclife.query.timespans import site_now
from doclife.schema.fieldtypes import Check, Float, Int
from doclife.schema.rows import round_amount


class RoundedAmount(TypeDecorator[Amount]):
    """A computed amount: sums of SQLite's floats and averages have more places than money has."""

    impl = AmountType
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Amount | None:
        """Returns the amount, rounded."""
        return None if value is None else round_amount(value)


class WholeNumber(TypeDecorator[int]):
    """A computed whole number: servers give sums as decimals."""

    impl = BigInt
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """Returns the number."""
        return None if value is None else int(value)


class RealNumber(TypeDecorator[float]):
    """A computed number: servers give averages as decimals."""

    impl = Double
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> float | None:
        """Returns the number."""
        return None if value is None else float(value)


class WrittenMoment(TypeDecorator[datetime]):
    """A datetime that stands in the statement as a parameter; MariaDB gives it back as a text."""

    impl = NaiveDateTime
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Returns the datetime."""
        return datetime.fromisoformat(value) if isinstance(value, str) else value


class _Position(FunctionElement[int]):
    """Where a text begins in another, from 1; 0 when it does not."""

    type = Integer()
    inherit_cache = True


@compiles(_Position)
def _instr(element: Any, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(_Position, "postgresql")
def _strpos(element: Any, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


AMOUNT, WHOLE, REAL, OTHER = "amount", "whole", "real", "other"

_TYPES: dict[str, TypeEngine[Any]] = {AMOUNT: RoundedAmount(), WHOLE: WholeNumber(), REAL: RealNumber()}


@dataclass(frozen=True, slots=True)
class Value:
    """An expression, what kind of values it gives, and whether it is about many rows together."""

    expression: ColumnElement[Any]
    kind: str = OTHER
    aggregate: bool = False


def value_of(place: Place) -> Value:
    """Returns a column as a value."""
    if place.is_amount:
        return Value(place.column, AMOUNT)
    if isinstance(place.field, Float):
        return Value(place.column, REAL)
    return Value(place.column, WHOLE if isinstance(place.field, (Int, Check)) else OTHER)


def evaluate(scope: Scope, node: Node) -> Value:
    """Returns the value of a node.

    Args:
        scope: what its names mean.
        node: read from a string.
    Raises:
        UnknownFieldError: no such field. ValidationError: no such function, or it does not fit its arguments.
    """
    if isinstance(node, Name):
        return value_of(scope.place(node.column, node.of))
    if isinstance(node, Literal):
        return _literal(node.value)
    if isinstance(node, Binary):
        return _binary(node.sign, evaluate(scope, node.left), evaluate(scope, node.right))
    if isinstance(node, Call):
        return _call(scope, node)
    raise ValidationError(f"{scope.doctype}: '*' is a field of its own, or all that stands in count(*)")


def typed_value(scope: Scope, expression: ColumnElement[Any]) -> Value:
    """Returns a typed expression as a value."""
    functions = (each.name for each in visitors.iterate(expression) if isinstance(each, FunctionElement))
    return Value(scope.adopt(expression), aggregate=any(name in _AGGREGATES for name in functions))


def _literal(value: Any) -> Value:
    if isinstance(value, str):
        return Value(literal(value))
    return Value(literal(value, WholeNumber()), WHOLE) if isinstance(value, int) else Value(literal(value), REAL)


def _exact(value: Value) -> ColumnElement[Any]:
    """Returns a factor of money; a number that was written out becomes a decimal, not a float."""
    written = getattr(value.expression, "value", None)
    if isinstance(written, (int, float)):
        return literal(Amount(written), AmountType())
    return value.expression


def _binary(sign: str, left: Value, right: Value) -> Value:
    if OTHER in (left.kind, right.kind):
        raise ValidationError(f"'{sign}' is for numbers; one side of it is none")
    kinds = {left.kind, right.kind}
    kind = AMOUNT if AMOUNT in kinds else REAL if REAL in kinds or sign == "/" else WHOLE
    a, b = (_exact(left), _exact(right)) if kind == AMOUNT else (left.expression, right.expression)
    result: Any
    if sign == "+":
        result = a + b
    elif sign == "-":
        result = a - b
    elif sign == "*":
        result = a * b
    else:
        result = a / func.nullif(b, literal(0, Integer()), type_=b.type)
    return Value(type_coerce(result, _TYPES[kind]), kind, left.aggregate or right.aggregate)


def count(expression: ColumnElement[Any] | None, *, distinct: bool = False) -> Value:
    """Returns how many rows there are, or how many have a value."""
    if expression is None:
        return Value(func.count(), WHOLE, aggregate=True)
    return Value(func.count(expression.distinct() if distinct else expression), WHOLE, aggregate=True)


def aggregate(function: str, value: Value, *, distinct: bool = False) -> Value:
    """Returns sum, avg, min or max of a value over rows.

    Raises:
        ValidationError: a sum or an average of something that is no number.
    """
    inner = value.expression.distinct() if distinct else value.expression
    if function in ("min", "max"):
        extreme = func.min if function == "min" else func.max
        return Value(extreme(inner, type_=value.expression.type), value.kind, aggregate=True)
    if value.kind == OTHER:
        raise ValidationError(f"{function}() is for numbers, and this is none")
    kind = REAL if function == "avg" and value.kind == WHOLE else value.kind
    found = func.sum(inner) if function == "sum" else func.avg(inner)
    return Value(type_coerce(found, _TYPES[kind]), kind, aggregate=True)


def _part(name: str) -> Callable[[list[Value]], Value]:
    return lambda values: Value(type_coerce(extract(name, values[0].expression), WholeNumber()), WHOLE)


def _absolute(values: list[Value]) -> Value:
    only = values[0]
    return Value(func.abs(only.expression, type_=only.expression.type), only.kind)


def _coalesce(values: list[Value]) -> Value:
    first = values[0]
    others = [_exact(each) if first.kind == AMOUNT else each.expression for each in values[1:]]
    return Value(func.coalesce(first.expression, *others, type_=first.expression.type), first.kind)


#: function -> (how many arguments it takes, how it is built)
_FUNCTIONS: dict[str, tuple[range, Callable[[list[Value]], Value]]] = {
    "date": (range(1, 2), lambda values: Value(type_coerce(func.date(values[0].expression), Date()))),
    "year": (range(1, 2), _part("year")),
    "month": (range(1, 2), _part("month")),
    "day": (range(1, 2), _part("day")),
    "now": (range(1), lambda values: Value(literal(site_now(), WrittenMoment()))),
    "locate": (range(2, 3), lambda values: Value(_Position(values[1].expression, values[0].expression), WHOLE)),
    "abs": (range(1, 2), _absolute),
    "ifnull": (range(2, 3), _coalesce),
    "coalesce": (range(1, 10), _coalesce),
}
_AGGREGATES = ("count", "sum", "avg", "min", "max")
FUNCTIONS = frozenset((*_AGGREGATES, *_FUNCTIONS))


def _call(scope: Scope, node: Call) -> Value:
    name, arguments = node.function, node.arguments
    if name not in FUNCTIONS:
        raise ValidationError(
            f"{scope.doctype}: no function {name}() in queries.{nearest(name, FUNCTIONS)} Others run in db.sql()"
        )
    if name == "count" and arguments in ((), (Star(),)):
        return count(None)
    values = [evaluate(scope, each) for each in arguments]
    takes, build = (range(1, 2), None) if name in _AGGREGATES else _FUNCTIONS[name]
    if len(values) not in takes:
        raise ValidationError(f"{scope.doctype}: {name}() does not take {len(values)} arguments")
    if build is None:
        if values[0].aggregate:
            raise ValidationError(f"{scope.doctype}: {name}() cannot be of another aggregate")
        if name == "count":
            return count(values[0].expression, distinct=node.distinct)
        return aggregate(name, values[0], distinct=node.distinct)
    made = build(values)
    return Value(made.expression, made.kind, any(each.aggregate for each in values))
