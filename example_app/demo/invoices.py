"""Invoices as they come in, before they are documents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

#: characters of an outlet's code; warehouse and item code must fit behind it into one name
CODE_LENGTH = 20


@dataclass(frozen=True)
class Line:
    """One line of an invoice."""

    item_code: str
    description: str
    qty: int
    #: money per piece
    rate: Decimal


@dataclass
class Invoice:
    """One invoice with the date of its first line."""

    number: str
    outlet: str
    customer: str
    posted: datetime
    lines: list[Line] = field(default_factory=list)

    @property
    def is_return(self) -> bool:
        """Whether it is a return: its number begins with C."""
        return self.number.startswith("C")

    @property
    def total(self) -> Decimal:
        """The sum of its lines."""
        return sum((line.qty * line.rate for line in self.lines), Decimal(0))


@dataclass(frozen=True)
class Outlet:
    """An outlet, and from when until when it has an agreement."""

    code: str
    name: str
    first_day: date
    last_day: date


def outlets_of(invoices: Iterable[Invoice]) -> list[Outlet]:
    """Returns the outlets that invoices name, in order of appearance, each with a code of its own.

    Their agreements are for the years in which they have invoices.
    """
    years: dict[str, list[int]] = {}
    for invoice in invoices:
        years.setdefault(invoice.outlet, []).append(invoice.posted.year)
    codes: set[str] = set()
    outlets = []
    for name, found in years.items():
        code = _code(name, codes)
        codes.add(code)
        outlets.append(Outlet(code, name, date(min(found), 1, 1), date(max(found), 12, 31)))
    return outlets


def _code(name: str, taken: set[str]) -> str:
    """Returns a short code in capitals: "United Kingdom" is UNITED-KINGDOM."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Z0-9]+", "-", plain.upper()).strip("-")[:CODE_LENGTH].strip("-") or "OUTLET"
    code, n = stem, 1
    while code in taken:
        n += 1
        code = f"{stem[: CODE_LENGTH - 1 - len(str(n))]}-{n}"
    return code
