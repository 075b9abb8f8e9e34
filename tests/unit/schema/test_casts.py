"""What each field type makes of a value, and what it refuses with which words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from doclife.core.amount import Amount
from doclife.schema import fieldtypes as fields


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (fields.Data(), None, None),
        (fields.Data(), "", ""),
        (fields.Data(), Text("x"), "x"),
        (fields.Data(), 5, "5"),
        (fields.Data(), 1.5, "1.5"),
        (fields.Data(), Decimal("1.50"), "1.50"),
        (fields.Data(), date(2026, 1, 2), "2026-01-02"),
        (fields.Data(unique=True), "", None),
        (fields.Select("a"), None, None),
        (fields.Check(), None, 0),
        (fields.Check(), "", 0),
        (fields.Check(), "0", 0),
        (fields.Check(), "1", 1),
        (fields.Check(), True, 1),
        (fields.Check(), 0.0, 0),
        (fields.Int(), None, 0),
        (fields.Int(), "", 0),
        (fields.Int(), True, 1),
        (fields.Int(), "-12", -12),
        (fields.Int(), "1e3", 1000),
        (fields.Int(), 2.0, 2),
        (fields.Int(), Decimal("7.000"), 7),
        (fields.Float(), None, 0.0),
        (fields.Float(), "1.5", 1.5),
        (fields.Float(), 2, 2.0),
        (fields.Float(), Amount("0.1"), 0.1),
        (fields.Currency(), None, Amount(0)),
        (fields.Currency(), "", Amount(0)),
        (fields.Currency(), 0.1, Amount("0.1")),
        (fields.Currency(), "-1.5", Amount("-1.5")),
        (fields.Currency(), Decimal("2.5"), Amount("2.5")),
        (fields.Currency(), True, Amount(1)),
        (fields.Percent(), 5, Amount(5)),
        (fields.Date(), "", None),
        (fields.Date(), " 2026-01-31 ", date(2026, 1, 31)),
        (fields.Date(), "2026-01-31 10:00:00", date(2026, 1, 31)),
        (fields.Date(), datetime(2026, 1, 31, 23), date(2026, 1, 31)),
        (fields.Datetime(), "", None),
        (fields.Datetime(), "2026-01-31", datetime(2026, 1, 31)),
        (fields.Datetime(), "2026-01-31T10:20:30.123456", datetime(2026, 1, 31, 10, 20, 30, 123456)),
        (fields.Datetime(), date(2026, 1, 31), datetime(2026, 1, 31)),
        (fields.Time(), "", None),
        (fields.Time(), "10:20", time(10, 20)),
        (fields.Time(), datetime(2026, 1, 1, 10, 20), time(10, 20)),
        (fields.JSON(), None, None),
        (fields.JSON(), '{"a": [1]}', {"a": [1]}),
        (fields.JSON(), "[1, 2]", [1, 2]),
        (fields.JSON(), "plain", "plain"),
        (fields.JSON(), {"a": 1}, {"a": 1}),
        (fields.Link("X"), 7, "7"),
        (fields.Password(), "x", "x"),
    ],
)
def test_what_it_makes_of_a_value(field, value, expected):
    made = field.cast(value)
    assert made == expected
    assert type(made) is type(expected)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (fields.Data(), True, "text is expected"),
        (fields.Data(), b"x", "text is expected"),
        (fields.Data(), ["x"], "text is expected"),
        (fields.Data(), {"x": 1}, "text is expected"),
        (fields.Check(), 2, "0, 1, False or True is expected"),
        (fields.Check(), "yes", "0, 1, False or True is expected"),
        (fields.Check(), [], "0, 1, False or True is expected"),
        (fields.Int(), "1.5", "a whole number is expected"),
        (fields.Int(), "x", "a whole number is expected"),
        (fields.Int(), "nan", "a whole number is expected"),
        (fields.Int(), "inf", "a whole number is expected"),
        (fields.Int(), [1], "a whole number is expected"),
        (fields.Float(), "x", "a number is expected"),
        (fields.Float(), [1], "a number is expected"),
        (fields.Float(), "1e999", "a finite number is expected"),
        (fields.Currency(), "x", "a number is expected"),
        (fields.Currency(), "nan", "a finite number is expected"),
        (fields.Currency(), float("-inf"), "a finite number is expected"),
        (fields.Currency(), [1], "a number is expected"),
        (fields.Currency(), {}, "a number is expected"),
        (fields.Date(), "31.1.2026", "a date as YYYY-MM-DD is expected"),
        (fields.Date(), "2026-02-30", "a date as YYYY-MM-DD is expected"),
        (fields.Date(), 5, "a date as YYYY-MM-DD is expected"),
        (fields.Datetime(), "x", "a datetime as YYYY-MM-DD HH:MM:SS is expected"),
        (fields.Datetime(), datetime(2026, 1, 1, tzinfo=UTC), "a datetime without a time zone"),
        (fields.Datetime(), "2026-01-01T10:00:00+01:00", "a datetime without a time zone"),
        (fields.Datetime(), 5, "a datetime as YYYY-MM-DD HH:MM:SS is expected"),
        (fields.Time(), "25:00", "a time as HH:MM:SS is expected"),
        (fields.Time(), time(1, tzinfo=UTC), "a time as HH:MM:SS is expected"),
        (fields.Time(), date(2026, 1, 1), "a time as HH:MM:SS is expected"),
        (fields.JSON(), "{broken", "JSON is expected"),
        (fields.JSON(), "[1,", "JSON is expected"),
    ],
)
def test_what_it_refuses(field, value, words):
    with pytest.raises(ValueError, match=words):
        field.cast(value)


@pytest.mark.parametrize(
    "field", [fields.Int(), fields.Float(), fields.Currency(), fields.Percent()], ids=lambda field: field.fieldtype
)
def test_a_number_beyond_all_measure_is_answered_at_once(field):
    with pytest.raises(ValueError, match="number"):
        field.cast("1e999999999")


@pytest.mark.parametrize("cls", [fields.Data, fields.Text, fields.Int, fields.Currency, fields.Date, fields.JSON])
def test_casting_twice_is_casting_once(cls):
    field = cls()
    for value in (None, "5", "2026-01-01", '{"a": 1}', 5, 2.0):
        try:
            once = field.cast(value)
        except ValueError:
            continue
        assert field.cast(once) == once
