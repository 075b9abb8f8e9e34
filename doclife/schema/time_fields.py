"""Fields that hold days, moments and times of day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Literal, TypeVar, Unpack, overload

from sqlalchemy.types import TypeEngine

from doclife.database import types
from doclife.schema.field import Accept, Field, FieldOptions, Read

DateLike = date | str
DatetimeLike = datetime | date | str
TimeLike = time | str
Parsed = TypeVar("Parsed")


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
        """Returns the type of the field's column."""
        return types.Date()

    def cast(self, value: Any) -> Any:
        """Returns the value as this field's type, or raises ValueError with what is expected."""
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
        """Returns the type of the field's column."""
        return types.NaiveDateTime()

    def cast(self, value: Any) -> Any:
        """Returns the value as this field's type, or raises ValueError with what is expected."""
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
        """Returns the type of the field's column."""
        return types.TimeOfDay()

    def cast(self, value: Any) -> Any:
        """Returns the value as this field's type, or raises ValueError with what is expected."""
        if isinstance(value, str):
            value = _parse(value, time.fromisoformat, "a time as HH:MM:SS")
        if value is None or (isinstance(value, time) and value.tzinfo is None):
            return value
        if isinstance(value, datetime):
            return value.time()
        raise ValueError("a time as HH:MM:SS is expected")


def _parse(text: str, parser: Callable[[str], Parsed], expected: str) -> Parsed | None:
    if not text.strip():
        return None
    try:
        return parser(text.strip())
    except ValueError:
        raise ValueError(f"{expected} is expected") from None
