"""Values: what can be done with the values of a document that is in memory; nothing here writes.

`Document` inherits these methods. Their bodies stand in the ability's own file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from doclife.core.context import AttrDict
from doclife.model import assigning, children, serialise
from doclife.model.state import State
from doclife.schema.build import Blueprint
from doclife.schema.meta import Meta

if TYPE_CHECKING:
    from doclife.model.document import Document

#: names that assignment and `set` never take for a field
RESERVED_ATTRIBUTES = frozenset({"doctype", "meta", "flags"})


class Values:
    """The values of a document, its rows and its flags."""

    __slots__ = ()

    meta: ClassVar[Meta]
    _blueprint: ClassVar[Blueprint]
    _state: State

    @property
    def doctype(self) -> str:
        """The document type."""
        return self.meta.doctype

    @property
    def flags(self) -> AttrDict:
        """Flags of this object for its operations and handlers; never stored."""
        if self._state.flags is None:
            self._state.flags = AttrDict()
        return self._state.flags

    @property
    def parent_doc(self) -> Document | None:
        """The document this row belongs to, or None."""
        parent: Document | None = self._state.parent
        return parent

    def get(
        self, key: str | Mapping[str, Any], filters: Any = None, limit: int | None = None, default: Any = None
    ) -> Any:
        """Returns a value; for a table field the rows, filtered by `filters` when it is a dict.

        A second argument that is no dict is the default, as with `dict.get`.
        """
        return children.get(self, key, filters, limit, default)

    def set(self, key: str, value: Any) -> None:
        """Sets a field or an attribute."""
        if key not in RESERVED_ATTRIBUTES:
            setattr(self, key, value)

    def update(self, values: Mapping[str, Any]) -> Self:
        """Sets many fields.

        Raises:
            UnknownFieldError: the type has no such field; nothing is set.
        """
        assigning.update(self, values)
        return self

    def append(self, table_field: str, row: Mapping[str, Any] | Document | None = None, position: int = -1) -> Any:
        """Adds a child row and returns it; with a position the rows after it are renumbered."""
        return children.append(self, table_field, row, position)

    def extend(self, table_field: str, rows: Iterable[Mapping[str, Any] | Document]) -> None:
        """Adds child rows."""
        for row in list(rows):
            children.append(self, table_field, row)

    def remove(self, row: Document) -> None:
        """Removes a child row; those after it are renumbered."""
        children.remove(self, row)

    def get_all_children(self) -> list[Document]:
        """Returns the rows of all table fields."""
        return children.all_rows(self)

    def as_dict(self, *, no_nulls: bool = False, no_default_fields: bool = False) -> AttrDict:
        """Returns the values as a dict, rows as lists of dicts; passwords are left out."""
        return serialise.as_dict(self, no_nulls=no_nulls, no_default_fields=no_default_fields)

    def as_json(self, *, indent: int | None = 1) -> str:
        """Returns the values as JSON text."""
        return serialise.as_json(self, indent=indent)
