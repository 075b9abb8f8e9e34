"""The week in a notice: what was sold, and what that is against the week before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import doclife
from doclife import Amount
from doclife.utils import fmt_money, get_first_day_of_week, today
from example_app.figures import Sales, sales_by_outlet, total
from example_app.tasks.notices import managers, tell

WEEK = timedelta(days=7)
#: how many of the best outlets are named
NAMED = 3


def send_weekly_digest() -> dict[str, object]:
    """Tells each manager of the last week that is over, Sunday to Saturday.

    On Sunday, when the scheduler runs it, these are the last seven days. A run on a later day is
    about the same week, and tells only those who have not been told.

    Returns:
        The first day of the week as text, and how many were told.
    """
    first = get_first_day_of_week(today()) - WEEK
    subject, message = _digest(first)
    return {"week": str(first), "told": tell(managers(), f"week from {first}", subject, message=message)}


def _digest(first: date) -> tuple[str, str]:
    """Returns subject and text of the digest of the week that begins on a day."""
    end = first + timedelta(days=6)
    week, before = sales_by_outlet(first, end), sales_by_outlet(first - WEEK, end - WEEK)
    this, last = total(week.values()), total(before.values())
    subject = (
        f"Franchise week {first} to {end}: sales {_money(this.sales)} ({_change(this.sales, last.sales)}), "
        f"royalties {_money(this.royalty)}"
    )
    names = dict(doclife.get_all("SJ Outlet", fields=["name", "outlet_name"], as_list=True))
    lines = [
        f"Sales: {_money(this.sales)}, {_change(this.sales, last.sales)}; the week before {_money(last.sales)}",
        f"Royalties: {_money(this.royalty)}, {_change(this.royalty, last.royalty)}; "
        f"the week before {_money(last.royalty)}",
        f"Invoices: {this.invoices}, {_change(this.invoices, last.invoices)}; the week before {last.invoices}",
        f"Returns: {this.returns}; the week before {last.returns}",
        *_best(week, names),
        *_without_sales(week, names),
    ]
    return subject, "\n".join(lines)


def _best(week: Mapping[str, Sales], names: Mapping[str, str]) -> list[str]:
    best = sorted(week.items(), key=lambda item: (-item[1].sales, item[0]))[:NAMED]
    shown = ", ".join(f"{names[outlet]} {_money(of_outlet.sales)}" for outlet, of_outlet in best)
    return [f"Top outlets: {shown}"] if best else []


def _without_sales(week: Mapping[str, Sales], names: Mapping[str, str]) -> list[str]:
    active = doclife.get_all("SJ Outlet", filters={"status": "Active"}, pluck="name", order_by="name")
    idle = [names[outlet] for outlet in active if outlet not in week or not week[outlet].invoices]
    return [f"Outlets without sales: {', '.join(idle)}"] if idle else []


def _change(this: Amount | int, last: Amount | int) -> str:
    """Returns a change in percent of the amount before, whatever the sign of that."""
    if not last:
        return "new" if this else "nothing as before"
    before = Amount(last)
    return f"{(Amount(this) - before) * 100 / abs(before):+.1f} %"


def _money(amount: Amount) -> str:
    return fmt_money(amount, precision=2)
