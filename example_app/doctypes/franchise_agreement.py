"""Franchise Agreement: from when until when an outlet may sell."""

from __future__ import annotations

from datetime import date
from typing import Any

import doclife
from doclife import Document, Meta, Permission
from doclife.fields import Data, Date, Link, Select


class FranchiseAgreement(Document):
    """What an outlet and the franchisor have agreed on; it counts once it is submitted."""

    meta = Meta(
        submittable=True,
        autoname="AGR-.#####",
        permissions=[
            Permission("Franchise Manager", read=True, write=True, create=True, submit=True, cancel=True, amend=True),
            Permission("Franchise Auditor", read=True, report=True),
        ],
    )

    franchise_outlet = Link("SJ Outlet", reqd=True, index=True, in_list_view=True)
    start_date = Date(reqd=True)
    expiry_date = Date(reqd=True, in_list_view=True)
    signed_by = Data(fetch_from="franchise_outlet.owner_name", fetch_if_empty=True)
    #: what the daily review has found; only the dates decide
    status = Select("Active", "Expired", default="Active", read_only=True, no_copy=True, allow_on_submit=True)

    def validate(self) -> None:
        """Refuses an agreement that ends before it begins."""
        if self.expiry_date < self.start_date:
            doclife.throw(f"the agreement ends on {self.expiry_date}, before it begins on {self.start_date}")


def in_force(first: date, last: date | None = None) -> dict[str, Any]:
    """Returns the filters of the agreements that are in force on a day, or on any day up to `last`."""
    return {"docstatus": 1, "start_date": ["<=", last or first], "expiry_date": [">=", first]}
