"""Money as text, and values by their field type."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doclife.core.amount import Amount
from doclife.core.context import AttrDict
from doclife.utils import InvalidValue, fmt_money, format_value, get_number_format_info


@pytest.mark.parametrize(
    ("amount", "options", "text"),
    [
        (1234.5, {}, "1,234.50"),
        ("1,234.5", {}, "1,234.50"),
        (Amount("-1234567.895"), {}, "-1,234,567.90"),
        (Decimal("0.005"), {}, "0.00"),
        (Amount("-0.001"), {}, "0.00"),
        (999, {}, "999.00"),
        (1000, {"precision": 0}, "1,000"),
        (2.5, {"precision": 0}, "2"),
        (None, {}, "0.00"),
        (1234567.891, {"currency": "INR"}, "₹ 12,34,567.89"),
        (12345, {"currency": "INR"}, "₹ 12,345.00"),
        (1234567.891, {"currency": "EUR"}, "€ 1.234.567,89"),
        (-1234.5, {"currency": "USD"}, "$ -1,234.50"),
        (1234.5, {"currency": "JPY"}, "¥ 1,234"),
        (1234.5, {"currency": "XAU"}, "XAU 1,234.50"),
        (1234.5, {"currency": "EUR", "format": "# ###,##"}, "€ 1 234,50"),
        (1234.5, {"format": "#'###.##", "precision": 3}, "1'234.500"),
        (1234.5, {"format": "#, ###.##"}, "1, 234.50"),
        (1234.5, {"format": "#,###", "precision": 1}, "1,234.5"),
        (1234.5, {"format": "#.###"}, "1.234"),
        (1234567.5, {"format": "#.########"}, "1234567.50000000"),
        (Amount("123456789012345678901234567890.12"), {}, "123,456,789,012,345,678,901,234,567,890.12"),
        (1e22, {"precision": 0}, "10,000,000,000,000,000,000,000"),
    ],
    ids=repr,
)
def test_fmt_money(amount, options, text):
    assert fmt_money(amount, **options) == text


def test_unknown_formats_and_infinite_amounts_are_refused():
    with pytest.raises(InvalidValue, match="no number format '#;###'; there are"):
        fmt_money(1, format="#;###")
    with pytest.raises(InvalidValue, match="not an amount of money"):
        fmt_money(Amount("Infinity"))


def test_number_format_info():
    assert get_number_format_info("#.###,##") == (",", ".", 2)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_the_digits_of_money_are_those_of_the_amount(amount):
    assert fmt_money(amount) == f"{amount + 0:,.2f}"
    assert Decimal(fmt_money(amount, currency="EUR")[2:].replace(".", "").replace(",", ".")) == amount


@pytest.mark.parametrize(
    ("value", "fieldtype", "text"),
    [
        (1234.5, "Currency", "1,234.50"),
        (Amount("1234.5"), "Currency", "1,234.50"),
        (None, "Currency", ""),
        (2.5, "Float", "2.500"),
        (1200.0, "Float", "1,200"),
        (Amount("5.000000"), "Percent", "5%"),
        (2.5, "Percent", "2.5%"),
        (Amount("33.333333"), "Percent", "33.33%"),
        (100, "Percent", "100%"),
        (1200, "Int", "1200"),
        ("7.9", "Int", "7"),
        (1, "Check", "Yes"),
        (0, "Check", "No"),
        (dt.date(2026, 1, 31), "Date", "2026-01-31"),
        ("2026-01-31 09:30", "Datetime", "2026-01-31 09:30:00"),
        (dt.timedelta(hours=9), "Time", "09:00:00"),
        (3661, "Duration", "1h 1m 1s"),
        ("secret", "Password", "******"),
        ("<b>&", "Small Text", "<b>&"),
        ("SJ-1", "Link", "SJ-1"),
        (1234.5, None, "1,234.500"),
        (1234, None, "1234"),
        (True, None, "Yes"),
        (Amount(1234), None, "1,234.00"),
        (dt.datetime(2026, 1, 31, 9, 30), None, "2026-01-31 09:30:00"),
        (dt.date(2026, 1, 31), None, "2026-01-31"),
        (dt.time(9, 30), None, "09:30:00"),
        (dt.timedelta(minutes=1), None, "1m"),
        ("text", None, "text"),
    ],
    ids=repr,
)
def test_format_value(value, fieldtype, text):
    assert format_value(value, fieldtype) == text


def test_the_name_of_a_field_type_may_be_that_of_its_class():
    assert format_value("a\nb", "SmallText") == "a\nb"


def test_a_misspelt_field_type_is_refused_with_the_nearest():
    with pytest.raises(InvalidValue, match=r"no field type 'Curency'\. Did you mean 'Currency'\?"):
        format_value(1, "Curency")
    with pytest.raises(InvalidValue, match=r"Did you mean 'Small Text'\?"):
        format_value(1, "Smal Text")
    with pytest.raises(InvalidValue, match=r"no field type 'Zzz'\.$"):
        format_value(1, "Zzz")


def test_a_field_brings_its_precision_and_currency():
    field = SimpleNamespace(fieldtype="Currency", options="currency", precision=3)
    assert format_value(1234.5, field, {"currency": "USD"}) == "$ 1,234.500"
    assert format_value(1234.5, field, SimpleNamespace(currency="USD")) == "$ 1,234.500"
    assert format_value(1234.5, field, AttrDict()) == "1,234.500"
    assert format_value(1234.5, field, {"currency": "USD"}, currency="INR") == "₹ 1,234.500"
    assert format_value(1234.5, {"fieldtype": "Currency", "options": "EUR"}) == "€ 1.234,50"
    assert format_value(1234.5678, {"fieldtype": "Float", "precision": "2"}) == "1,234.57"
    assert format_value(5, {"fieldtype": "Percent", "precision": 1}) == "5.0%"


def test_a_format_is_passed_on():
    assert format_value("2026-01-31", "Date", format="d MMM yyyy") == "31 Jan 2026"
    assert format_value(1234.5, "Currency", format="#.###,##") == "1.234,50"
