"""Rows: values as a tuple, back again, and the quick question whether they may be saved."""

from __future__ import annotations

import pytest

from doclife.core.amount import Amount
from doclife.model.document import Document
from doclife.schema import fieldtypes as fields
from doclife.schema.rows import option_fits, round_amount


def _format(**declared):
    cls = type("Rowed", (Document,), {"__module__": __name__, **declared})
    return cls._blueprint.format, cls


def _fits(value, field):
    made, cls = _format(x=field)
    return bool(made.fits(made.take(cls._blueprint.template | {"x": value})))


def test_a_row_has_the_values_in_the_order_of_the_columns():
    made, cls = _format(title=fields.Data(), count=fields.Int())
    values = cls._blueprint.template | {"name": "A", "title": "x", "count": 5}
    row = made.take(values)
    assert (row[0], row[made.index["title"]], row[made.index["count"]]) == ("A", "x", 5)
    assert made.values(row) == values


def test_json_stands_in_a_row_as_text_and_comes_back_as_data():
    made, cls = _format(data=fields.JSON())
    data = {"a": [1, None]}
    row = made.take(cls._blueprint.template | {"data": data})
    assert isinstance(row[made.index["data"]], str)
    back = made.values(row)["data"]
    assert back == data
    assert back is not data


def test_two_rows_of_equal_json_are_equal():
    made, cls = _format(data=fields.JSON())
    one, other = ({**cls._blueprint.template, "data": {"a": 1, "b": [2]}} for _ in range(2))
    assert made.take(one) == made.take(other)


@pytest.mark.parametrize(
    ("value", "field", "fits"),
    [
        (None, fields.Data(), True),
        ("", fields.Data(), True),
        ("x" * 140, fields.Data(), True),
        ("x" * 141, fields.Data(), False),
        ("x" * 141, fields.Data(length=200), True),
        ("x" * 9999, fields.Text(), True),
        (None, fields.Data(reqd=True), False),
        ("", fields.Data(reqd=True), False),
        ("  ", fields.Data(reqd=True), False),
        ("x", fields.Data(reqd=True), True),
        ("x" * 141, fields.Data(reqd=True), False),
        ("<p></p>", fields.Text(reqd=True), False),
        (None, fields.Date(reqd=True), False),
        (0, fields.Int(reqd=True), True),
        ("a", fields.Select("a", "b"), True),
        ("c", fields.Select("a", "b"), False),
        ("", fields.Select("a", "b"), True),
        (None, fields.Select("a", "b"), True),
        (None, fields.Select("a", "b", reqd=True), False),
        ("anything", fields.Select(), True),
        ("a@b.example", fields.Data(options="Email"), True),
        ("a@b", fields.Data(options="Email"), False),
        (Amount("0.123456"), fields.Currency(), True),
        (Amount("0.1234567"), fields.Currency(), False),
        (Amount("1e30"), fields.Currency(), False),
        (Amount("NaN"), fields.Currency(), False),
        (Amount("Infinity"), fields.Currency(), False),
        (Amount("-1"), fields.Currency(), True),
        (Amount("-1"), fields.Currency(non_negative=True), False),
        (Amount(0), fields.Currency(non_negative=True), True),
        (-1, fields.Int(non_negative=True), False),
        (1.5, fields.Float(), True),
        (float("nan"), fields.Float(), False),
        (float("inf"), fields.Float(), False),
        (1, fields.Check(), True),
        (2, fields.Check(), False),
    ],
)
def test_what_fits_and_what_needs_a_closer_look(value, field, fits):
    assert _fits(value, field) is fits


def test_a_row_of_several_fields_fits_when_all_do():
    made, cls = _format(one=fields.Data(reqd=True), two=fields.Int(non_negative=True), three=fields.Data(length=3))
    template = cls._blueprint.template
    assert made.fits(made.take(template | {"one": "a", "two": 1, "three": "abc"}))
    for wrong in ({"one": None}, {"two": -1}, {"three": "abcd"}):
        assert not made.fits(made.take(template | {"one": "a", "two": 1, "three": "abc"} | wrong))


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("Email", "ada@example.org", True),
        ("Email", "ada@example.org, b@example.org", True),
        ("Email", "ada@example", False),
        ("Email", "ada @example.org", False),
        ("Email", "", False),
        ("URL", "https://example.org/a?b#c", True),
        ("URL", "HTTP://EXAMPLE.ORG", True),
        ("URL", "mailto:ada@example.org", True),
        ("URL", "tel:+491234", True),
        ("URL", "example.org", False),
        ("URL", "https://", False),
        ("URL", "javascript:alert(1)", False),
        ("Phone", "+49 (30) 12-34.5", True),
        ("Phone", "12", False),
        ("Phone", "call me", False),
        ("Whatever", "anything", True),
    ],
)
def test_the_forms_of_data(kind, value, fits):
    assert option_fits(kind, value) is fits


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        ("0.0000005", "0"),
        ("0.0000015", "0.000002"),
        ("-0.0000005", "0"),
        ("1.5", "1.5"),
        ("123456789.1234565", "123456789.123456"),
    ],
)
def test_amounts_are_rounded_half_even(value, rounded):
    assert round_amount(Amount(value)) == Amount(rounded)
    assert not str(round_amount(Amount(value))).startswith("-0.000000")
