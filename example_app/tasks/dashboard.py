"""The dashboard: figures that are worked out once an hour, and read in no time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import doclife
from doclife import Amount
from doclife.utils import get_first_day, now_datetime
from example_app.doctypes.franchise_agreement import in_force
from example_app.doctypes.franchise_dashboard import FranchiseDashboard
from example_app.figures import Sales, sales_by_outlet, total

CACHE_KEY = "franchise_dashboard"
#: seconds from one run to the next, and no longer: that one may find no broker, and the document is newer then
KEPT_S = 3600
#: an agreement that ends so soon wants looking at
ENDING = timedelta(days=30)

#: fields of the document, and of its rows
FIGURES = (
    "as_of", "sales_today", "sales_this_month", "royalty_this_month", "invoices_this_month",
    "open_agreements", "ending_agreements", "failed_jobs",
)  # fmt: skip
OUTLET_FIGURES = ("outlet", "outlet_name", "sales_today", "sales_this_month")


def refresh_dashboard() -> dict[str, Any]:
    """Works the figures out and keeps them: in the document, and in the cache when that is committed."""
    found = figures()
    doclife.get_single(FranchiseDashboard).update(found).save(ignore_permissions=True)
    doclife.db.after_commit(lambda: doclife.cache.set_value(CACHE_KEY, found, expires_in_sec=KEPT_S))
    return found


def read_dashboard() -> dict[str, Any]:
    """Returns the figures of the last run; those of now while there was none. Needs no broker."""
    cached = doclife.cache.get_value(CACHE_KEY)
    if cached is not None:
        return dict(cached)
    stored = doclife.get_single(FranchiseDashboard)
    if stored.as_of is None:
        return figures()
    found: dict[str, Any] = {name: stored.get(name) for name in FIGURES}
    found["outlets"] = [{name: row.get(name) for name in OUTLET_FIGURES} for row in stored.outlets]
    return found


def figures() -> dict[str, Any]:
    """Returns the figures of this moment by the names of the document's fields."""
    now = now_datetime()
    day = now.date()
    today, month = sales_by_outlet(day, day), sales_by_outlet(get_first_day(day), day)
    in_month = total(month.values())
    outlets = doclife.get_all("SJ Outlet", fields=["name", "outlet_name"], order_by="outlet_name, name")
    ending = in_force(day) | {"expiry_date": ["between", [day, day + ENDING]]}
    numbers = (
        now,
        total(today.values()).sales,
        in_month.sales,
        in_month.royalty,
        in_month.invoices,
        doclife.db.count("Franchise Agreement", in_force(day)),
        doclife.db.count("Franchise Agreement", ending),
        doclife.db.count("Background Job", {"status": "failed"}),
    )
    found: dict[str, Any] = dict(zip(FIGURES, numbers, strict=True))
    found["outlets"] = [
        dict(zip(OUTLET_FIGURES, (name, title, _sales(today, name), _sales(month, name)), strict=True))
        for name, title in ((outlet.name, outlet.outlet_name) for outlet in outlets)
    ]
    return found


def _sales(by_outlet: dict[str, Sales], outlet: str) -> Amount:
    return by_outlet[outlet].sales if outlet in by_outlet else Amount(0)
