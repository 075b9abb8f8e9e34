"""Numbers from anything, rounded as business documents round; Frappe's names and results.

Text, ints and floats become floats, as in Frappe. A Decimal, `doclife.Amount` above all, keeps its
type, so `flt(doc.net_total, 2)` stays exact. Floats are rounded by their shortest repr: 2.675 is
rounded as people read it, not as the machine holds it.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any, TypeVar, overload

from doclife.utils.errors import InvalidValue

_D = TypeVar("_D", bound=Decimal)

#: half to the even neighbour; what doclife does everywhere unless told otherwise
BANKERS = "Banker's Rounding"
#: half away from zero
COMMERCIAL = "Commercial Rounding"
#: Frappe's former default: half to even for whole numbers, half away from zero for decimals
LEGACY = "Banker's Rounding (legacy)"

#: room for the digits of any float
_CONTEXT = Context(prec=400)


@overload
def flt(s: _D, precision: int | None = None, rounding_method: str | None = None) -> _D: ...
@overload
def flt(s: float | str | None, precision: int | None = None, rounding_method: str | None = None) -> float: ...
def flt(s: Any, precision: int | None = None, rounding_method: str | None = None) -> Any:
    """Returns the number in `s`: a float, or for a Decimal one of its own type.

    Text may have commas between its thousands. None and what is not a number (also the texts
    "nan" and "inf") are 0.0.

    Args:
        precision: decimal places to round to; None keeps them all.
        rounding_method: BANKERS (the default), COMMERCIAL or LEGACY.
    """
    if isinstance(s, Decimal):
        return s if precision is None else rounded(s, precision, rounding_method)
    if isinstance(s, str):
        try:
            number = float(s.replace(",", ""))
        except ValueError:
            return 0.0
        if not math.isfinite(number):
            return 0.0
    else:
        try:
            number = float(s)
        except (TypeError, ValueError, OverflowError):
            return 0.0
    return number if precision is None else rounded(number, precision, rounding_method)


def cint(s: object, default: int = 0) -> int:
    """Returns the whole number in `s`, without its decimals; `default` when there is none."""
    try:
        return int(s)  # type: ignore[call-overload, no-any-return]  # whatever int() refuses is answered below
    except (TypeError, ValueError, OverflowError):
        pass  # perhaps text with decimals
    try:
        return int(float(s)) if isinstance(s, str) else default
    except (ValueError, OverflowError):
        return default


@overload
def rounded(num: _D, precision: int = 0, rounding_method: str | None = None) -> _D: ...
@overload
def rounded(num: float | str | None, precision: int = 0, rounding_method: str | None = None) -> float: ...
def rounded(num: Any, precision: int = 0, rounding_method: str | None = None) -> Any:
    """Returns the number rounded to `precision` places: a float, or for a Decimal one of its own type.

    Args:
        precision: decimal places; negative ones round to tens and hundreds.
        rounding_method: BANKERS (the default), COMMERCIAL or LEGACY.
    Raises:
        InvalidValue: no rounding method has this name.
    """
    if isinstance(num, Decimal):
        return type(num)(_rounded(num, precision, rounding_method))
    number = flt(num)
    if not math.isfinite(number):
        return number
    return float(_rounded(Decimal(float.__repr__(number)), precision, rounding_method))


def _rounded(number: Decimal, places: int, method: str | None) -> Decimal:
    if method not in (None, BANKERS, COMMERCIAL, LEGACY):
        raise InvalidValue(f"no rounding method {method!r}; there are {BANKERS!r}, {COMMERCIAL!r} and {LEGACY!r}")
    if not number.is_finite():
        return number
    half_up = method == COMMERCIAL or (method == LEGACY and places != 0)
    step = Decimal(1).scaleb(-places)
    result = Decimal.quantize(number, step, ROUND_HALF_UP if half_up else ROUND_HALF_EVEN, _CONTEXT)
    return result if result else result.copy_abs()


def ceil(s: Decimal | float | str | None) -> int:
    """Returns the smallest whole number that is not below `s`; 0 for what is not a number."""
    number = flt(s)
    return math.ceil(number) if math.isfinite(number) else 0


def floor(s: Decimal | float | str | None) -> int:
    """Returns the largest whole number that is not above `s`; 0 for what is not a number."""
    number = flt(s)
    return math.floor(number) if math.isfinite(number) else 0
