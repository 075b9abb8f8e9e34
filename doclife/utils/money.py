"""Money as people read it. Leaves out locales: a number format says where the commas go."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from doclife.utils.errors import InvalidValue
from doclife.utils.numbers import flt, rounded


class NumberFormat(NamedTuple):
    """How a number is written: its decimal point, what stands between thousands, decimal places."""

    point: str
    separator: str
    places: int


DEFAULT_NUMBER_FORMAT = "#,###.##"

#: Frappe's number formats; the one of India groups by two above the thousand
NUMBER_FORMATS = {
    "#,###.##": NumberFormat(".", ",", 2),
    "#.###,##": NumberFormat(",", ".", 2),
    "# ###.##": NumberFormat(".", " ", 2),
    "# ###,##": NumberFormat(",", " ", 2),
    "#'###.##": NumberFormat(".", "'", 2),
    "#, ###.##": NumberFormat(".", ", ", 2),
    "#,##,###.##": NumberFormat(".", ",", 2),
    "#,###.###": NumberFormat(".", ",", 3),
    "#.########": NumberFormat(".", "", 8),
    "#.###": NumberFormat("", ".", 0),
    "#,###": NumberFormat("", ",", 0),
}

#: sign and number format of currencies; others are written with their code
_CURRENCIES = {
    "AUD": ("$", "#,###.##"),
    "BRL": ("R$", "#.###,##"),
    "CAD": ("$", "#,###.##"),
    "CHF": ("Fr", "#'###.##"),
    "CNY": ("¥", "#,###.##"),
    "EUR": ("€", "#.###,##"),
    "GBP": ("£", "#,###.##"),
    "INR": ("₹", "#,##,###.##"),
    "JPY": ("¥", "#,###"),
    "USD": ("$", "#,###.##"),
}


def get_number_format_info(format: str) -> NumberFormat:
    """Returns the parts of a number format.

    Raises:
        InvalidValue: there is no such format; the message lists them.
    """
    try:
        return NUMBER_FORMATS[format]
    except KeyError:
        raise InvalidValue(f"no number format {format!r}; there are {', '.join(NUMBER_FORMATS)}") from None


def fmt_money(
    amount: Decimal | float | str | None,
    precision: int | None = None,
    currency: str | None = None,
    format: str | None = None,
) -> str:
    """Returns an amount as text, "-1,234.50", with a currency "₹ 1,23,456.00".

    Args:
        amount: None and what is not a number are zero. Rounding is half-even.
        precision: decimal places; None: those of the number format, 2 for most.
        currency: code of the currency, such as "EUR"; none: no sign.
        format: one of NUMBER_FORMATS; None: the currency's, or "#,###.##".
    Raises:
        InvalidValue: there is no such number format.
    """
    sign, own_format = _CURRENCIES.get(currency, (currency, DEFAULT_NUMBER_FORMAT)) if currency else ("", None)
    pattern = format or own_format or DEFAULT_NUMBER_FORMAT
    point, separator, places = get_number_format_info(pattern)
    if precision is not None:
        places = max(precision, 0)
    exact = amount if isinstance(amount, Decimal) else Decimal(float.__repr__(flt(amount)))
    if not exact.is_finite():
        raise InvalidValue(f"{amount!r} is not an amount of money")
    whole, _, decimals = Decimal.__format__(rounded(exact, places), "f").partition(".")
    minus, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    text = minus + separator.join(_groups(whole, 2 if pattern == "#,##,###.##" else 3))
    if decimals:
        text += (point or ".") + decimals
    return f"{sign} {text}" if sign else text


def _groups(digits: str, size: int) -> list[str]:
    """Returns the digits in groups: the last of three, those before it of `size`."""
    head, groups = digits[:-3], [digits[-3:]]
    while head:
        groups.insert(0, head[-size:])
        head = head[:-size]
    return groups
