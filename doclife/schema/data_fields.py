"""Fields that hold structure: JSON data, and child rows."""

from __future__ import annotations

import json as stdjson
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, Unpack, overload

from sqlalchemy.types import TypeEngine

from doclife.database import types
from doclife.schema.field import Accept, Field, FieldOptions, Read

Row = TypeVar("Row")


class JSON(Field[Read, Accept]):
    """Any JSON data: dicts, lists, texts, numbers."""

    fieldtype = "JSON"
    clean = frozenset({type(None)})

    @overload
    def __init__(self: JSON[Any, Any], *, reqd: Literal[True], **rest: Unpack[FieldOptions]) -> None: ...
    @overload
    def __init__(self: JSON[Any, Any], *, reqd: Literal[False] = False, **rest: Unpack[FieldOptions]) -> None: ...
    def __init__(self, *, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options of `FieldOptions`."""
        super().__init__(reqd=reqd, **rest)

    def column_type(self) -> TypeEngine[Any]:
        """Returns the type of the field's column."""
        return types.JsonText()

    def cast(self, value: Any) -> Any:
        """Returns the value as this field's type, or raises ValueError with what is expected."""
        if isinstance(value, str) and value[:1] in ("{", "["):
            try:
                return stdjson.loads(value)
            except ValueError:
                raise ValueError("JSON is expected") from None
        return value


class Table(Generic[Row]):
    """Child rows: a list of documents of a child type that live and die with this document."""

    fieldtype = "Table"
    has_column = False

    def __init__(
        self,
        target: type[Row] | str,
        *,
        reqd: bool = False,
        label: str = "",
        allow_on_submit: bool = False,
        set_only_once: bool = False,
        no_copy: bool = False,
        permlevel: int = 0,
        depends_on: str = "",
        description: str = "",
        read_only: bool = False,
        hidden: bool = False,
    ) -> None:
        """Takes the child class, or its document type as text when it is declared later."""
        self.target = target
        self.name, self.label, self.reqd = "", label, reqd
        self.allow_on_submit, self.set_only_once, self.no_copy = allow_on_submit, set_only_once, no_copy
        self.permlevel, self.depends_on, self.description = permlevel, depends_on, description
        self.read_only, self.hidden = read_only, hidden
        self.default, self.unique, self.in_list_view, self.fetch_from = None, False, False, ""

    @property
    def options(self) -> str:
        """The child document type."""
        if isinstance(self.target, str):
            return self.target
        doctype: str = self.target.meta.doctype  # type: ignore[attr-defined]  # a child class has a bound meta
        return doctype

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.label = self.label or name.replace("_", " ").title()

    @overload
    def __get__(self, obj: None, owner: Any) -> Table[Row]: ...
    @overload
    def __get__(self, obj: object, owner: Any) -> list[Row]: ...
    def __get__(self, obj: Any, owner: Any) -> Any:
        if obj is None:
            return self
        rows: list[Row] = []
        obj.__dict__[self.name] = rows  # the caller may append to what it gets
        return rows

    if TYPE_CHECKING:

        def __set__(self, obj: object, value: Iterable[Row | Mapping[str, Any]]) -> None: ...

    def __repr__(self) -> str:
        return f"<Table {self.name} of {self.options}>"
