"""Scope: what the names in a query mean, and the joins that takes.

A query is about one document type. A name in it is one of the type's own columns, a column of a
linked document (`link_field.column`) or of child rows (`table_field.column`, or the child type's
name). Linked documents and rows are left-joined, once each.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqlalchemy import Column, Table, and_
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, SelectBase

from doclife.core.errors import PermissionDenied, UnknownFieldError, ValidationError, nearest
from doclife.query.names import comparable, is_number, same_name
from doclife.schema import registry
from doclife.schema.field import Field
from doclife.schema.fieldtypes import Check, Currency, Data, Datetime, Float, Int, Link, Password, Percent, TextField
from doclife.schema.fieldtypes import Table as TableField

Expression = TypeVar("Expression", bound=ColumnElement[Any])


class Sight(Protocol):
    """What a query may see of the types that take part in it."""

    #: whether no more may be seen of the listed documents than what they are known by
    only_selects: bool

    def admit(self, cls: Any) -> None:
        """Refuses a linked type of which nothing may be seen.

        Raises:
            PermissionDenied: the user may see none.
        """
        ...

    def hidden(self, cls: Any) -> Collection[str]:
        """Returns the names of the columns of a class that must not be used."""
        ...

    def restrict(
        self, cls: Any, table: FromClause, columns: Collection[str], *, rows: bool = False, alone: bool = False
    ) -> Sequence[ColumnElement[bool]]:
        """Returns what must hold of the documents or rows in a table for them to be seen.

        Args:
            cls: their class.
            table: the class's own or an alias of it.
            columns: those that are used.
            rows: whether their child rows are used too.
            alone: whether the statement reads no other table.
        """
        ...

    def explain(self, error: Exception) -> None:
        """Names in an error of the database who has restricted the query."""
        ...


class _Everything:
    """The sight of a query that asks for no permission: all but passwords."""

    only_selects = False

    def admit(self, cls: Any) -> None:
        """Admits every type."""

    def hidden(self, cls: Any) -> Collection[str]:
        """Returns the columns that hold passwords."""
        names: Collection[str] = cls._blueprint.format.password_fields
        return names

    def restrict(self, *_: Any, **__: Any) -> Sequence[ColumnElement[bool]]:
        """Restricts nothing."""
        return ()

    def explain(self, error: Exception) -> None:
        """Adds nothing."""


EVERYTHING = _Everything()


#: fields that stand for the columns every table has
_STANDARD: Mapping[str, Field[Any, Any]] = {
    **{
        name: Data() for name in ("name", "owner", "modified_by", "amended_from", "parent", "parenttype", "parentfield")
    },
    **{name: Datetime() for name in ("creation", "modified")},
    **{name: Int() for name in ("docstatus", "idx")},
}


class NumberName(Field[str, str]):
    """Stands for the column `name` of an autoincrement type: texts that are numbers in the table."""

    def cast(self, value: Any) -> Any:
        """Returns the value as text, or raises ValueError with what is expected.

        A text that is no number may be asked for; there is no document of that name.
        """
        if value is None or isinstance(value, (str, int)):
            return None if value is None else str(value).strip()
        raise ValueError("a name is expected")


_NUMBER_NAME = NumberName()


@dataclass(frozen=True, slots=True)
class Place:
    """A column that a name means, and the field that says what values it holds."""

    column: ColumnElement[Any]
    doctype: str
    name: str
    field: Field[Any, Any]
    #: whether it can be NULL here; a joined column always can
    nullable: bool

    @property
    def is_amount(self) -> bool:
        """Whether its values are Amounts."""
        return isinstance(self.field, (Currency, Percent))

    @property
    def is_text(self) -> bool:
        """Whether its values are texts."""
        return isinstance(self.field, TextField)

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers, which are 0 where others are empty."""
        return isinstance(self.field, (Int, Float, Check, Currency, Percent))


def field_of(cls: Any, name: str) -> Field[Any, Any] | None:
    """Returns the field of a column of a class, standard columns included; None when there is no such column."""
    blueprint = cls._blueprint
    found: Field[Any, Any] | None = blueprint.fields.get(name)
    if found is None and name in blueprint.columns:
        found = _NUMBER_NAME if name == "name" and is_number(cls.__table__.c.name) else _STANDARD[name]
    return found


def unknown_field(cls: Any, name: str) -> UnknownFieldError:
    """Returns the error for a name that is no column of a class; it has the nearest name."""
    doctype = cls.meta.doctype
    if name in cls._blueprint.table_fields:
        return UnknownFieldError(
            f"{doctype}.{name} holds child rows; name one of their columns, as in {name + '.idx'!r}",
            doctype=doctype,
            field=name,
        )
    hint = nearest(name, cls._blueprint.columns)
    return UnknownFieldError(f"{doctype} has no field {name!r}.{hint}", doctype=doctype, field=name)


@dataclass(slots=True)
class Join:
    """A table that is left-joined: of which class, on what, and which of its columns are used."""

    cls: Any
    table: FromClause
    on: ColumnElement[bool]
    columns: set[str] = field(default_factory=set)


class Scope:
    """The names of one query over one document type."""

    def __init__(self, cls: Any, *, sight: Sight | None = None) -> None:
        """Begins with the type's own table.

        Args:
            cls: its document class.
            sight: what the query may see; None: everything.
        """
        self.cls = cls
        self.doctype: str = cls.meta.doctype
        self.table = cls.__table__
        #: whether child rows are shown or asked about
        self.uses_rows = False
        #: whether a join may give several rows for one document
        self.multiplies = False
        self._sight = sight
        self._columns: set[str] = set()
        self._joined: dict[str, Join] = {}

    def inner(self, cls: Any) -> Scope:
        """Returns the scope of a further query over another class, under the same restrictions."""
        return Scope(cls, sight=self._sight)

    @property
    def source(self) -> FromClause:
        """FROM of the statement. Order: when every name has been looked up, since each may add a join."""
        source: FromClause = self.table
        for join in self._joined.values():
            seen = [] if self._sight is None else self._sight.restrict(join.cls, join.table, join.columns)
            source = source.outerjoin(join.table, and_(join.on, *seen))
        return source

    @property
    def restrictions(self) -> list[ColumnElement[bool]]:
        """What must hold of the documents for them to be seen. Order: as of `source`."""
        if self._sight is None:
            return []
        alone = not self._joined
        return [*self._sight.restrict(self.cls, self.table, self._columns, rows=self.uses_rows, alone=alone)]

    @property
    def joins(self) -> bool:
        """Whether anything is joined."""
        return bool(self._joined)

    def place(self, name: str, of: str | None = None) -> Place:
        """Returns the column a name means.

        Args:
            name: of the column.
            of: a link or table field of the type, or `tab` and a document type; None: the type itself.
        Raises:
            UnknownFieldError: there is none; the message has the nearest name.
        """
        if of is None:
            return self._column(self.cls, self.table, name, self._columns, joined=False)
        if of.startswith("tab") and of not in self.cls.meta.by_name:
            return self.place_of(of[3:], name)
        return self._column_of(self._joined.get(of) or self._join_field(of, name), name)

    def place_of(self, doctype: str, name: str) -> Place:
        """Returns the column of a document type: this one, one of its child types, or one it links once.

        Raises:
            UnknownFieldError: the type has no such column. ValidationError: the type has no part in this query.
        """
        if doctype == self.doctype:
            return self.place(name)
        cls = registry.resolve(doctype)
        holding = [each.name for each in self.cls.meta.get_table_fields() if each.options == doctype]
        if len(holding) > 1:
            return self._column_of(self._joined.get(doctype) or self._join_rows(cls, doctype, None), name)
        linking = holding or [each.name for each in self.cls.meta.get_link_fields() if each.options == doctype]
        if len(linking) == 1:
            return self.place(name, linking[0])
        reason = f"several fields link it: name one of {', '.join(linking)}" if linking else "nothing here links it"
        raise ValidationError(
            f"{doctype}.{name} cannot be used in a query of {self.doctype}: {reason}", doctype=self.doctype
        )

    def place_in_rows(self, name: str) -> Place | None:
        """Returns the column of this name in child rows, where exactly one table field has it."""
        holding = [
            each.name
            for each in self.cls.meta.get_table_fields()
            if field_of(registry.resolve(each.options), name) is not None
        ]
        return self.place(name, holding[0]) if len(holding) == 1 else None

    def columns(self, of: str | None = None) -> list[str]:
        """Returns the names that `*` stands for: every column but passwords.

        Args:
            of: as in `place`.
        """
        cls = self.cls
        if of is not None:
            cls = registry.resolve(self.place("name", of).doctype)
        hidden = {*cls._blueprint.format.password_fields, *(self._sight.hidden(cls) if self._sight is not None else ())}
        return [name for name in cls._blueprint.columns if name not in hidden]

    def adopt(self, expression: Expression) -> Expression:
        """Returns a typed expression with columns of other types replaced by the joined ones.

        Raises:
            ValidationError: a column of a type that has no part in this query.
        """

        def replace(element: Any, **_: Any) -> Any:
            if isinstance(element, SelectBase):
                return element  # a query of its own
            converted = comparable(element)
            if converted is not None:
                return self.adopt(converted)
            if isinstance(element, Column) and isinstance(element.table, Table) and element.table is not self.table:
                return self.place_of(element.table.name.removeprefix("tab"), element.name).column
            if isinstance(element, Column) and element.table is self.table:
                self.place(element.name)  # refuses what is hidden
            return None

        adopted: Expression = visitors.replacement_traverse(expression, {}, replace)
        return adopted

    def _column_of(self, join: Join, name: str) -> Place:
        return self._column(join.cls, join.table, name, join.columns, joined=True)

    def _column(self, cls: Any, table: FromClause, name: str, used: set[str], *, joined: bool) -> Place:
        field = field_of(cls, name)
        if field is None:
            raise unknown_field(cls, name)
        if self._sight is not None and name in self._sight.hidden(cls):
            if isinstance(field, Password):
                raise PermissionDenied(
                    f"{cls.meta.doctype}.{name} is a password, which lists neither show nor ask about",
                    doctype=cls.meta.doctype,
                    field=name,
                )
            raise PermissionDenied(f"you may not read {cls.meta.doctype}.{name}", doctype=cls.meta.doctype, field=name)
        used.add(name)
        column = table.c[name]
        return Place(column, cls.meta.doctype, name, field, joined or bool(column.nullable))

    def _join_field(self, name: str, column: str) -> Join:
        field = self.cls.meta.by_name.get(name)
        if isinstance(field, TableField):
            return self._join_rows(registry.resolve(field.options), name, name)
        if isinstance(field, Link):
            return self._join_linked(registry.resolve(field.options), name)
        links = [each.name for each in (*self.cls.meta.get_link_fields(), *self.cls.meta.get_table_fields())]
        raise UnknownFieldError(
            f"{name}.{column}: {self.doctype} has no link or table field {name!r}.{nearest(name, links)}",
            doctype=self.doctype,
            field=name,
        )

    def _join_rows(self, cls: Any, key: str, table_field: str | None) -> Join:
        rows = cls.__table__.alias()
        on = same_name(rows.c.parent, self.table.c.name) & (rows.c.parenttype == self.doctype)
        if table_field is not None:
            on &= rows.c.parentfield == table_field
        self.multiplies = self.uses_rows = True
        return self._joined.setdefault(key, Join(cls, rows, on))

    def _join_linked(self, cls: Any, link_field: str) -> Join:
        if self._sight is not None:
            self._sight.admit(cls)
            self.place(link_field)  # who may not read the link may not follow it
        linked = cls.__table__.alias()
        return self._joined.setdefault(
            link_field, Join(cls, linked, same_name(linked.c.name, self.table.c[link_field]))
        )
