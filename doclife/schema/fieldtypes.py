"""The types of fields, one class each; `doclife.fields` offers them to apps.

The overloads give a required field a type without None. They must stand in each class: a type
checker does not carry a self type of `__init__` from a base to its subclasses.
"""

from __future__ import annotations

import json as stdjson
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, Unpack, overload

from sqlalchemy.types import TypeEngine

from doclife.core.amount import Amount
from doclife.database import types
from doclife.schema.field import Accept, Field, FieldOptions, Read

#: characters of a text column without a `length` of its own (Frappe's VARCHAR)
DEFAULT_LENGTH = 140

MaybeText = str | None
DateLike = date | str
DatetimeLike = datetime | date | str
TimeLike = time | str
NumberLike = int | float | str | Decimal
Row = TypeVar("Row")


class _TextField(Field[Read, Accept]):
    clean = frozenset({str, type(None)})
    #: whether the column is limited to `length` characters
    limited = True

    def column_type(self) -> TypeEngine[Any]:
        return types.ShortText(self.length or DEFAULT_LENGTH) if self.limited else types.LongText()

    def cast(self, value: Any) -> Any:
        if value is None or type(value) is str:
            return value
        if isinstance(value, str):
            return str(value)
        if isinstance(value, (int, float, Decimal, date, time)) and not isinstance(value, bool):
            return str(value)
        raise ValueError("text is expected")

    @property
    def max_length(self) -> int:
        """The most characters the column takes; 0 means no limit."""
        return (self.length or DEFAULT_LENGTH) if self.limited else self.length


class Data(_TextField[Read, Accept]):
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


class SmallText(_TextField[Read, Accept]):
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


class Text(_TextField[Read, Accept]):
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


class Code(_TextField[Read, Accept]):
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


class Select(_TextField[Read, Accept]):
    """One of the given options; empty is allowed unless `reqd`."""

    fieldtype = "Select"

    @overload
    def __init__(self: Select[str, str], *options: str, reqd: Literal[True], **rest: Unpack[FieldOptions]) -> None: ...
    @overload
    def __init__(
        self: Select[MaybeText, MaybeText], *options: str, reqd: Literal[False] = False, **rest: Unpack[FieldOptions]
    ) -> None: ...
    def __init__(self, *options: str, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options as words, then those of `FieldOptions`."""
        super().__init__(reqd=reqd, options=tuple(options), **rest)

    def cast(self, value: Any) -> Any:
        text = super().cast(value)
        return text.strip() if text is not None else None


class Link(_TextField[Read, Accept]):
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


class DynamicLink(_TextField[Read, Accept]):
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


class Password(_TextField[Read, Accept]):
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


class Date(Field[Read, Accept]):
    """A day."""

    fieldtype = "Date"
    clean = frozenset({date, type(None)})

    @overload
    def __init__(self: Date[date, DateLike], *, reqd: Literal[True], **rest: Unpack[FieldOptions]) -> None: ...
    @overload
    def __init__(
        self: Date[date | None, DateLike | None], *, reqd: Literal[False] = False, **rest: Unpack[FieldOptions]
    ) -> None: ...
    def __init__(self, *, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options of `FieldOptions`."""
        super().__init__(reqd=reqd, **rest)

    def column_type(self) -> TypeEngine[Any]:
        return types.Date()

    def cast(self, value: Any) -> Any:
        if value is None or type(value) is date:
            return value
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
        if isinstance(value, str):
            return _parse(value, lambda text: datetime.fromisoformat(text).date(), "a date as YYYY-MM-DD")
        raise ValueError("a date as YYYY-MM-DD is expected")


class Datetime(Field[Read, Accept]):
    """A moment: a naive datetime in the site's time zone, with microseconds."""

    fieldtype = "Datetime"
    clean = frozenset({datetime, type(None)})

    @overload
    def __init__(
        self: Datetime[datetime, DatetimeLike], *, reqd: Literal[True], **rest: Unpack[FieldOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: Datetime[datetime | None, DatetimeLike | None],
        *,
        reqd: Literal[False] = False,
        **rest: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, *, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options of `FieldOptions`."""
        super().__init__(reqd=reqd, **rest)

    def column_type(self) -> TypeEngine[Any]:
        return types.NaiveDateTime()

    def cast(self, value: Any) -> Any:
        if isinstance(value, str):
            value = _parse(value, datetime.fromisoformat, "a datetime as YYYY-MM-DD HH:MM:SS")
        if value is None:
            return None
        if isinstance(value, datetime):
            if value.tzinfo is not None:
                raise ValueError("a datetime without a time zone, in the site's time, is expected")
            return value
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day)
        raise ValueError("a datetime as YYYY-MM-DD HH:MM:SS is expected")


class Time(Field[Read, Accept]):
    """A time of day."""

    fieldtype = "Time"
    clean = frozenset({time, type(None)})

    @overload
    def __init__(self: Time[time, TimeLike], *, reqd: Literal[True], **rest: Unpack[FieldOptions]) -> None: ...
    @overload
    def __init__(
        self: Time[time | None, TimeLike | None], *, reqd: Literal[False] = False, **rest: Unpack[FieldOptions]
    ) -> None: ...
    def __init__(self, *, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options of `FieldOptions`."""
        super().__init__(reqd=reqd, **rest)

    def column_type(self) -> TypeEngine[Any]:
        return types.TimeOfDay()

    def cast(self, value: Any) -> Any:
        if isinstance(value, str):
            value = _parse(value, time.fromisoformat, "a time as HH:MM:SS")
        if value is None or (isinstance(value, time) and value.tzinfo is None):
            return value
        if isinstance(value, datetime):
            return value.time()
        raise ValueError("a time as HH:MM:SS is expected")


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
        return types.JsonText()

    def cast(self, value: Any) -> Any:
        if isinstance(value, str) and value[:1] in ("{", "["):
            return _parse(value, stdjson.loads, "JSON")
        return value


class _Number(Field[Read, Accept]):
    def __init__(self, *, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options of `FieldOptions`; a number is never None, its empty value is 0."""
        super().__init__(reqd=reqd, **rest)


class Check(_Number[int, int]):
    """Yes or no, as 1 or 0; takes bool."""

    fieldtype = "Check"
    empty = 0
    clean = frozenset({int})

    def column_type(self) -> TypeEngine[Any]:
        return types.CheckType()

    def cast(self, value: Any) -> Any:
        if value in (None, "", 0, "0", False):
            return 0
        if value in (1, "1", True):
            return 1
        raise ValueError("0, 1, False or True is expected")


class Int(_Number[int, int | float | str]):
    """A whole number of 64 bits."""

    fieldtype = "Int"
    empty = 0
    clean = frozenset({int})

    def column_type(self) -> TypeEngine[Any]:
        return types.BigInt()

    def cast(self, value: Any) -> Any:
        if type(value) is int:
            return value
        if value is None or value == "":
            return 0
        try:
            number = Decimal(str(value)) if not isinstance(value, (bool, int)) else Decimal(int(value))
            whole = int(number)
        except (InvalidOperation, ValueError, OverflowError):
            raise ValueError("a whole number is expected") from None
        if whole != number:
            raise ValueError("a whole number is expected")
        return whole


class Float(_Number[float, NumberLike]):
    """A number in double precision; money belongs in Currency."""

    fieldtype = "Float"
    empty = 0.0
    clean = frozenset({float})

    def column_type(self) -> TypeEngine[Any]:
        return types.Double()

    def cast(self, value: Any) -> Any:
        if type(value) is float and value == value and value not in (float("inf"), float("-inf")):
            return value
        if value is None or value == "":
            return 0.0
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError("a number is expected") from None
        if number != number or number in (float("inf"), float("-inf")):
            raise ValueError("a finite number is expected")
        return number


class _AmountField(_Number[Amount, NumberLike]):
    empty = Amount(0)
    clean = frozenset({Amount})

    def column_type(self) -> TypeEngine[Any]:
        return types.AmountType()

    def cast(self, value: Any) -> Any:
        if type(value) is Amount and value.is_finite():
            return value
        if value is None or value == "":
            return self.empty
        try:
            amount = Amount(value)
        except (InvalidOperation, TypeError, ValueError):
            raise ValueError("a number is expected") from None
        if not amount.is_finite():
            raise ValueError("a finite number is expected")
        return amount


class Currency(_AmountField):
    """Exact money, a `doclife.Amount`."""

    fieldtype = "Currency"


class Percent(_AmountField):
    """An exact percentage, a `doclife.Amount`: 5 means 5 %."""

    fieldtype = "Percent"


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


AnyField = Field[Any, Any] | Table[Any]


def _parse(text: str, parser: Any, expected: str) -> Any:
    if not text.strip():
        return None
    try:
        return parser(text.strip())
    except ValueError:
        raise ValueError(f"{expected} is expected") from None
