"""What was sold when, read from the submitted invoices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import doclife
from doclife import Amount
from example_app.doctypes.sales_invoice import SalesInvoice


@dataclass
class Sales:
    """Sums over invoices; returns lower sales and royalty, and are counted apart."""

    sales: Amount = field(default_factory=Amount)
    royalty: Amount = field(default_factory=Amount)
    invoices: int = 0
    returns: int = 0


def sales_by_outlet(first: date, last: date) -> dict[str, Sales]:
    """Returns what each outlet with invoices has sold from the first day to the last, both included."""
    rows = doclife.get_all(
        SalesInvoice,
        filters={"docstatus": 1, "posting_date": ["between", [first, last]]},
        fields=[
            "franchise_outlet",
            "is_return",
            "sum(net_total) as sales",
            "sum(franchise_royalty) as royalty",
            "count(name) as number",
        ],
        group_by="franchise_outlet, is_return",
        order_by="franchise_outlet",
    )
    found: dict[str, Sales] = {}
    for row in rows:
        of_outlet = found.setdefault(row.franchise_outlet, Sales())
        of_outlet.sales += row.sales
        of_outlet.royalty += row.royalty
        if row.is_return:
            of_outlet.returns += row.number
        else:
            of_outlet.invoices += row.number
    return found


def total(several: Iterable[Sales]) -> Sales:
    """Returns the sums over several outlets."""
    result = Sales()
    for each in several:
        result.sales += each.sales
        result.royalty += each.royalty
        result.invoices += each.invoices
        result.returns += each.returns
    return result
