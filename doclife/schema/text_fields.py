"""Fields that hold text: lines, long text, choices, links, secrets.

The overloads give a required field a type without None. They must stand in each class: a type
checker does not carry a self type of `__init__` from a base to its subclasses.
"""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any, Literal, Unpack, overload

from sqlalchemy.types import TypeEngine

from doclife.database import types
from doclife.schema.field import Accept, Field, FieldOptions, Read

#: characters of a text column without a `length` of its own (Frappe's VARCHAR)
DEFAULT_LENGTH = 140

MaybeText = str | None


class TextField(Field[Read, Accept]):
    """What all fields of text have in common."""

    clean = frozenset({str, type(None)})
    #: whether the column is limited to `length` characters
    limited = True

    def column_type(self) -> TypeEngine[Any]:
        """Returns the type of the field's column."""
        return types.ShortText(self.length or DEFAULT_LENGTH) if self.limited else types.LongText()

    def cast(self, value: Any) -> Any:
        """Returns the value as this field's type, or raises ValueError with what is expected."""
        if value is None or (self.unique and value == ""):  # several may be empty, so empty is NULL
            return None
        if isinstance(value, str):
            return value if type(value) is str else str(value)
        if isinstance(value, (int, float, Decimal, date, time)) and not isinstance(value, bool):
            return str(value)
        raise ValueError("text is expected")

    @property
    def max_length(self) -> int:
        """The most characters the column takes; 0 means no limit."""
        return (self.length or DEFAULT_LENGTH) if self.limited else self.length


class Data(TextField[Read, Accept]):
    """A line of text; `options` "Email", "URL", "Phone" or "Name" has its form checked."""

    fieldtype = "Data"

    @overload
    def __init__(
        self: Data[str, str], *, reqd: Literal[True], options: str | None = None, **rest: Unpack[FieldOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: Data[MaybeText, MaybeText],
        *,
        reqd: Literal[False] = False,
        options: str | None = None,
        **rest: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, *, reqd: bool = False, options: str | None = None, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options of `FieldOptions`."""
        super().__init__(reqd=reqd, options=options, **rest)


class SmallText(TextField[Read, Accept]):
    """Some lines of text."""

    fieldtype = "Small Text"
    limited = False

    @overload
    def __init__(self: SmallText[str, str], *, reqd: Literal[True], **rest: Unpack[FieldOptions]) -> None: ...
    @overload
    def __init__(
        self: SmallText[MaybeText, MaybeText], *, reqd: Literal[False] = False, **rest: Unpack[FieldOptions]
    ) -> None: ...
    def __init__(self, *, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options of `FieldOptions`."""
        super().__init__(reqd=reqd, **rest)


class Text(TextField[Read, Accept]):
    """Long text."""

    fieldtype = "Text"
    limited = False

    @overload
    def __init__(self: Text[str, str], *, reqd: Literal[True], **rest: Unpack[FieldOptions]) -> None: ...
    @overload
    def __init__(
        self: Text[MaybeText, MaybeText], *, reqd: Literal[False] = False, **rest: Unpack[FieldOptions]
    ) -> None: ...
    def __init__(self, *, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options of `FieldOptions`."""
        super().__init__(reqd=reqd, **rest)


class Code(TextField[Read, Accept]):
    """Source text; `options` names the language."""

    fieldtype = "Code"
    limited = False

    @overload
    def __init__(
        self: Code[str, str], *, reqd: Literal[True], options: str | None = None, **rest: Unpack[FieldOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: Code[MaybeText, MaybeText],
        *,
        reqd: Literal[False] = False,
        options: str | None = None,
        **rest: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, *, reqd: bool = False, options: str | None = None, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options of `FieldOptions`."""
        super().__init__(reqd=reqd, options=options, **rest)


class Select(TextField[Read, Accept]):
    """One of the given options; empty is allowed unless `reqd`."""

    fieldtype = "Select"
    clean = frozenset({type(None)})  # texts are stripped

    @overload
    def __init__(self: Select[str, str], *options: str, reqd: Literal[True], **rest: Unpack[FieldOptions]) -> None: ...
    @overload
    def __init__(
        self: Select[MaybeText, MaybeText], *options: str, reqd: Literal[False] = False, **rest: Unpack[FieldOptions]
    ) -> None: ...
    def __init__(self, *options: str, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options as words, then those of `FieldOptions`."""
        super().__init__(reqd=reqd, options=tuple(options), **rest)

    @property
    def choices(self) -> tuple[str, ...]:
        """What a value must be one of; empty where any will do, as for the field `naming_series` (reference 1.6.3)."""
        return () if self.name == "naming_series" else self.options

    def cast(self, value: Any) -> Any:
        """Returns the value as this field's type, or raises ValueError with what is expected."""
        text = super().cast(value)
        return text.strip() if text is not None else None


class Link(TextField[Read, Accept]):
    """The name of a document of another type."""

    fieldtype = "Link"

    @overload
    def __init__(self: Link[str, str], doctype: str, *, reqd: Literal[True], **rest: Unpack[FieldOptions]) -> None: ...
    @overload
    def __init__(
        self: Link[MaybeText, MaybeText], doctype: str, *, reqd: Literal[False] = False, **rest: Unpack[FieldOptions]
    ) -> None: ...
    def __init__(self, doctype: str, *, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the linked document type, then the options of `FieldOptions`."""
        super().__init__(reqd=reqd, options=doctype, **rest)


class DynamicLink(TextField[Read, Accept]):
    """The name of a document whose type stands in another field."""

    fieldtype = "Dynamic Link"

    @overload
    def __init__(
        self: DynamicLink[str, str], type_field: str, *, reqd: Literal[True], **rest: Unpack[FieldOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: DynamicLink[MaybeText, MaybeText],
        type_field: str,
        *,
        reqd: Literal[False] = False,
        **rest: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, type_field: str, *, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the name of the field that holds the type, then the options of `FieldOptions`."""
        super().__init__(reqd=reqd, options=type_field, **rest)


class Password(TextField[Read, Accept]):
    """A secret that is only ever compared: stored as an Argon2 hash when the document is saved."""

    fieldtype = "Password"

    @overload
    def __init__(self: Password[str, str], *, reqd: Literal[True], **rest: Unpack[FieldOptions]) -> None: ...
    @overload
    def __init__(
        self: Password[MaybeText, MaybeText], *, reqd: Literal[False] = False, **rest: Unpack[FieldOptions]
    ) -> None: ...
    def __init__(self, *, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options of `FieldOptions`."""
        super().__init__(reqd=reqd, **rest)
