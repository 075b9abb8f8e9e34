"""Royalties against tables worked by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import doclife
from tests.example_app.conftest import Row, add_outlet, draft, submitted

# rows; net total, royalty of 5 %, marketing fee of 2 %, both
BY_HAND: list[tuple[str, list[Row], str, str, str, str]] = [
    ("one row", [("CONE", 3, "2.55")], "7.65", "0.3825", "0.153", "0.5355"),
    (
        "several rows",
        [("CONE", 3, "2.55"), ("WAFER", 10, "0.125"), ("GIFT", 1, "0")],
        "8.90",
        "0.445",
        "0.178",
        "0.623",
    ),
    ("a return", [("CONE", -2, "2.55")], "-5.10", "-0.255", "-0.102", "-0.357"),
    ("a correction to our cost", [("ADJUST", 1, "-11062.06")], "-11062.06", "-553.103", "-221.2412", "-774.3442"),
    ("sixths of a cent", [("PIN", 7, "0.0009")], "0.0063", "0.000315", "0.000126", "0.000441"),
    ("rows that cancel out", [("CUP", 4, "3.20"), ("CUP", -4, "3.20")], "0", "0", "0", "0"),
]


@pytest.mark.parametrize(
    ("rows", "net", "royalty", "fee", "both"), [case[1:] for case in BY_HAND], ids=[case[0] for case in BY_HAND]
)
def test_an_invoice_states_what_the_outlet_owes(
    harbour: str, rows: list[Row], net: str, royalty: str, fee: str, both: str
) -> None:
    name = submitted("1", *rows).name
    stored = doclife.get_doc("Sales Invoice", name)
    assert [
        stored.net_total,
        stored.grand_total,
        stored.franchise_royalty,
        stored.franchise_marketing_fee,
        stored.total_franchise_deductions,
    ] == [Decimal(each) for each in (net, net, royalty, fee, both)]


def test_rates_are_the_outlets_own(site: Any) -> None:
    add_outlet("AIRPORT", "7.5", 1)
    doc = submitted("1", ("CUP", 2, "4.45"), outlet="AIRPORT")
    assert (doc.franchise_royalty, doc.franchise_marketing_fee) == (Decimal("0.6675"), Decimal("0.089"))


def test_an_invoice_keeps_the_rates_it_was_submitted_with(harbour: str) -> None:
    name = submitted("1", ("CUP", 1, "100")).name
    outlet = doclife.get_doc("SJ Outlet", harbour)
    outlet.royalty_percentage = 50
    outlet.save()
    stored = doclife.get_doc("Sales Invoice", name)
    assert (stored.royalty_percentage, stored.franchise_royalty) == (5, 5)


def test_the_royalty_entry_repeats_the_invoice(harbour: str) -> None:
    submitted("1", ("CUP", 2, "4.45"))
    [entry] = doclife.get_all(
        "Franchise Royalty Entry",
        fields=[
            "franchise_outlet",
            "sales_invoice",
            "posting_date",
            "sales_amount",
            "royalty_percentage",
            "royalty_amount",
        ],
    )
    assert (entry.franchise_outlet, entry.sales_invoice, str(entry.posting_date)) == ("HARBOUR", "1", "2025-10-04")
    assert (entry.sales_amount, entry.royalty_percentage, entry.royalty_amount) == (
        Decimal("8.90"),
        5,
        Decimal("0.445"),
    )


def test_a_return_has_a_negative_entry(harbour: str) -> None:
    submitted("C1", ("CUP", -2, "4.45"))
    assert doclife.get_all("Franchise Royalty Entry", pluck="royalty_amount") == [Decimal("-0.445")]


def test_without_a_royalty_there_is_no_entry(harbour: str) -> None:
    submitted("1", ("GIFT", 3, "0"))
    assert doclife.db.count("Franchise Royalty Entry") == 0


def test_a_draft_keeps_no_books(harbour: str) -> None:
    draft("1", ("CUP", 1, "3.20")).insert()
    assert doclife.db.count("Franchise Royalty Entry") == 0
    assert doclife.db.count("Franchise Sales Summary") == 0


def test_summaries_are_by_outlet_and_month(harbour: str) -> None:
    add_outlet("AIRPORT", "7.5", 1)
    submitted("1", ("CUP", 2, "4.45"))
    submitted("C2", ("CUP", -1, "4.45"), date="2025-10-31")
    submitted("3", ("CUP", 10, "4.45"), date="2025-11-01")
    submitted("4", ("CUP", 4, "4.45"), outlet="AIRPORT")
    submitted("5", ("GIFT", 4, "0"), outlet="AIRPORT")
    rows = doclife.get_all(
        "Franchise Sales Summary",
        fields=["name", "total_sales", "total_royalty", "total_marketing_fee", "invoice_count"],
        order_by="name",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("AIRPORT-2025-10", Decimal("17.80"), Decimal("1.335"), Decimal("0.178"), 2),
        ("HARBOUR-2025-10", Decimal("4.45"), Decimal("0.2225"), Decimal("0.089"), 2),
        ("HARBOUR-2025-11", Decimal("44.50"), Decimal("2.225"), Decimal("0.89"), 1),
    ]


def test_an_outlet_keeps_something_of_its_sales(site: Any) -> None:
    with pytest.raises(doclife.ValidationError, match=r"Airport: .* more than 100 % together: 90 % and 11 %"):
        add_outlet("AIRPORT", 90, 11)


def test_an_agreement_does_not_end_before_it_begins(harbour: str) -> None:
    agreement = doclife.new_doc(
        "Franchise Agreement", franchise_outlet=harbour, start_date="2026-02-01", expiry_date="2026-01-31"
    )
    with pytest.raises(doclife.ValidationError, match="ends on 2026-01-31, before it begins on 2026-02-01"):
        agreement.insert()
