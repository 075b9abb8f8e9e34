"""Reading the CSV file: what is taken as it is, and what is refused with file, line and column."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from example_app.demo.csvfile import CsvError, read_invoices
from example_app.demo.invoices import Line, outlets_of

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
GOOD = "536365,85123A,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sales.csv"


def write(file: Path, *lines: str) -> Path:
    file.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return file


def changed(column: str, value: str) -> str:
    """Returns the good line with another value in a column."""
    values = GOOD.split(",")
    values[HEADER.split(",").index(column)] = value
    return ",".join(values)


def test_lines_of_one_number_are_one_invoice_wherever_they_stand(file: Path) -> None:
    write(
        file,
        GOOD,
        "C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527,United Kingdom",
        '536370,22728,"ALARM CLOCK, RED",24,2010-12-01 08:45:00,3.75,12583,France',
        "536365,71053,LANTERN,2,2010-12-01 08:27:00,3.39,17850,United Kingdom",
    )
    first, back, other = read_invoices(file)
    assert (first.number, first.outlet, first.customer, first.is_return) == ("536365", "United Kingdom", "17850", False)
    assert first.posted == datetime(2010, 12, 1, 8, 26)
    assert first.lines == [
        Line("85123A", "HEART HOLDER", 6, Decimal("2.55")),
        Line("71053", "LANTERN", 2, Decimal("3.39")),
    ]
    # 6 x 2.55 + 2 x 3.39
    assert first.total == Decimal("22.08")
    assert (back.is_return, back.total) == (True, Decimal("-27.50"))
    assert other.lines[0].description == "ALARM CLOCK, RED"


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("536414,22139,,56,2010-12-01 11:52:00,0,,Norway", Line("22139", "", 56, Decimal(0))),
        ("536589,21777,,-10,2010-12-01 16:50:00,0.0,,Norway", Line("21777", "", -10, Decimal(0))),
        (
            "A563185,B,Adjust bad debt,1,2011-08-12 14:51:00,-11062.06,,Norway",
            Line("B", "Adjust bad debt", 1, Decimal("-11062.06")),
        ),
        ("C1,M,Manual,1,2010-12-01,373.5700,,Norway", Line("M", "Manual", 1, Decimal("373.57"))),
        ("1,M, two blanks ,2.0,2010-12-01,.0025,,Norway", Line("M", " two blanks ", 2, Decimal("0.0025"))),
    ],
    ids=["free of charge", "written off", "bad debt", "a return of a positive quantity", "odd numbers"],
)
def test_odd_lines_are_real_and_stay(file: Path, line: str, taken: Line) -> None:
    [invoice] = read_invoices(write(file, line))
    assert invoice.lines == [taken]
    assert invoice.customer == ""


def test_columns_may_stand_in_any_order_with_others_between(file: Path) -> None:
    file.write_text(
        "\ufeffCountry,Note,CustomerID,UnitPrice,InvoiceDate,Quantity,Description,StockCode,InvoiceNo\r\n"
        "\r\n"
        "Norway,x,1,2.50,2010-12-01 08:26,2,CUP,A,77\r\n",
        encoding="utf-8",
    )
    [invoice] = read_invoices(file)
    assert (invoice.number, invoice.outlet, invoice.total) == ("77", "Norway", 5)


REFUSED = [
    ("InvoiceNo", "", "column 1 (InvoiceNo): it is empty"),
    ("InvoiceNo", "<b>", "column 1 (InvoiceNo): '<b>' has < or >, which names cannot have"),
    ("StockCode", " ", "column 2 (StockCode): it is empty"),
    ("StockCode", "X" * 101, "column 2 (StockCode): 101 characters; at most 100 fit"),
    ("Quantity", "six", "column 4 (Quantity): 'six' is not a whole number"),
    ("Quantity", "", "column 4 (Quantity): '' is not a whole number"),
    ("Quantity", "1.5", "column 4 (Quantity): '1.5' is not a whole number"),
    ("Quantity", "٣", "column 4 (Quantity): '٣' is not a whole number"),
    ("InvoiceDate", "12/1/2010 8:26", "column 5 (InvoiceDate): '12/1/2010 8:26' is not a date"),
    ("InvoiceDate", "2010-02-30", "column 5 (InvoiceDate): '2010-02-30' is not a date"),
    (
        "InvoiceDate",
        "2010-12-01T08:26:00+01:00",
        "column 5 (InvoiceDate): '2010-12-01T08:26:00+01:00' is not a local time",
    ),
    ("InvoiceDate", "0201-12-01", "column 5 (InvoiceDate): '0201-12-01' is not a local time between 1900 and 2999"),
    ("UnitPrice", "2.55 EUR", "column 6 (UnitPrice): '2.55 EUR' is not a number; write it like 2.55"),
    ("UnitPrice", "NaN", "column 6 (UnitPrice): 'NaN' is not a number"),
    ("UnitPrice", "1e3", "column 6 (UnitPrice): '1e3' is not a number"),
    ("UnitPrice", ".", "column 6 (UnitPrice): '.' is not a number"),
    ("UnitPrice", "0.00001", "column 6 (UnitPrice): 0.00001 has more than 4 decimals"),
    ("UnitPrice", "900000000", "column 6 (UnitPrice): up to here the amounts add up to more than 1,000,000,000"),
    ("CustomerID", "9" * 141, "column 7 (CustomerID): 141 characters; at most 140 fit"),
    ("Country", "", "column 8 (Country): it is empty"),
    ("Country", "France", "column 8 (Country): 'France', but invoice 536365 began in 'United Kingdom'"),
]


@pytest.mark.parametrize(
    ("column", "value", "message"), REFUSED, ids=[f"{case[0]} {case[1][:12]!r}" for case in REFUSED]
)
def test_a_value_that_cannot_be_used_is_refused_with_its_place(
    file: Path, column: str, value: str, message: str
) -> None:
    write(file, GOOD, "", changed(column, value))
    with pytest.raises(CsvError) as refused:
        read_invoices(file)
    assert str(refused.value).startswith(f"{file}:4: {message}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: the file is empty; its first line must name the columns InvoiceNo, StockCode, "),
        ("\n\n", "1: the file is empty"),
        (f"{HEADER}\n", "2: column InvoiceNo: there is no invoice below the header"),
        (
            f"{HEADER.replace('UnitPrice', 'Price')}\n{GOOD}\n",
            "1: column UnitPrice is missing; the line has InvoiceNo, ",
        ),
        (f"{HEADER.replace(',', ';')}\n", "1: column InvoiceNo is missing; the line has InvoiceNo;StockCode;"),
        (f"{HEADER},Country\n{GOOD},Norway\n", "1: column Country stands there twice"),
        (f"{HEADER}\n{GOOD}\n1,A,B,2\n", "3: column 5 (InvoiceDate): is missing; only 4 values"),
        (f"{HEADER}\n{GOOD},more\n", "2: column 9 (no name): there are 9 values for 8 columns"),
        (
            f'{HEADER}\n{GOOD}\n1,A,"never closed\n2,B\n',
            "3: column 1: this line and what follows is not CSV: unexpected end",
        ),
        (f'{HEADER}\n1,A,"two\nlines",x,2010-12-01,1,,Norway\n', "2: column 4 (Quantity): 'x' is not a whole number"),
        (f"{HEADER}\n1,A\0,B,2,2010-12-01,1,,Norway\n", "2: column 4: a NUL character"),
    ],
)
def test_a_file_that_is_no_table_of_invoices_is_refused_with_its_place(file: Path, text: str, message: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CsvError) as refused:
        read_invoices(file)
    assert str(refused.value).startswith(f"{file}:{message}")


def test_other_encodings_are_refused_with_line_and_column(file: Path) -> None:
    file.write_bytes(f"{HEADER}\n1,A,CAF".encode() + b"\xe9,1,2010-12-01,1,,Norway\n")
    with pytest.raises(CsvError, match=r":2: column 8: byte 0xe9 is not UTF-8"):
        read_invoices(file)


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(CsvError, match=r"sales\.csv: it cannot be read: No such file"):
        read_invoices(file)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CsvError, match="it cannot be read: Is a directory"):
        read_invoices(tmp_path)


def test_each_country_is_an_outlet_with_a_code_of_its_own(file: Path) -> None:
    names = [
        "United Kingdom",
        "Åland",
        "UNITED-KINGDOM",
        "United Kingdom of Great Britain",
        "日本",
        "United  Kingdom Of Great",
    ]
    write(
        file, *(f"{n},A,B,1,{2010 + n}-05-05,1,,{name}" for n, name in enumerate(names)), "9,A,B,1,2008-01-01,1,,Åland"
    )
    outlets = outlets_of(read_invoices(file))
    assert [(outlet.name, outlet.code) for outlet in outlets] == list(
        zip(
            names,
            ["UNITED-KINGDOM", "ALAND", "UNITED-KINGDOM-2", "UNITED-KINGDOM-OF-GR", "OUTLET", "UNITED-KINGDOM-OF--2"],
            strict=True,
        )
    )
    assert [str(day) for day in (outlets[1].first_day, outlets[1].last_day)] == ["2008-01-01", "2011-12-31"]
