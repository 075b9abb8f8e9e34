"""Meta: what a document type is, apart from its data.

An app writes `meta = Meta(...)` in its class; the class that is built from it gets a bound copy,
which also answers questions about the fields.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from doclife.core.errors import UnknownFieldError, nearest
from doclife.schema.field import Field
from doclife.schema.fieldtypes import AnyField, DynamicLink, Link
from doclife.schema.fieldtypes import Table as TableField

#: the rights a Permission can give (design 9)
RIGHTS = (
    "select",
    "read",
    "write",
    "create",
    "delete",
    "submit",
    "cancel",
    "amend",
    "print",
    "email",
    "report",
    "import_",
    "export",
    "share",
)


@dataclass(frozen=True)
class Permission:
    """What one role may do with the documents of a type."""

    role: str
    select: bool = False
    read: bool = False
    write: bool = False
    create: bool = False
    delete: bool = False
    submit: bool = False
    cancel: bool = False
    amend: bool = False
    print: bool = False
    email: bool = False
    report: bool = False
    import_: bool = False
    export: bool = False
    share: bool = False
    #: the rights hold only for documents the user owns
    if_owner: bool = False
    #: the level of fields the rights hold for
    permlevel: int = 0


@dataclass(kw_only=True)
class Meta:
    """The options of a document type, and after the class is built its fields."""

    #: name of the type; from the class name when absent
    doctype: str = ""
    #: name of the table; `tab<doctype>` when absent. May name a framework table that exists already.
    table: str = ""
    submittable: bool = False
    istable: bool = False
    issingle: bool = False
    #: naming rule, see docs/naming.md
    autoname: str = ""
    #: options of the field `naming_series`
    naming_series: Sequence[str] = ()
    title_field: str = ""
    search_fields: Sequence[str] = ()
    sort_field: str = "creation"
    sort_order: str = "desc"
    track_changes: bool = False
    allow_rename: bool = False
    permissions: Sequence[Permission] = ()
    description: str = ""
    #: whether writes of this type fire handlers of "*"
    wildcard_events: bool = True
    #: the distribution package that owns the type; set when the class is built
    app: str = ""
    #: every field by name, in order; set when the class is built
    by_name: Mapping[str, AnyField] = field(default_factory=dict, repr=False)

    def bind(self, *, doctype: str, app: str, fields: Mapping[str, AnyField]) -> Meta:
        """Returns a copy that belongs to a class and knows its fields."""
        bound = copy.copy(self)
        bound.doctype = self.doctype or doctype
        bound.table = self.table or f"tab{bound.doctype}"
        bound.app = app
        bound.by_name = MappingProxyType(dict(fields))
        return bound

    @property
    def name(self) -> str:
        """The name of the type."""
        return self.doctype

    @property
    def is_submittable(self) -> bool:
        """Whether documents of the type can be submitted (Frappe's name)."""
        return self.submittable

    @property
    def fields(self) -> list[AnyField]:
        """Every declared field in order."""
        return list(self.by_name.values())

    def get_field(self, name: str) -> AnyField:
        """Returns a field.

        Raises:
            UnknownFieldError: the type has no such field; the message has the nearest name.
        """
        found = self.by_name.get(name)
        if found is None:
            raise UnknownFieldError(
                f"{self.doctype} has no field {name!r}.{nearest(name, self.by_name)}", doctype=self.doctype, field=name
            )
        return found

    def has_field(self, name: str) -> bool:
        """Tells whether the type declares the field."""
        return name in self.by_name

    def get_table_fields(self) -> list[TableField[Any]]:
        """Returns the fields that hold child rows."""
        return [each for each in self.by_name.values() if isinstance(each, TableField)]

    def get_link_fields(self) -> list[Link[Any, Any]]:
        """Returns the fields of type Link."""
        return [each for each in self.by_name.values() if isinstance(each, Link)]

    def get_dynamic_link_fields(self) -> list[DynamicLink[Any, Any]]:
        """Returns the fields of type Dynamic Link."""
        return [each for each in self.by_name.values() if isinstance(each, DynamicLink)]

    def get_value_fields(self) -> list[Field[Any, Any]]:
        """Returns the fields that have a column."""
        return [each for each in self.by_name.values() if isinstance(each, Field)]

    def get_label(self, name: str) -> str:
        """Returns what people read for a field; a standard column's name for itself."""
        found = self.by_name.get(name)
        return found.label if found is not None else name.replace("_", " ").title()
