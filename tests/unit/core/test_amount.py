"""Amount: the arithmetic of money, checked against fractions."""

import copy
import operator
import pickle
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from doclife.core.amount import Amount

#: what NUMERIC(21,6) holds
stored = st.decimals(
    min_value=Decimal("-999999999999999.999999"), max_value=Decimal("999999999999999.999999"), places=6
).map(Amount)
floats = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15).filter(
    lambda x: x == 0 or abs(x) > 1e-6
)
others = st.one_of(stored, st.integers(-(10**15), 10**15), floats, stored.map(Decimal))


def exact(value: Decimal | float) -> Fraction:
    """The number a person reads: a float's shortest text, not its binary value."""
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


@pytest.mark.parametrize(
    ("given_value", "text"),
    [
        ("2.5", "2.5"),
        (2.5, "2.5"),
        (0.1, "0.1"),
        (1e22, "10000000000000000000000"),
        (Decimal("1E+3"), "1000"),
        ("1E-10", "0.0000000001"),
        (7, "7"),
        (True, "1"),
        ((1, (2, 5), -1), "-2.5"),
        ("  3.10 ", "3.10"),
    ],
    ids=repr,
)
def test_is_built_from_numbers_and_text_and_never_shows_an_exponent(given_value, text):
    amount = Amount(given_value)
    assert str(amount) == f"{amount}" == text
    assert repr(amount) == f"Amount('{text}')"
    assert type(amount) is Amount


def test_nothing_is_zero():
    assert Amount() == 0


@pytest.mark.parametrize("bad", ["abc", "", "1,5", "12 345"])
def test_what_is_no_number_is_named_in_the_refusal(bad):
    with pytest.raises(InvalidOperation, match=f"^{bad!r} is not a number$"):
        Amount(bad)


def test_the_float_subclass_of_another_library_enters_by_its_number():
    class Float64(float):
        def __repr__(self) -> str:
            return "np.float64(0.05)"

    assert Amount(Float64(0.05)) == Amount("0.05")
    assert str(Amount("10") * Float64(0.05)) == "0.50"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("a + 0.1", "10.1"),
        ("0.1 + a", "10.1"),
        ("a - 0.1", "9.9"),
        ("0.1 - a", "-9.9"),
        ("a * 0.05", "0.50"),
        ("0.05 * a", "0.50"),
        ("a / 4", "2.5"),
        ("4 / a", "0.4"),
        ("a // 3", "3"),
        ("-a // 3", "-3"),
        ("33.5 // a", "3"),
        ("a % 3", "1"),
        ("-a % 3", "-1"),
        ("33.5 % a", "3.5"),
        ("a**2", "100"),
        ("a**-1.0", "0.1"),
        ("2**a", "1024"),
        ("0.5 ** Amount(2)", "0.25"),
        ("pow(a, 3, 7)", "6"),
        ("-a", "-10"),
        ("+a", "10"),
        ("abs(-a)", "10"),
        ("round(a / 3, 2)", "3.33"),
        ("round(a + 5, -1)", "20"),
        ("Decimal('0.5') + a", "10.5"),
        ("a - Decimal('0.5')", "9.5"),
        ("sum([a, a])", "20"),
        ("(a / 4).quantize(Decimal('0.001'))", "2.500"),
        ("Amount('1.500').normalize()", "1.5"),
    ],
)
def test_every_operator_gives_an_amount(expression, text):
    result = eval(expression, {"a": Amount("10"), "Amount": Amount, "Decimal": Decimal})
    assert type(result) is Amount
    assert str(result) == text


def test_divmod_both_ways():
    assert divmod(Amount("33.5"), 10.0) == (Amount(3), Amount("3.5"))
    assert divmod(33.5, Amount(10)) == (Amount(3), Amount("3.5"))
    assert {type(part) for part in (*divmod(Amount(7), 2), *divmod(7, Amount(2)))} == {Amount}


@pytest.mark.parametrize(("text", "whole"), [("2.5", 2), ("3.5", 4), ("-2.5", -2), ("2.51", 3)])
def test_round_without_places_is_an_int_half_even(text, whole):
    assert round(Amount(text)) == whole
    assert type(round(Amount(text))) is int


@pytest.mark.parametrize(
    ("text", "places", "expected"),
    [
        ("2.675", 2, "2.68"),
        ("2.665", 2, "2.66"),
        ("-0.001", 2, "0.00"),
        ("1e300", 2, "1" + "0" * 300 + ".00"),
        ("15", -1, "20"),
        ("25", -1, "20"),
        ("1.5", 30, "1.5" + "0" * 29),
    ],
)
def test_quantized(text, places, expected):
    result = Amount(text).quantized(places)
    assert str(result) == expected
    assert type(result) is Amount


def test_an_infinite_amount_cannot_be_quantized():
    with pytest.raises(InvalidOperation):
        Amount("Infinity").quantized(2)


def test_operators_refuse_what_is_no_number():
    for operate in (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, divmod, operator.lt):
        with pytest.raises(TypeError):
            operate(Amount(1), "1")
        with pytest.raises(TypeError):
            operate("1", Amount(1))
        with pytest.raises(TypeError):
            operate(Amount(1), None)
    with pytest.raises(DivisionByZero):
        Amount(1) / 0


def test_another_type_may_define_the_reflected_operator():
    class Column:
        def __rmul__(self, other):
            return f"{other} * column"

    assert Amount("2.5") * Column() == "2.5 * column"


def test_arithmetic_does_not_depend_on_the_decimal_context():
    with localcontext(prec=3):
        assert str(Amount("123456.789") + 1) == "123457.789"
        assert str(Amount("123456.789") * 1) == "123456.789"
        assert str(-Amount("123456.789")) == "-123456.789"
        assert str(Amount("123456.789").quantized(2)) == "123456.79"
        assert str(Amount("1234.5678").quantize(Decimal("0.001"))) == "1234.568"


def test_a_third_has_42_digits():
    assert str(Amount(1) / 3) == "0." + "3" * 42


def test_comparison_takes_a_float_by_its_repr():
    tenth = Amount("0.1")
    assert tenth == 0.1
    assert operator.eq(0.1, tenth)
    assert not operator.ne(tenth, 0.1)
    assert Decimal.from_float(0.1) != tenth  # the binary number that 0.1 stands for
    assert tenth <= 0.1 <= tenth
    assert not tenth < 0.1
    assert not tenth > 0.1
    assert tenth >= 0.1
    assert tenth < 0.2
    assert operator.lt(0.05, tenth)
    assert tenth < Fraction(1, 5)
    assert tenth == Fraction(1, 10)
    assert tenth != "0.1"
    assert tenth != float("nan")


def test_hash_agrees_with_equal_decimals_and_ints():
    assert {Amount("2.50"): 1}[Decimal("2.5")] == 1
    assert {Amount(3): 1}[3] == 1
    assert hash(Amount("0.5")) == hash(0.5)  # a float that is exactly its text
    assert hash(Amount("0.1")) == hash(Decimal("0.1"))
    assert hash(Amount("0.1")) != hash(0.1)  # documented: no floats among keys


def test_survives_copy_and_pickle():
    amount = Amount("-12.3400")
    for twin in (copy.copy(amount), copy.deepcopy(amount), pickle.loads(pickle.dumps(amount))):
        assert (type(twin), str(twin)) == (Amount, "-12.3400")


def test_has_no_dict():
    assert not hasattr(Amount(1), "__dict__")


def test_format_takes_specifiers():
    assert f"{Amount('1234567.891'):,.2f}" == "1,234,567.89"
    assert f"{Amount('1E+3'):>8f}" == "    1000"


@given(stored, others)
def test_sums_differences_and_products_are_exact(a, b):
    assert Fraction(a + b) == Fraction(b + a) == exact(a) + exact(b)
    assert Fraction(a - b) == exact(a) - exact(b)
    assert Fraction(b - a) == exact(b) - exact(a)
    assert Fraction(a * b) == Fraction(b * a) == exact(a) * exact(b)


@given(stored, others)
def test_quotients_are_right_to_42_digits(a, b):
    assume(b != 0)
    true = exact(a) / exact(b)
    assert abs(Fraction(a / b) - true) <= abs(true) * Fraction(1, 2 * 10**41)


@given(stored, others)
def test_whole_quotient_and_remainder_add_up(a, b):
    assume(b != 0)
    quotient, rest = divmod(a, b)
    true = exact(a) / exact(b)
    assert int(quotient) == (abs(true.numerator) // true.denominator) * (1 if true >= 0 else -1)
    assert Fraction(rest) == exact(a) - int(quotient) * exact(b)
    assert (quotient, rest) == (a // b, a % b)


@given(stored, others)
def test_order_is_that_of_the_exact_numbers(a, b):
    x, y = exact(a), exact(b)
    for compare in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
        assert compare(a, b) is compare(x, y)
        assert compare(b, a) is compare(y, x)


@given(stored, st.integers(-3, 8))
def test_quantized_rounds_half_even(a, places):
    assert Fraction(a.quantized(places)) == round(Fraction(a), places)  # Fraction rounds half to even
    assert a.quantized(places) == round(a, places)


@given(st.lists(others, max_size=50))
def test_a_sum_does_not_depend_on_the_order(numbers):
    total = sum(numbers, Amount())
    assert type(total) is Amount
    assert total == sum(reversed(numbers), Amount()) == sum(map(exact, numbers))


#: six digits: their sixth power has 36, which 42 hold exactly
small = st.decimals(min_value=Decimal("-999.999"), max_value=Decimal("999.999"), places=3).map(Amount)


@given(small, st.integers(0, 6))
def test_small_powers_are_exact(a, exponent):
    assume(a != 0 or exponent != 0)  # the power that decimal leaves undefined
    for made in (a**exponent, a ** Amount(exponent), a ** float(exponent), Decimal(a) ** Amount(exponent)):
        assert type(made) is Amount
        assert Fraction(made) == Fraction(a) ** exponent


@given(small, st.integers(1, 6))
def test_negative_powers_are_right_to_42_digits(a, exponent):
    assume(a != 0)
    true = Fraction(a) ** -exponent
    assert abs(Fraction(a**-exponent) - true) <= abs(true) * Fraction(1, 10**41)


@given(st.integers(-20, 20), st.integers(0, 9))
def test_powers_of_whole_numbers_are_exact(base, exponent):
    assume(base != 0 or exponent != 0)
    assert base ** Amount(exponent) == base**exponent
    assert pow(Amount(base), exponent, 7) == (abs(base) ** exponent % 7) * (-1 if base < 0 and exponent % 2 else 1)


@given(stored, others)
def test_equal_numbers_have_equal_hashes(a, b):
    assert hash(a) == hash(Decimal(a)) == hash(Fraction(a))
    if a == b and not isinstance(b, float):
        assert hash(a) == hash(b)
    assert len({a, Decimal(a), Fraction(a), Amount(f"{a}00" if "." in str(a) else f"{a}.00")}) == 1


@given(stored)
def test_round_is_half_even_to_an_int(a):
    assert round(a) == round(Fraction(a))
    assert type(round(a)) is int


@given(stored, st.integers(-3, 8))
def test_quantize_is_half_even_and_takes_its_places_from_the_step(a, places):
    made = a.quantize(Decimal(1).scaleb(-places))
    assert type(made) is Amount
    assert made.as_tuple().exponent == -places
    assert Fraction(made) == round(Fraction(a), places)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_enters_by_its_shortest_text(number):
    assert Fraction(Amount(number)) == Fraction(repr(number))
    assert Amount(number) == number
    assert float(Amount(number)) == number


@given(stored, others)
def test_signs_and_unary_operators(a, b):
    assert Fraction(-a) == -Fraction(a)
    assert Fraction(abs(a)) == abs(Fraction(a))
    assert +a == a
    assert bool(a) is bool(Fraction(a))
    assert (a - b) + (b - a) == 0


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None).filter(lambda d: abs(d.adjusted()) < 300))
def test_text_reads_back_as_the_same_number(value):
    text = str(Amount(value))
    assert "E" not in text
    assert Amount(text) == value
