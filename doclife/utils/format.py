"""One value as text for people, by the type of its field.

Plain text on purpose: nothing is escaped or marked up, which is for the page that shows it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from doclife.utils.date_format import format_date, format_datetime, format_duration, format_time
from doclife.utils.errors import InvalidValue
from doclife.utils.money import fmt_money
from doclife.utils.numbers import cint, flt, rounded

#: decimal places of a Float that is not whole and names no precision
FLOAT_PLACES = 3


def format_value(
    value: Any,
    df: Any = None,
    doc: Any = None,
    currency: str | None = None,
    translated: bool = False,
    format: str | None = None,
) -> str:
    """Returns a value as text: `format_value(1234.5, "Currency")` is "1,234.50".

    Args:
        value: None is "".
        df: a field type by name, or a field: an object or a mapping with `fieldtype` and perhaps
            `precision` and `options` (for a Currency the name of the field that holds the currency,
            or its code). None: the type that fits the Python value.
        doc: the document or mapping in which `options` is looked up.
        currency: the code of the currency of a Currency or Float.
        translated: accepted for Frappe's sake; texts are returned as they are.
        format: a pattern for dates and times, a number format for numbers.
    Returns:
        Currency and Float with thousands, a Float that is whole without decimals; a Percent with
        up to two decimals and "%"; a Check as Yes or No; a Password as asterisks; everything else
        as `str`.
    Raises:
        InvalidValue: there is no such field type, or the value does not fit it.
    """
    if value is None:
        return ""
    fieldtype = df if isinstance(df, str) else _read(df, "fieldtype") if df is not None else None
    key = str(fieldtype).replace(" ", "").lower() if fieldtype else _guess(value)
    write = _WRITERS.get(key)
    if write is None:
        if key in _PLAIN:
            return str(value)
        from difflib import get_close_matches  # for mistakes only

        near = get_close_matches(key, [*_WRITERS, *_PLAIN], n=1)
        hint = f" Did you mean {_PLAIN.get(near[0], near[0].title())!r}?" if near else ""
        raise InvalidValue(f"no field type {fieldtype!r}.{hint}")
    options = None if isinstance(df, str) else _read(df, "options")
    if currency is None and key == "currency" and options:
        currency = _read(doc, str(options)) or (str(options) if len(str(options)) == 3 else None)
    precision = None if isinstance(df, str) else _read(df, "precision")
    return write(value, format, currency, None if precision in (None, "") else cint(precision))


_Writer = Callable[[Any, str | None, str | None, int | None], str]


def _money(value: Any, pattern: str | None, currency: str | None, precision: int | None) -> str:
    return fmt_money(value, precision, currency, pattern)


def _float(value: Any, pattern: str | None, currency: str | None, precision: int | None) -> str:
    number = flt(value)
    if precision is None:
        precision = 0 if number == number // 1 else FLOAT_PLACES
    return fmt_money(number, precision, currency, pattern)


def _percent(value: Any, pattern: str | None, currency: str | None, precision: int | None) -> str:
    number = flt(value)
    exact = number if isinstance(number, Decimal) else Decimal(float.__repr__(number))
    text = Decimal.__format__(rounded(exact, 2 if precision is None else precision), "f")
    return (text.rstrip("0").rstrip(".") if precision is None and "." in text else text) + "%"


_WRITERS: dict[str, _Writer] = {
    "currency": _money,
    "float": _float,
    "percent": _percent,
    "int": lambda value, *_: str(cint(value)),
    "check": lambda value, *_: "Yes" if cint(value) else "No",
    "date": lambda value, pattern, *_: format_date(value, pattern),
    "datetime": lambda value, pattern, *_: format_datetime(value, pattern),
    "time": lambda value, pattern, *_: format_time(value, pattern),
    "duration": lambda value, *_: format_duration(value if isinstance(value, datetime.timedelta) else flt(value)),
    "password": lambda value, *_: "*" * 6 if value else "",
}

#: field types that are shown as they are
_PLAIN = {
    name.replace(" ", "").lower(): name
    for name in (
        "Attach",
        "Attach Image",
        "Autocomplete",
        "Barcode",
        "Code",
        "Color",
        "Data",
        "Dynamic Link",
        "Geolocation",
        "HTML Editor",
        "JSON",
        "Link",
        "Long Text",
        "Markdown Editor",
        "Phone",
        "Rating",
        "Read Only",
        "Select",
        "Small Text",
        "Table",
        "Text",
        "Text Editor",
    )
}

_GUESSES: tuple[tuple[type, str], ...] = (
    (bool, "check"),
    (int, "int"),
    (float, "float"),
    (Decimal, "currency"),
    (datetime.datetime, "datetime"),
    (datetime.date, "date"),
    (datetime.time, "time"),
    (datetime.timedelta, "duration"),
)


def _guess(value: Any) -> str:
    return next((key for kind, key in _GUESSES if isinstance(value, kind)), "data")


def _read(source: Any, name: str) -> Any:
    return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
