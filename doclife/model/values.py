"""Values: what can be done with the values of a document that is in memory; nothing here writes.

`Document` inherits these methods. Their bodies stand in the ability's own file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from doclife.core.context import AttrDict
from doclife.core.errors import NotSupported
from doclife.model import assigning, children, passwords, plain, serialise
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

    def getone(self, key: str | Mapping[str, Any], filters: Any = None) -> Any:
        """Returns the first row that `get` finds, or None."""
        found = children.get(self, key, filters, 1, None)
        return found[0] if found else None

    def update_if_missing(self, values: Mapping[str, Any] | Values) -> None:
        """Sets those fields that are None; numbers never are.

        Args:
            values: by field; of a document its fields.
        Raises:
            UnknownFieldError: the type has no such field; nothing is set.
        """
        given = plain.fields_of(values) if isinstance(values, Values) else values
        self.update({name: value for name, value in given.items() if value is not None and self.get(name) is None})

    def get_all_children(self, parenttype: str | None = None) -> list[Document]:
        """Returns the rows of all table fields, in the order of the fields; `parenttype` is Frappe's."""
        return children.all_rows(self)

    def as_dict(
        self,
        no_nulls: bool = False,
        no_default_fields: bool = False,
        convert_dates_to_str: bool = False,
        no_child_table_fields: bool = False,
        no_private_properties: bool = False,
    ) -> AttrDict:
        """Returns the values as a dict, rows as lists of dicts; passwords are left out.

        Args:
            no_nulls: leave out what is None.
            no_default_fields: leave out the standard columns but the name.
            convert_dates_to_str: dates and times as text.
            no_child_table_fields: leave out the rows.
            no_private_properties: leave out `__onload`, what `set_onload` has set.
        """
        return serialise.as_dict(
            self,
            no_nulls=no_nulls,
            no_default_fields=no_default_fields,
            dates_as_text=convert_dates_to_str,
            rows=not no_child_table_fields,
            onload=not no_private_properties,
        )

    def get_valid_dict(
        self,
        sanitize: bool = True,
        convert_dates_to_str: bool = False,
        ignore_nulls: bool = False,
        ignore_virtual: bool = False,
    ) -> AttrDict:
        """Returns the columns with their values; `sanitize` and `ignore_virtual` are of Frappe's signature.

        Raises:
            ValidationError: a value could not be cast to its field's type.
        """
        return plain.valid_dict(self, dates_as_text=convert_dates_to_str, no_nulls=ignore_nulls)

    def get_title(self) -> Any:
        """Returns the value of the type's `title_field`, and the name where it has none."""
        return self.get(self.meta.title_field or "name")

    def get_formatted(
        self,
        fieldname: str,
        doc: Values | None = None,
        currency: str | None = None,
        translated: bool = False,
        format: str | None = None,
    ) -> str:
        """Returns a value as text for people, as `format_value` does.

        Args:
            fieldname: a field.
            doc: in which the currency is looked up; default this document.
            currency: code of the currency.
            translated: of Frappe's signature.
            format: a pattern for dates and times, a number format for numbers.
        """
        return plain.formatted(self, fieldname, doc, currency, translated, format)

    def precision(self, fieldname: str, parentfield: str | None = None) -> int | None:
        """Returns how many decimal places a field keeps; None: as many as its values have, or it has none.

        Args:
            fieldname: a field of this type, or with `parentfield` of its rows.
            parentfield: a table field.
        Raises:
            UnknownFieldError: there is no such field.
        """
        return plain.precision(self, fieldname, parentfield)

    def validate_from_to_dates(self, from_date_field: str, to_date_field: str) -> None:
        """Refuses a time that ends before it begins.

        Raises:
            InvalidDates: names both fields and values.
        """
        plain.check_dates(self, from_date_field, to_date_field)

    def set_onload(self, key: str, value: Any) -> None:
        """Sets what goes to the form that is being loaded, under `__onload`; it is never stored."""
        self.__dict__.setdefault("__onload", AttrDict())[key] = value

    def get_onload(self, key: str | None = None) -> Any:
        """Returns what `set_onload` has set: one value, or without a key all."""
        onload: AttrDict = self.__dict__.get("__onload") or AttrDict()
        return onload if key is None else onload.get(key)

    def verify_password(self, fieldname: str, secret: str) -> bool:
        """Tells whether `secret` is the stored password; takes about 50 ms.

        Raises:
            UnknownFieldError: the type has no such password field.
        """
        return passwords.verify(self, fieldname, secret)

    def get_password(self, fieldname: str = "password", raise_exception: bool = True) -> NoReturn:
        """Refuses: a password is stored so that nobody can read it.

        Raises:
            NotSupported: says what to do instead.
        """
        raise NotSupported(
            f"{self.doctype}.{fieldname}: passwords are stored one-way (Argon2) and cannot be read; compare with "
            f"doc.verify_password({fieldname!r}, secret). A secret that must be read back belongs in the settings or "
            "the environment"
        )

    def add_comment(self, comment_type: str = "Comment", text: str | None = None, *args: Any, **more: Any) -> NoReturn:
        """Refuses: there are no comments.

        Raises:
            NotSupported: says what to do instead.
        """
        raise NotSupported(
            f"{self.doctype}: there are no comments in doclife. Changes are recorded by Meta(track_changes=True); for "
            "remarks of people give the type a table field, or declare a type with a DynamicLink"
        )

    def as_json(self, *, indent: int | None = 1) -> str:
        """Returns the values as JSON text."""
        return serialise.as_json(self, indent=indent)
