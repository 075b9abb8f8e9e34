"""Numbers from anything, and rounding."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doclife.core.amount import Amount
from doclife.utils import InvalidValue, ceil, cint, floor, flt, rounded
from doclife.utils.numbers import BANKERS, COMMERCIAL, LEGACY

finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("1,234.56", 1234.56),
        (" 12.5 ", 12.5),
        ("1e3", 1000.0),
        (7, 7.0),
        (True, 1.0),
        (2.5, 2.5),
        (Fraction(1, 4), 0.25),
        (None, 0.0),
        ("", 0.0),
        ("abc", 0.0),
        ("12abc", 0.0),
        ("nan", 0.0),
        ("inf", 0.0),
        ("1e400", 0.0),
        ([1], 0.0),
        (10**400, 0.0),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_flt_gives_a_float_whatever_comes(value, number):
    assert flt(value) == number
    assert type(flt(value)) is float


def test_flt_keeps_decimals_and_their_type():
    amount = Amount("2.675")
    assert flt(amount) is amount
    assert str(flt(amount, 2)) == "2.68"
    assert type(flt(amount, 2)) is Amount
    assert type(flt(Decimal("2.675"), 2)) is Decimal


@pytest.mark.parametrize(
    ("number", "places", "bankers", "commercial", "legacy"),
    [
        (2.5, 0, 2.0, 3.0, 2.0),
        (3.5, 0, 4.0, 4.0, 4.0),
        (-2.5, 0, -2.0, -3.0, -2.0),
        (2.675, 2, 2.68, 2.68, 2.68),  # the machine holds 2.67499...
        (2.665, 2, 2.66, 2.67, 2.67),
        (-2.665, 2, -2.66, -2.67, -2.67),
        (1250, -2, 1200.0, 1300.0, 1300.0),
        (0.1 + 0.2, 2, 0.3, 0.3, 0.3),
        (1e300, 2, 1e300, 1e300, 1e300),
    ],
)
def test_rounding_methods(number, places, bankers, commercial, legacy):
    assert rounded(number, places) == rounded(number, places, BANKERS) == bankers
    assert rounded(number, places, COMMERCIAL) == commercial
    assert rounded(number, places, LEGACY) == legacy
    assert rounded(Amount(number), places, COMMERCIAL) == Amount(commercial)
    assert flt(str(number), places, LEGACY) == legacy


def test_zero_has_no_sign_after_rounding():
    assert math.copysign(1, rounded(-0.001, 2)) == 1
    assert str(rounded(Amount("-0.001"), 2)) == "0.00"


def test_what_is_not_finite_stays():
    assert math.isnan(rounded(math.nan, 2))
    assert flt(math.inf, 2) == math.inf
    assert rounded(Amount("Infinity"), 2) == math.inf


def test_an_unknown_method_is_refused():
    with pytest.raises(InvalidValue, match="no rounding method 'Up'; there are"):
        rounded(1.5, 0, "Up")


@given(finite, st.integers(-3, 6))
def test_bankers_rounding_is_that_of_the_shortest_text(number, places):
    assert rounded(number, places) == float(round(Fraction(repr(number)), places))


@given(finite, st.integers(0, 6))
def test_commercial_rounding_moves_by_at_most_half_a_step_and_halves_away_from_zero(number, places):
    step = Fraction(1, 10**places)
    exact, result = Fraction(repr(number)), Fraction(repr(rounded(number, places, COMMERCIAL)))
    distance = abs(result) - abs(exact)
    assert -step / 2 < distance <= step / 2


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("3.7", 3),
        ("-3.7", -3),
        ("12", 12),
        (" 12 ", 12),
        (3.9, 3),
        (Amount("3.9"), 3),
        (True, 1),
        (2**60 + 1, 2**60 + 1),
        (str(2**60 + 1), 2**60 + 1),
        (None, 0),
        ("", 0),
        ("abc", 0),
        (math.nan, 0),
        (math.inf, 0),
        ("1e999999999", 0),
        ([], 0),
    ],
    ids=repr,
)
def test_cint(value, number):
    assert cint(value) == number
    assert type(cint(value)) is int


def test_cint_has_a_default():
    assert cint("abc", 7) == cint(None, 7) == 7
    assert cint("0", 7) == 0


def test_ceil_and_floor():
    assert (ceil("2.1"), ceil(-2.1), ceil(Amount("2.1")), ceil(None), ceil(math.inf)) == (3, -2, 3, 0, 0)
    assert (floor("2.9"), floor(-2.1), floor(Amount("2.9")), floor("x"), floor(math.nan)) == (2, -3, 2, 0, 0)
