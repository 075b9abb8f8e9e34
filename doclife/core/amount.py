"""Money: a decimal that mixes with ints and floats and never forgets what it is.

Imports nothing of doclife. Leaves out rounding to a field's precision on save (schema) and the
text a user sees (`doclife.utils.numbers.fmt_money`).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from numbers import Rational
from typing import Any, Self, SupportsIndex, overload

_TRAPS = [DivisionByZero, InvalidOperation, Overflow]

#: Amounts do not depend on the thread's decimal context. 42 digits: the product of any two values
#: that NUMERIC(21,6) can hold is exact, and libmpdec needs no heap memory for it.
_ARITHMETIC = Context(prec=42, rounding=ROUND_HALF_EVEN, traps=_TRAPS)
#: wide enough to quantize any float, whose largest has 309 digits before the point
_ROUNDING = Context(prec=400, rounding=ROUND_HALF_EVEN, traps=_TRAPS)

_new = Decimal.__new__
_float_text = float.__repr__  # numpy's float64 is a float with another repr
_steps = {places: Decimal(1).scaleb(-places) for places in range(-21, 22)}


def _step(places: int) -> Decimal:
    return _steps.get(places) or Decimal(1).scaleb(-places)


def _forward(operation: Callable[[Any, Any], Decimal]) -> Callable[[Amount, Decimal | float], Amount]:
    def operator(self: Amount, other: Decimal | float) -> Amount:
        if isinstance(other, float):
            other = Decimal(_float_text(other))
        try:
            return _new(Amount, operation(self, other))
        except TypeError:  # not a number: its own reflected operator may know what to do
            return NotImplemented  # type: ignore[no-any-return]  # mypy knows it in named operators only

    return operator


def _reflected(operation: Callable[[Any, Any], Decimal]) -> Callable[[Amount, Decimal | float], Amount]:
    def operator(self: Amount, other: Decimal | float) -> Amount:
        if isinstance(other, float):
            other = Decimal(_float_text(other))
        try:
            return _new(Amount, operation(other, self))
        except TypeError:
            return NotImplemented  # type: ignore[no-any-return]  # mypy knows it in named operators only

    return operator


class Amount(Decimal):
    """An exact amount of money, or a percentage: a `Decimal` whose operators also take floats.

    A float enters through its shortest repr, so `Amount("10") * 0.05` is exactly 0.5 and
    `Amount("0.1") == 0.1` is True. Results are Amounts with up to 42 digits, rounded half-even,
    whatever the thread's decimal context says; `round(x)` is an int, `round(x, n)` an Amount, and
    `//` and `%` go towards zero as Decimal's do (`Amount(-7) // 2` is -3, `Amount(-7) % 2` is -1).
    Methods inherited from Decimal, other than `quantize` and `normalize`, return Decimals.

    Equal Amounts, Decimals and ints have equal hashes. An equal float need not: `hash(0.1)` is
    the hash of the binary number that 0.1 stands for. Do not mix floats with Amounts as keys of
    one dict or members of one set.
    """

    __slots__ = ()

    def __new__(cls, value: Decimal | float | str | tuple[int, Any, Any] = 0, context: Context | None = None) -> Self:
        """Builds an amount from a number or a text; a float by its shortest repr.

        Raises:
            decimal.InvalidOperation: the text is not a number.
        """
        if isinstance(value, float):
            value = _float_text(value)
        try:
            return _new(cls, value, context)
        except InvalidOperation:
            raise InvalidOperation(f"{value!r} is not a number") from None

    def quantized(self, places: int) -> Amount:
        """Returns the amount rounded half-even to `places` decimal places; never a negative zero.

        Raises:
            decimal.InvalidOperation: it is infinite or has several hundred digits.
        """
        result = _ROUNDING.quantize(self, _step(places))
        return _new(Amount, result if result else result.copy_abs())

    def quantize(self, exp: Decimal | int, rounding: str | None = None, context: Context | None = None) -> Amount:
        """Returns the amount with the exponent of `exp`, as `Decimal.quantize` does."""
        return _new(Amount, Decimal.quantize(self, exp, rounding, context or _ROUNDING))

    def normalize(self, context: Context | None = None) -> Amount:
        """Returns the amount without trailing zeros."""
        return _new(Amount, Decimal.normalize(self, context or _ARITHMETIC))

    __add__ = _forward(_ARITHMETIC.add)
    __radd__ = _reflected(_ARITHMETIC.add)
    __sub__ = _forward(_ARITHMETIC.subtract)
    __rsub__ = _reflected(_ARITHMETIC.subtract)
    __mul__ = _forward(_ARITHMETIC.multiply)
    __rmul__ = _reflected(_ARITHMETIC.multiply)
    __truediv__ = _forward(_ARITHMETIC.divide)
    __rtruediv__ = _reflected(_ARITHMETIC.divide)
    __floordiv__ = _forward(_ARITHMETIC.divide_int)
    __rfloordiv__ = _reflected(_ARITHMETIC.divide_int)
    __mod__ = _forward(_ARITHMETIC.remainder)
    __rmod__ = _reflected(_ARITHMETIC.remainder)

    def __divmod__(self, other: Decimal | float) -> tuple[Amount, Amount]:
        if isinstance(other, float):
            other = Decimal(_float_text(other))
        try:
            quotient, rest = _ARITHMETIC.divmod(self, other)
        except TypeError:
            return NotImplemented
        return _new(Amount, quotient), _new(Amount, rest)

    def __rdivmod__(self, other: Decimal | float) -> tuple[Amount, Amount]:
        return divmod(Amount(other), self) if isinstance(other, (float, int, Decimal)) else NotImplemented

    def __pow__(self, other: Decimal | float, mod: Decimal | int | None = None) -> Amount:
        if isinstance(other, float):
            other = Decimal(_float_text(other))
        try:
            return _new(Amount, _ARITHMETIC.power(self, other, mod))
        except TypeError:
            return NotImplemented

    __rpow__ = _reflected(_ARITHMETIC.power)  # type: ignore[assignment]  # without Decimal's context argument

    def __neg__(self) -> Amount:
        return _new(Amount, _ARITHMETIC.minus(self))

    def __pos__(self) -> Amount:
        return _new(Amount, _ARITHMETIC.plus(self))

    def __abs__(self) -> Amount:
        return _new(Amount, _ARITHMETIC.abs(self))

    @overload
    def __round__(self) -> int: ...
    @overload
    def __round__(self, ndigits: SupportsIndex, /) -> Amount: ...
    def __round__(self, ndigits: SupportsIndex | None = None) -> int | Amount:
        return Decimal.__round__(self) if ndigits is None else self.quantized(ndigits.__index__())

    def __eq__(self, other: object) -> bool:
        return Decimal.__eq__(self, Decimal(_float_text(other)) if isinstance(other, float) else other)

    def __ne__(self, other: object) -> bool:
        return Decimal.__ne__(self, Decimal(_float_text(other)) if isinstance(other, float) else other)

    def __lt__(self, other: Decimal | float | Rational) -> bool:
        return Decimal.__lt__(self, Decimal(_float_text(other)) if isinstance(other, float) else other)

    def __le__(self, other: Decimal | float | Rational) -> bool:
        return Decimal.__le__(self, Decimal(_float_text(other)) if isinstance(other, float) else other)

    def __gt__(self, other: Decimal | float | Rational) -> bool:
        return Decimal.__gt__(self, Decimal(_float_text(other)) if isinstance(other, float) else other)

    def __ge__(self, other: Decimal | float | Rational) -> bool:
        return Decimal.__ge__(self, Decimal(_float_text(other)) if isinstance(other, float) else other)

    __hash__ = Decimal.__hash__

    def __str__(self) -> str:
        text = Decimal.__str__(self)
        return Decimal.__format__(self, "f") if "E" in text else text

    def __repr__(self) -> str:
        return f"Amount('{self}')"

    def __format__(self, specifier: str) -> str:  # type: ignore[override]  # the second argument is Decimal's own
        return Decimal.__format__(self, specifier) if specifier else str(self)
