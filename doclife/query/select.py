"""Select: typed queries that give documents.

    for invoice in db.select(SalesInvoice).where(SalesInvoice.net_total > 100).order_by("posting_date desc"):
        ...

Documents are built by the model, which is a floor above: it registers how.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Generic, Protocol, Self, TypeVar, overload

from sqlalchemy import Column, select, type_coerce
from sqlalchemy import Select as Statement
from sqlalchemy.sql.elements import ColumnElement

from doclife.core.context import current
from doclife.core.errors import DoclifeError, ValidationError
from doclife.database.types import LongText
from doclife.query.execute import read
from doclife.query.expressions import Value, aggregate, typed_value, value_of
from doclife.query.fields import Selection
from doclife.query.filters import by_names, conditions
from doclife.query.lists import class_of, statement_of
from doclife.query.nested import chunks
from doclife.query.ordering import TYPE_ORDER, default_order
from doclife.query.scope import Scope
from doclife.query.values import count_of, locked, patience
from doclife.schema import registry
from doclife.uow.unit import UnitOfWork

D = TypeVar("D")
V = TypeVar("V")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

Row = tuple[Any, ...]


class Materialiser(Protocol):
    """Builds a stored document: of a class, from its row and its rows by table field."""

    def __call__(self, cls: Any, row: Row, rows: Mapping[str, Sequence[Row]], /, *, loaded_in: int) -> Any:
        """Returns the document; `loaded_in` is the serial of the transaction it was read in."""
        ...


_materialiser: Materialiser | None = None


def set_materialiser(materialiser: Materialiser) -> None:
    """Registers how documents are built from their rows; called by the model when it is imported."""
    global _materialiser
    _materialiser = materialiser


def first_name(unit: UnitOfWork, cls: Any, filters: Any) -> str | None:
    """Returns the name of the first document that the filters match, in the type's order, or None.

    Args:
        unit: reads in its transaction.
        cls: a document class.
        filters: any form of filters.
    Raises:
        UnknownFieldError, ValidationError: the filters cannot be understood.
    """
    scope = Scope(cls)
    where = conditions(scope, filters)
    statement = (
        select(scope.table.c.name).select_from(scope.source).where(*where).order_by(*default_order(cls)).limit(1)
    )
    found = read(unit, statement).first()
    return None if found is None else str(found[0])


class Select(Generic[D]):
    """A query over one document type; each method returns a new one."""

    def __init__(self, cls: type[D]) -> None:
        """Begins with all documents of the class."""
        self._cls = cls
        self._where: tuple[Any, ...] = ()
        self._order: tuple[Any, ...] | None = None
        self._limit: int | None = None
        self._offset: int | None = None
        self._locking: dict[str, bool] | None = None

    def _with(self, **changes: Any) -> Self:
        copy = type(self)(self._cls)
        copy.__dict__.update(self.__dict__, **changes)
        return copy

    def where(self, *filters: Any) -> Self:
        """Narrows to documents for which all of these hold: expressions, or filters of any form.

        An expression over a column of child rows holds when it does for one of them.
        """
        return self._with(_where=(*self._where, *filters))

    def order_by(self, *keys: ColumnElement[Any] | str) -> Self:
        """Orders by columns, `column.desc()`, or texts ("posting_date desc"); without keys by nothing."""
        return self._with(_order=keys)

    def limit(self, limit: int | None) -> Self:
        """Gives at most so many documents; None or 0: all."""
        return self._with(_limit=limit)

    def offset(self, offset: int | None) -> Self:
        """Leaves out so many documents at the beginning."""
        return self._with(_offset=offset)

    def for_update(self, *, skip_locked: bool = False, wait: bool = True) -> Self:
        """Locks the documents until the transaction ends.

        Args:
            skip_locked: leave out what others have locked.
            wait: False raises QueryTimeoutError where another has locked one.
        """
        return self._with(_locking={"skip_locked": skip_locked, "wait": wait})

    def __iter__(self) -> Iterator[D]:
        return iter(self.all())

    def all(self) -> list[D]:
        """Returns the documents with their rows, in 1 + (table fields) statements."""
        if _materialiser is None:
            raise DoclifeError("documents are built by doclife.model, which is not imported; import doclife")
        cls = class_of(self._cls)
        unit: UnitOfWork = current().unit
        scope = Scope(cls)
        rows = [tuple(row) for row in self._read(unit, scope, [Value(column) for column in _row_columns(cls)])]
        if scope.multiplies:
            raise ValidationError(f"documents of {scope.doctype} cannot be ordered by their rows; use rows()")
        children = _children(unit, cls, [row[0] for row in rows])
        return [_materialiser(cls, row, children[row[0]], loaded_in=unit.serial) for row in rows]

    def first(self) -> D | None:
        """Returns the first document, or None."""
        found = self.limit(1).all()
        return found[0] if found else None

    @overload
    def rows(self, a: Column[A], /) -> list[tuple[A]]: ...
    @overload
    def rows(self, a: Column[A], b: Column[B], /) -> list[tuple[A, B]]: ...
    @overload
    def rows(self, a: Column[A], b: Column[B], c: Column[C], /) -> list[tuple[A, B, C]]: ...
    @overload
    def rows(self, *columns: ColumnElement[Any]) -> list[tuple[Any, ...]]: ...
    def rows(self, *columns: ColumnElement[Any]) -> Any:
        """Returns these columns of each document as tuples, without building documents.

        A column of a linked document or of child rows may be among them; of rows, each gives a tuple.
        """
        cls = class_of(self._cls)
        scope = Scope(cls)
        values = [typed_value(scope, each) for each in columns]
        return [tuple(row) for row in self._read(current().unit, scope, values)]

    def count(self) -> int:
        """Returns how many documents there are, whatever the limit."""
        scope = Scope(class_of(self._cls))
        return count_of(current().unit, scope, self._conditions(scope))

    def names(self) -> list[str]:
        """Returns the names of the documents."""
        scope = Scope(class_of(self._cls))
        return [row[0] for row in self._read(current().unit, scope, [value_of(scope.place("name"))])]

    def sum(self, column: Column[V]) -> V:
        """Returns the sum of a column of all documents, whatever the limit; 0 where there are none."""
        found: V = self._aggregate("sum", column, or_zero=True)
        return found

    def avg(self, column: Column[Any]) -> Any:
        """Returns the average of a column, an Amount of money and otherwise a float; None where there are none."""
        return self._aggregate("avg", column)

    def min(self, column: Column[V]) -> V | None:
        """Returns the least value of a column, or None where there are none."""
        found: V | None = self._aggregate("min", column)
        return found

    def max(self, column: Column[V]) -> V | None:
        """Returns the greatest value of a column, or None where there are none."""
        found: V | None = self._aggregate("max", column)
        return found

    def _conditions(self, scope: Scope) -> list[ColumnElement[bool]]:
        return [condition for each in self._where for condition in conditions(scope, each)]

    def _aggregate(self, function: str, column: Column[Any], *, or_zero: bool = False) -> Any:
        scope = Scope(class_of(self._cls))
        place = scope.place(column.name)
        where = by_names(scope, self._conditions(scope))
        value = aggregate(function, value_of(place))
        found = read(current().unit, select(value.expression).where(*where)).scalar()
        return place.field.empty if found is None and or_zero else found

    def _read(self, unit: UnitOfWork, scope: Scope, values: list[Value]) -> Sequence[Any]:
        """Returns the rows of these values, one for each document unless a value is of its rows."""
        asking = Scope(scope.cls)
        where = by_names(asking, self._conditions(asking))
        statement: Statement[Any] = statement_of(
            scope,
            Selection([""] * len(values), values),
            where,
            order_by=TYPE_ORDER if self._order is None else list(self._order),
            start=self._offset,
            limit=self._limit,
        )
        locking = self._locking
        if locking is None:
            return read(unit, statement).all()
        statement = locked(scope, statement, unit, skip_locked=locking["skip_locked"], wait=locking["wait"])
        with patience(unit, wait=locking["wait"]):
            return read(unit, statement, locking=True).all()


@cache
def _row_columns(cls: Any) -> tuple[ColumnElement[Any], ...]:
    """Returns the columns of a class in the order of its rows; JSON stands in them as text."""
    table, as_text = cls.__table__, set(cls._blueprint.format.json_fields)
    return tuple(
        type_coerce(table.c[name], LongText()) if name in as_text else table.c[name] for name in cls._blueprint.columns
    )


def _children(unit: UnitOfWork, cls: Any, names: Sequence[str]) -> dict[str, dict[str, list[Row]]]:
    """Returns the child rows of documents: name -> table field -> rows."""
    found: dict[str, dict[str, list[Row]]] = {name: {} for name in names}
    for table_field, field in cls._blueprint.table_fields.items():
        child = registry.resolve(field.options)
        parent = child._blueprint.format.index["parent"]
        c = child.__table__.c
        of_field = (c.parenttype == cls.meta.doctype, c.parentfield == table_field)
        for some in chunks(names):
            for row in read(unit, select(*_row_columns(child)).where(c.parent.in_(some), *of_field)):
                found[row[parent]].setdefault(table_field, []).append(tuple(row))
    return found
