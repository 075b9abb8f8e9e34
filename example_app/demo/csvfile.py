"""Reading invoices from a CSV file. All of it is checked before anything is stored."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from doclife import ValidationError
from example_app.demo.invoices import Invoice, Line

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
#: 5 % of a price with so many decimals still fits the six that amounts are kept with
DECIMALS = 4
#: money; what an amount with six decimals may be so that every database keeps it exactly
LARGEST_TOTAL = 1_000_000_000
#: characters; a name is built from it
LONGEST_CODE = 100
LONGEST_TEXT = 140
YEARS = range(1900, 3000)

_WHOLE = re.compile(r"[+-]?[0-9]{1,15}(\.0+)?")
_NUMBER = re.compile(r"[+-]?([0-9]{1,15}(\.[0-9]*)?|\.[0-9]+)")


class CsvError(ValidationError):
    """The file cannot be used; the message names file, line and column."""


def read_invoices(path: Path) -> list[Invoice]:
    """Returns the invoices of a file in order of appearance; lines of one number belong together wherever they stand.

    Args:
        path: a CSV file in UTF-8, the names of COLUMNS in its first line, in any order.
    Raises:
        CsvError: it is missing, unreadable or malformed.
    """
    records = _records(path, _text(path))
    try:
        header_line, header = next(records)
    except StopIteration:
        raise CsvError(f"{path}:1: the file is empty; its first line must name the columns {_list(COLUMNS)}") from None
    places = _places(path, header_line, header)
    invoices: dict[str, Invoice] = {}
    total = Decimal(0)
    for line, record in records:
        row = _Row(path, line, header, places, record)
        invoice = row.invoice(invoices.get(row.code("InvoiceNo")))
        invoices.setdefault(invoice.number, invoice)
        taken = row.line()
        total += abs(taken.qty * taken.rate)
        if total > LARGEST_TOTAL:
            row.refuse(
                "UnitPrice",
                f"up to here the amounts add up to more than {LARGEST_TOTAL:,}, too much to be kept exactly",
            )
        invoice.lines.append(taken)
    if not invoices:
        raise CsvError(f"{path}:{header_line + 1}: column {COLUMNS[0]}: there is no invoice below the header")
    return list(invoices.values())


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CsvError(f"{path}: it cannot be read: {error.strerror or error}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = _position(data[: error.start].decode("utf-8-sig"))
        raise CsvError(
            f"{path}:{where}: byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        ) from error
    if "\0" in text:
        raise CsvError(f"{path}:{_position(text[: text.index(chr(0))])}: a NUL character; this is not a text file")
    return text


def _position(before: str) -> str:
    """Returns line and character of the place behind `before`."""
    return f"{before.count(chr(10)) + 1}: column {len(before) - before.rfind(chr(10))}"


def _records(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yields the number of the first line of each record, and its values; blank lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise CsvError(f"{path}:{line}: column 1: this line and what follows is not CSV: {error}") from error
        if record:
            yield line, record


def _places(path: Path, line: int, header: Sequence[str]) -> dict[str, int]:
    """Returns where each column stands."""
    names = [name.strip() for name in header]
    for name in COLUMNS:
        if names.count(name) != 1:
            problem = "is missing" if name not in names else "stands there twice"
            raise CsvError(f"{path}:{line}: column {name} {problem}; the line has {_list(names)}")
    return {name: names.index(name) for name in COLUMNS}


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


class _Row:
    """One line of the file; every question about a value is refused with its place."""

    def __init__(self, path: Path, line: int, header: Sequence[str], places: dict[str, int], record: list[str]) -> None:
        self._path, self._line, self._places, self._record = path, line, places, record
        if len(record) < len(header):
            self._refuse_at(len(record), header[len(record)], f"is missing; only {len(record)} values")
        if len(record) > len(header):
            problem = f"there are {len(record)} values for {len(header)} columns; is a text with a comma not quoted?"
            self._refuse_at(len(header), "no name", problem)

    def refuse(self, column: str, problem: str) -> NoReturn:
        """Raises the error for a column."""
        self._refuse_at(self._places[column], column, problem)

    def _refuse_at(self, place: int, column: str, problem: str) -> NoReturn:
        raise CsvError(f"{self._path}:{self._line}: column {place + 1} ({column}): {problem}")

    def text(self, column: str) -> str:
        """Returns a text, without blanks around it."""
        return self._record[self._places[column]].strip()

    def short_text(self, column: str, longest: int = LONGEST_TEXT) -> str:
        """Returns a text of limited length."""
        text = self.text(column)
        if len(text) > longest:
            self.refuse(column, f"{len(text)} characters; at most {longest} fit")
        return text

    def filled(self, column: str, longest: int = LONGEST_TEXT) -> str:
        """Returns a text that may not be empty."""
        text = self.short_text(column, longest)
        if not text:
            self.refuse(column, "it is empty")
        return text

    def code(self, column: str) -> str:
        """Returns a text that can be the name of a document, or part of one."""
        code = self.filled(column, LONGEST_CODE)
        if "<" in code or ">" in code:
            self.refuse(column, f"{code!r} has < or >, which names cannot have")
        return code

    def whole(self, column: str) -> int:
        """Returns a whole number."""
        text = self.text(column)
        if not _WHOLE.fullmatch(text):
            self.refuse(column, f"{text!r} is not a whole number")
        return int(Decimal(text))

    def price(self, column: str) -> Decimal:
        """Returns an amount of money with few enough decimals."""
        text = self.text(column)
        if not _NUMBER.fullmatch(text):
            self.refuse(column, f"{text!r} is not a number; write it like 2.55")
        if len(text.partition(".")[2].rstrip("0")) > DECIMALS:
            self.refuse(column, f"{text} has more than {DECIMALS} decimals, with which royalties would not be exact")
        return Decimal(text)

    def moment(self, column: str) -> datetime:
        """Returns a date and time."""
        text = self.text(column)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.refuse(column, f"{text!r} is not a date; write it like 2010-12-01 08:26:00")
        if moment.tzinfo is not None or moment.year not in YEARS:
            self.refuse(column, f"{text!r} is not a local time between {YEARS.start} and {YEARS.stop - 1}")
        return moment

    def invoice(self, known: Invoice | None) -> Invoice:
        """Returns the invoice of this line: the one known by its number, or a new one."""
        country, customer, posted = self.filled("Country"), self.short_text("CustomerID"), self.moment("InvoiceDate")
        if known is None:
            return Invoice(self.code("InvoiceNo"), country, customer, posted)
        if known.outlet != country:
            self.refuse("Country", f"{country!r}, but invoice {known.number} began in {known.outlet!r}")
        return known

    def line(self) -> Line:
        """Returns what was sold."""
        return Line(
            self.code("StockCode"),
            self._record[self._places["Description"]],
            self.whole("Quantity"),
            self.price("UnitPrice"),
        )
