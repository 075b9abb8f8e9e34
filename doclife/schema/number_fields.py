"""Fields that hold numbers: never None, their empty value is 0."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Unpack

from sqlalchemy.types import TypeEngine

from doclife.core.amount import Amount
from doclife.core.errors import SchemaError
from doclife.database import types
from doclife.schema.field import Accept, Field, FieldOptions, Read

#: decimal places of the columns of amounts
AMOUNT_PLACES = 6
#: far more than 64 bits hold
_MOST_DIGITS = 40
_MOST_WHOLE = 10**_MOST_DIGITS

_new = Decimal.__new__

NumberLike = int | float | str | Decimal


class _Number(Field[Read, Accept]):
    def __init__(self, *, reqd: bool = False, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options of `FieldOptions`; a number is never None, its empty value is 0."""
        super().__init__(reqd=reqd, **rest)


class _Decimals(_Number[Read, Accept]):
    #: most decimal places that may be asked for
    _most_places: ClassVar[int]

    def __init__(self, *, reqd: bool = False, precision: int | None = None, **rest: Unpack[FieldOptions]) -> None:
        """Takes the options of `FieldOptions`, and the decimal places.

        Args:
            reqd: as of all fields; a number is never missing.
            precision: decimal places that are kept; saving rounds half-even.
        Raises:
            SchemaError: there cannot be so many.
        """
        super().__init__(reqd=reqd, **rest)
        whole = isinstance(precision, int) and not isinstance(precision, bool)
        if precision is not None and not (whole and 0 <= precision <= self._most_places):
            raise SchemaError(
                f"{type(self).__name__}(precision={precision!r}): a whole number from 0 to {self._most_places} is "
                "expected"
            )
        #: as declared; None: the most
        self.precision = precision


class Check(_Number[int, int]):
    """Yes or no, as 1 or 0; takes bool."""

    fieldtype = "Check"
    empty = 0
    clean = frozenset({int})

    def column_type(self) -> TypeEngine[Any]:
        """Returns the type of the field's column."""
        return types.CheckType()

    def cast(self, value: Any) -> Any:
        """Returns the value as this field's type, or raises ValueError with what is expected."""
        if value in (None, "", 0, "0", False):
            return 0
        if value in (1, "1", True):
            return 1
        raise ValueError("0, 1, False or True is expected")


class Int(_Number[int, int | float | str]):
    """A whole number of 64 bits."""

    fieldtype = "Int"
    empty = 0
    clean = frozenset({int})

    def column_type(self) -> TypeEngine[Any]:
        """Returns the type of the field's column."""
        return types.BigInt()

    def cast(self, value: Any) -> Any:
        """Returns the value as this field's type, or raises ValueError with what is expected."""
        if type(value) is int:
            return value
        if value is None or value == "":
            return 0
        try:
            number = Decimal(str(value)) if not isinstance(value, (bool, int)) else Decimal(int(value))
            if number.adjusted() > _MOST_DIGITS:  # text may ask for more digits than there is memory
                raise ValueError
            whole = int(number)
        except (InvalidOperation, ValueError, OverflowError):
            raise ValueError("a whole number is expected") from None
        if whole != number:
            raise ValueError("a whole number is expected")
        return whole


class Float(_Decimals[float, NumberLike]):
    """A number in double precision; money belongs in Currency. Without `precision` it is kept as it is."""

    fieldtype = "Float"
    empty = 0.0
    clean = frozenset({float})
    _most_places = 15

    def column_type(self) -> TypeEngine[Any]:
        """Returns the type of the field's column."""
        return types.Double()

    def cast(self, value: Any) -> Any:
        """Returns the value as this field's type, or raises ValueError with what is expected."""
        if type(value) is float and value == value and value not in (float("inf"), float("-inf")):
            return value
        if value is None or value == "":
            return 0.0
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError("a number is expected") from None
        if number != number or number in (float("inf"), float("-inf")):
            raise ValueError("a finite number is expected")
        return number

    def rounded(self, value: Any) -> Any:
        """Returns the number with the places that `precision` asks for."""
        return value if self.precision is None else round(value, self.precision)


class AmountField(_Decimals[Amount, NumberLike]):
    """What Currency and Percent have in common; without `precision` six decimal places are kept."""

    empty = Amount(0)
    clean = frozenset({Amount})
    _most_places = AMOUNT_PLACES

    @property
    def places(self) -> int:
        """Decimal places that are kept."""
        return self._most_places if self.precision is None else self.precision

    def rounded(self, value: Any) -> Any:
        """Returns the amount rounded half-even to the places that are kept."""
        return value.quantized(self.places)

    def column_type(self) -> TypeEngine[Any]:
        """Returns the type of the field's column."""
        return types.AmountType()

    def cast(self, value: Any) -> Any:
        """Returns the value as this field's type, or raises ValueError with what is expected."""
        if type(value) is int and -_MOST_WHOLE < value < _MOST_WHOLE:
            return _new(Amount, value)  # what the rest gives for it, at a third of the cost
        if type(value) is Amount and value.is_finite():
            return value
        if value is None or value == "":
            return self.empty
        try:
            amount = Amount(value)
        except (InvalidOperation, TypeError, ValueError):
            raise ValueError("a number is expected") from None
        if not amount.is_finite():
            raise ValueError("a finite number is expected")
        if amount.adjusted() > _MOST_DIGITS:
            raise ValueError("a number of at most 15 digits before the point is expected")
        return amount


class Currency(AmountField):
    """Exact money, a `doclife.Amount`."""

    fieldtype = "Currency"


class Percent(AmountField):
    """An exact percentage, a `doclife.Amount`: 5 means 5 %."""

    fieldtype = "Percent"
