"""The status of the outlets follows their agreements."""

from __future__ import annotations

from datetime import date

import doclife
from doclife.utils import getdate, today
from example_app.doctypes.franchise_agreement import in_force
from example_app.doctypes.sj_outlet import SJOutlet
from example_app.tasks.notices import OPERATOR, managers, tell


def follow_agreements() -> dict[str, list[str]]:
    """Makes outlets without an agreement in force Inactive, and those it had made so Active when they have one again.

    An outlet that a person has made Inactive stays Inactive. One that cannot be saved is logged and
    does not keep the others from being looked at. Managers and the operator are told why.

    Returns:
        The names of the outlets that have changed, by their new status.
    """
    day = getdate(today())
    covered = set(doclife.get_all("Franchise Agreement", filters=in_force(day), pluck="franchise_outlet"))
    outlets = doclife.get_all("SJ Outlet", fields=["name", "status", "lapsed_on"], order_by="name")
    ended = [each.name for each in outlets if each.status == "Active" and each.name not in covered]
    back = [each.name for each in outlets if each.status == "Inactive" and each.lapsed_on and each.name in covered]
    users = [OPERATOR, *managers()]
    return {
        "Inactive": [name for name in ended if _changed(name, "Inactive", day, users)],
        "Active": [name for name in back if _changed(name, "Active", day, users)],
    }


def _changed(name: str, status: str, day: date, users: list[str]) -> bool:
    """Changes one outlet and says why, both or neither; tells whether it did."""
    try:
        with doclife.db.savepoint():
            outlet = doclife.get_doc(SJOutlet, name)
            outlet.status = status
            outlet.lapsed_on = day if status == "Inactive" else None
            outlet.save(ignore_permissions=True)
            subject = f"{outlet.outlet_name} ({name}) is {status}: {_reason(name, day)}"
            tell(users, f"{name} {status} on {day}", subject, about=outlet)
    except doclife.ValidationError:
        doclife.log_error(title=f"Status of outlet {name}", reference_doctype="SJ Outlet", reference_name=name)
        return False
    return True


def _reason(outlet: str, day: date) -> str:
    """Returns what an outlet has in place of an agreement, or the agreement it has."""
    about = {"franchise_outlet": outlet, "docstatus": 1}
    found = doclife.get_all(
        "Franchise Agreement",
        filters=about | {"start_date": ["<=", day]},
        fields=["name", "expiry_date"],
        order_by="expiry_date desc",
        limit=1,
    )
    if not found:
        coming = doclife.db.get_value("Franchise Agreement", about, ["name", "start_date"], order_by="start_date")
        return f"its agreement {coming[0]} begins on {coming[1]}" if coming else "it has no submitted agreement"
    [last] = found
    if last.expiry_date >= day:
        return f"its agreement {last.name} is in force until {last.expiry_date}"
    return f"its agreement {last.name} ended on {last.expiry_date}"
