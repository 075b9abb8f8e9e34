"""The sample: invoices of eight outlets over a quarter, the same ones every time; their dates are the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from example_app.demo.invoices import Invoice, Line, Outlet, outlets_of

INVOICES = 300
OUTLETS = ("Harbour", "Old Town", "Station", "Lakeside", "Museum", "University", "Airport", "Market Hall")
#: item code, description, price; one price has three decimals, so that royalties need five
ITEMS = (
    ("CUP-S", "Small cup, two scoops", "3.20"),
    ("CUP-L", "Large cup, four scoops", "5.90"),
    ("CONE", "Waffle cone", "2.85"),
    ("TUB-500", "Tub to take away, 500 ml", "7.49"),
    ("TUB-1000", "Tub to take away, 1 litre", "12.95"),
    ("SHAKE", "Milk shake", "4.60"),
    ("WAFER", "Wafer, by the piece", "0.125"),
    ("CAKE", "Ice cream cake, 12 pieces", "38.00"),
    ("BAG", "Cooling bag", "1.10"),
    ("PARTY", "Party box, 40 cups", "119.00"),
)
_FIRST_NUMBER = 700001
#: a quarter, from nine to nine
DAYS = 92
_MINUTES = DAYS * 24 * 60 - 12 * 60
#: days after the last one on which an agreement ends: today, it has; within 7, 30 and 60 days; and all others
_AGREEMENTS = {"Museum": 0, "Station": 5, "Lakeside": 20, "Airport": 45}
_LATER = 400


class _Dice:
    """Numbers that look random. `random()` of a seeded generator is the same in every version of Python."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - a sample, no secret

    def chance(self, percent: int) -> bool:
        """Tells whether it happens."""
        return self.below(100) < percent

    def below(self, n: int) -> int:
        """Returns a number from 0 to n - 1."""
        return int(self._random.random() * n)


def sample_invoices(last_day: date = date(2025, 12, 31)) -> list[Invoice]:
    """Returns the invoices in order of date: sales, returns, free samples, corrections to either side.

    Args:
        last_day: of the quarter; all but the dates is the same for every quarter.
    """
    begin = datetime.combine(last_day - timedelta(days=DAYS - 1), time(9))
    dice = _Dice(20251001)
    invoices = []
    for n in range(INVOICES):
        outlet = OUTLETS[n] if n < len(OUTLETS) else OUTLETS[dice.below(len(OUTLETS))]
        is_return = n > 10 and dice.chance(9)
        number = f"{'C' if is_return else ''}{_FIRST_NUMBER + n}"
        customer = "" if dice.chance(30) else str(12000 + dice.below(400))
        invoice = Invoice(number, outlet, customer, begin + timedelta(minutes=_MINUTES * n // INVOICES))
        if not is_return and dice.chance(3):
            invoice.lines.append(_correction(dice))
        else:
            sign = -1 if is_return else 1
            invoice.lines.extend(_line(dice, sign) for _ in range(1 + dice.below(3 if is_return else 9)))
        invoices.append(invoice)
    return invoices


def sample_outlets(invoices: Sequence[Invoice], last_day: date) -> list[Outlet]:
    """Returns the outlets of the sample: agreements of some end soon, that of one with the last day."""
    return [
        replace(outlet, last_day=last_day + timedelta(days=_AGREEMENTS.get(outlet.name, _LATER)))
        for outlet in outlets_of(invoices)
    ]


def _line(dice: _Dice, sign: int) -> Line:
    code, description, price = ITEMS[dice.below(len(ITEMS))]
    if dice.chance(4):  # given away; nobody has written down what for
        return Line(code, "", sign * (1 + dice.below(5)), Decimal(0))
    return Line(code, description, sign * (1 + dice.below(24)), Decimal(price))


def _correction(dice: _Dice) -> Line:
    cents = 500 + dice.below(20000)
    price = Decimal(cents if dice.chance(40) else -cents) / 100
    return Line("ADJUST", "Correction of an earlier month", 1, price)
