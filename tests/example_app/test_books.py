"""The check of the ledger, and how figures are told."""

from __future__ import annotations

from decimal import Decimal

import pytest

import doclife
from doclife import Amount
from example_app.demo import printing
from example_app.demo.books import SOURCES, Sums, read_books
from tests.example_app.conftest import add_outlet, submitted


@pytest.fixture
def two_outlets(harbour: str) -> None:
    """Sales of 8.90 and 44.50 less a return of 4.45 at one outlet, 17.80 at another that owes 7.5 %."""
    add_outlet("AIRPORT", "7.5", 1)
    submitted("1", ("CUP", 1, "4.45"), ("CUP", 1, "4.45"))
    submitted("2", ("CUP", 10, "4.45"), date="2025-11-01")
    submitted("C3", ("CUP", -1, "4.45"), date="2025-11-02")
    submitted("4", ("CUP", 4, "4.45"), outlet="AIRPORT")
    submitted("5", ("GIFT", 4, "0"), outlet="AIRPORT")
    submitted("6", ("CUP", 999, "1")).cancel()


@pytest.mark.usefixtures("two_outlets")
def test_the_books_are_read_by_outlet() -> None:
    books = read_books()
    harbour, airport = books.outlets["Harbour"], books.outlets["Airport"]
    assert (harbour.invoices, harbour.returns, harbour.net_total) == (2, 1, Decimal("48.95"))
    assert harbour.royalty == Decimal("2.4475")
    assert (airport.invoices, airport.returns, airport.net_total, airport.royalty) == (
        2,
        0,
        Decimal("17.80"),
        Decimal("1.335"),
    )
    assert books.lines == 6


@pytest.mark.usefixtures("two_outlets")
@pytest.mark.parametrize("source", SOURCES)
def test_each_source_adds_up_to_the_same(source: str) -> None:
    books = read_books()
    assert books.ledger[source] == {
        "Harbour": Sums(Amount("48.95"), Amount("2.4475")),
        "Airport": Sums(Amount("17.80"), Amount("1.335")),
    }
    assert books.total(source) == (Decimal("66.75"), Decimal("3.7825"))
    assert books.disagreements() == []


@pytest.mark.usefixtures("two_outlets")
@pytest.mark.parametrize(
    ("source", "falsified"),
    [
        ("invoice rows", "UPDATE `tabSales Invoice Item` SET qty = 5 WHERE parent = '4'"),
        ("submitted invoices", "UPDATE `tabSales Invoice` SET net_total = 17.800001 WHERE name = '4'"),
        ("submitted invoices", "UPDATE `tabSales Invoice` SET franchise_royalty = 1.335001 WHERE name = '4'"),
        ("royalty entries", "DELETE FROM `tabFranchise Royalty Entry` WHERE sales_invoice = '4'"),
        (
            "monthly summaries",
            "UPDATE `tabFranchise Sales Summary` SET total_royalty = 0 WHERE name = 'AIRPORT-2025-10'",
        ),
    ],
)
def test_a_difference_in_any_source_is_found(source: str, falsified: str) -> None:
    right = Sums(Amount("17.80"), Amount("1.335"))
    doclife.db.sql(falsified)
    books = read_books()
    [line] = books.disagreements()
    assert line.startswith("Airport: ")
    assert {name for name in SOURCES if books.ledger[name].get("Airport", Sums()) != right} == {source}
    assert "They do not agree" in "\n".join(printing.ledger(books))


@pytest.mark.usefixtures("two_outlets")
def test_an_error_that_moves_between_outlets_is_found() -> None:
    doclife.db.sql("UPDATE `tabFranchise Sales Summary` SET total_sales = 18.80 WHERE name = 'AIRPORT-2025-10'")
    doclife.db.sql("UPDATE `tabFranchise Sales Summary` SET total_sales = 7.90 WHERE name = 'HARBOUR-2025-10'")
    books = read_books()
    assert books.total("monthly summaries") == books.total("invoice rows")
    assert [line.partition(":")[0] for line in books.disagreements()] == ["Harbour", "Airport"]


@pytest.mark.usefixtures("two_outlets")
def test_json_tells_money_unrounded() -> None:
    doclife.db.commit()
    told = printing.as_json(read_books(), 1.234)
    assert {key: told[key] for key in told if key != "by_outlet"} == {
        "outlets": 2,
        "invoices": 4,
        "returns": 1,
        "lines": 6,
        "net_total": "66.75",
        "royalty_total": "3.7825",
        # a submit of each of the six invoices, and a cancel
        "jobs": {"enqueued": 7, "finished": 0, "failed": 0},
        "seconds": 1.23,
    }
    assert told["by_outlet"]["Harbour"] == {"invoices": 2, "returns": 1, "net_total": "48.95", "royalty": "2.4475"}


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0"), ("-0.000000", "0"), ("120.500000", "120.5"), ("1E+3", "1000"), ("-0.000315", "-0.000315")],
)
def test_exact_amounts_have_no_idle_zeros(amount: str, text: str) -> None:
    assert printing.exact(Amount(amount)) == text


def test_tables_are_aligned() -> None:
    assert printing.table(["who", "much"], [["a", "1"], ["long name", "20.00"]]) == [
        "  who         much",
        "  ----------------",
        "  a              1",
        "  long name  20.00",
    ]
