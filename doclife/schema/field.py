"""Field: one typed attribute of a document.

A field is a descriptor without `__set__` at run time: on the class it answers its Core column, on
an instance the value stands in `__dict__`, so that reading costs no more than any attribute.
Assignment is cast by `Document.__setattr__`. For type checkers it is `Field[Read, Accept]`: what
reading gives, and what assignment takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypedDict, TypeVar, overload

from sqlalchemy import Column
from sqlalchemy.types import TypeEngine

from doclife.core.errors import SchemaError, nearest

Read = TypeVar("Read", covariant=True)
Accept = TypeVar("Accept", contravariant=True)


class FieldOptions(TypedDict, total=False):
    """The options that every field takes; `reqd` is named in the signatures."""

    #: what people read; from the name when absent
    label: str
    #: literal value, or "Today", "Now", "__user"
    default: Any
    unique: bool
    index: bool
    read_only: bool
    hidden: bool
    set_only_once: bool
    allow_on_submit: bool
    no_copy: bool
    #: characters
    length: int
    description: str
    in_list_view: bool
    #: "link_field.source_field"
    fetch_from: str
    fetch_if_empty: bool
    non_negative: bool
    permlevel: int
    depends_on: str
    #: the column's name before, for makemigrations
    renamed_from: str


_DEFAULTS: dict[str, Any] = {
    "label": "",
    "default": None,
    "unique": False,
    "index": False,
    "read_only": False,
    "hidden": False,
    "set_only_once": False,
    "allow_on_submit": False,
    "no_copy": False,
    "length": 0,
    "description": "",
    "in_list_view": False,
    "fetch_from": "",
    "fetch_if_empty": False,
    "non_negative": False,
    "permlevel": 0,
    "depends_on": "",
    "renamed_from": "",
}


class StandardColumn(Generic[Read, Accept]):
    """A column that every document has; on the class the Core column, as with fields."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, obj: None, owner: Any) -> Column[Read]: ...

    @overload
    def __get__(self, obj: object, owner: Any) -> Read: ...

    def __get__(self, obj: Any, owner: Any) -> Any:
        if obj is not None:  # only where the type has no such column, as amended_from
            return None
        table = getattr(owner, "__table__", None)
        return self if table is None or self.name not in table.c else table.c[self.name]

    if TYPE_CHECKING:

        def __set__(self, obj: object, value: Accept) -> None: ...


class Field(Generic[Read, Accept]):
    """One typed attribute of a document; use its subclasses from `doclife.fields`."""

    #: Frappe's name of the type
    fieldtype: ClassVar[str] = "Data"
    #: the value of a field that nobody set
    empty: ClassVar[Any] = None
    #: exact types that need no cast
    clean: ClassVar[frozenset[type]] = frozenset({type(None)})
    #: whether the value stands in a column of the document's own table
    has_column: ClassVar[bool] = True

    label: str
    default: Any
    unique: bool
    index: bool
    read_only: bool
    hidden: bool
    set_only_once: bool
    allow_on_submit: bool
    no_copy: bool
    length: int
    description: str
    in_list_view: bool
    fetch_from: str
    fetch_if_empty: bool
    non_negative: bool
    permlevel: int
    depends_on: str
    renamed_from: str

    def __init__(self, *, reqd: bool = False, options: Any = None, **rest: Any) -> None:
        """Takes the options; see `FieldOptions`."""
        unknown = rest.keys() - _DEFAULTS.keys()
        if unknown:
            name = sorted(unknown)[0]
            raise SchemaError(f"{type(self).__name__}() has no option {name!r}.{nearest(name, [*_DEFAULTS, 'reqd'])}")
        self.name = ""
        self.reqd = reqd
        self.options: Any = options
        self.__dict__.update(_DEFAULTS, **rest)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        if not self.label:
            self.label = name.replace("_", " ").title()

    @overload
    def __get__(self, obj: None, owner: Any) -> Column[Read]: ...

    @overload
    def __get__(self, obj: object, owner: Any) -> Read: ...

    def __get__(self, obj: Any, owner: Any) -> Any:
        if obj is not None:  # only when the instance has no value of its own
            return self.empty
        table = getattr(owner, "__table__", None)
        if table is None:  # on a mixin that is no document
            return self
        column = table.c.get(self.name)
        if column is None:
            raise AttributeError(
                f"{owner.__qualname__}.{self.name}: no loaded app extends {owner.meta.doctype!r} by this class; "
                "name it in extend_doctype_class"
            )
        return column

    if TYPE_CHECKING:

        def __set__(self, obj: object, value: Accept) -> None: ...

    def column_type(self) -> TypeEngine[Any]:
        """Returns the type of the field's column."""
        raise NotImplementedError

    def column(self) -> Column[Any]:
        """Returns a new Core column for this field."""
        info: Mapping[str, Any] = {"renamed_from": self.renamed_from} if self.renamed_from else {}
        never_none = self.empty is not None
        return Column(
            self.name,
            self.column_type(),
            nullable=not never_none,
            server_default="0" if never_none else None,
            unique=self.unique or None,
            index=self.index or None,
            info=dict(info),
        )

    def cast(self, value: Any) -> Any:
        """Returns `value` as this field's type.

        Raises:
            ValueError: it cannot be that; the message says what is expected.
        """
        raise NotImplementedError

    def rounded(self, value: Any) -> Any:
        """Returns a value of this field's type with as many decimal places as the field keeps."""
        return value

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"
