"""What an app's author writes; each `# R:` is the type mypy must reveal, each `# E:` the error it must report.

Checked by test_types.py, never run.
"""

from typing import reveal_type

import doclife
import doclife as frappe
from doclife import Amount, Document, Meta, Permission, _, get_doc, get_docs, new_doc
from doclife.fields import Check, Currency, Data, Date, Int, Link, Percent, Select, Table


class OutletVisit(Document):
    meta = Meta(istable=True)

    visitor = Data(reqd=True)
    minutes = Int()


class SJOutlet(Document):
    """A franchise outlet."""

    meta = Meta(autoname="field:franchise_code", permissions=[Permission("Franchise Manager", read=True)])

    franchise_code = Data(reqd=True, unique=True)
    owner_name = Data()
    status = Select("Active", "Inactive", default="Active")
    warehouse = Link("Warehouse", reqd=True)
    opened_on = Date()
    royalty_percentage = Percent(default=5)
    deposit = Currency()
    listed = Check()
    visits = Table(OutletVisit)

    def validate(self) -> None:
        self.deposit = self.royalty_percentage * 2


class RatedOutlet(SJOutlet):
    """What another app adds to outlets, by extend_doctype_class."""

    stars = Int()

    def validate(self) -> None:
        super().validate()
        self.stars = min(self.stars, 5)


def on_submit(doc: RatedOutlet, method: str) -> None:
    reveal_type(doc.stars)  # R: int
    reveal_type(doc.deposit)  # R: Amount


outlet = get_doc(SJOutlet, "SJ-1")
reveal_type(outlet)  # R: SJOutlet
reveal_type(outlet.franchise_code)  # R: str
reveal_type(outlet.owner_name)  # R: str | None
reveal_type(outlet.status)  # R: str | None
reveal_type(outlet.warehouse)  # R: str
reveal_type(outlet.opened_on)  # R: date | None
reveal_type(outlet.royalty_percentage)  # R: Amount
reveal_type(outlet.deposit * 0.05)  # R: Amount
reveal_type(outlet.listed)  # R: int
reveal_type(outlet.visits[0])  # R: OutletVisit
reveal_type(outlet.visits[0].minutes)  # R: int
reveal_type(outlet.append("visits", {"visitor": "Ana"}))  # R: Any
reveal_type(outlet.insert())  # R: SJOutlet
reveal_type(outlet.get_doc_before_save())  # R: SJOutlet | None

reveal_type(get_doc(RatedOutlet, "SJ-1").stars)  # R: int
reveal_type(RatedOutlet.stars > 3)  # R: ColumnElement[bool]
reveal_type(outlet.get("stars"))  # R: Any

reveal_type(SJOutlet.deposit > 100)  # R: ColumnElement[bool]
reveal_type(SJOutlet.franchise_code)  # R: Column[str]

reveal_type(new_doc(SJOutlet, franchise_code="SJ-2"))  # R: SJOutlet
reveal_type(get_docs(SJOutlet, ["SJ-1"]))  # R: list[SJOutlet]
reveal_type(get_docs(SJOutlet, {"status": "Active"}))  # R: list[SJOutlet]
reveal_type(get_docs(SJOutlet, SJOutlet.deposit > 100))  # R: list[SJOutlet]
reveal_type(doclife.get_cached_doc(SJOutlet, "SJ-1"))  # R: SJOutlet
reveal_type(frappe.get_cached_doc("SJ Outlet", "SJ-1"))  # R: Any
reveal_type(frappe.utils.get_url("/app"))  # R: str
reveal_type(doclife.copy_doc(outlet))  # R: SJOutlet
reveal_type(doclife.set_value(SJOutlet, "SJ-1", "status", "Inactive"))  # R: SJOutlet
reveal_type(doclife.get_last_doc(SJOutlet))  # R: SJOutlet
reveal_type(get_doc("SJ Outlet", "SJ-1"))  # R: Any
reveal_type(get_doc({"doctype": "SJ Outlet"}))  # R: Any
reveal_type(new_doc("SJ Outlet"))  # R: Any
reveal_type(frappe.get_doc(SJOutlet, "SJ-1"))  # R: SJOutlet
reveal_type(frappe.session.user)  # R: str
reveal_type(_("Royalty"))  # R: str
reveal_type(Amount("1.50") + 1)  # R: Amount
reveal_type(frappe.get_meta("SJ Outlet"))  # R: Meta
reveal_type(doclife.job.id)  # R: str | None
reveal_type(doclife.job.step("rows"))  # R: Step
reveal_type(list(doclife.chunks([SJOutlet()], 100)))  # R: list[list[SJOutlet]]

outlet.franchise_code = "SJ-3"
outlet.opened_on = "2026-01-31"
outlet.deposit = 12.5
outlet.listed = True
outlet.visits = [{"visitor": "Ana"}]
outlet.owner_name = None

outlet.franchise_code = None  # E: assignment
outlet.franchise_code = 7  # E: assignment
outlet.deposit = []  # E: assignment
outlet.visits = "many"  # E: assignment
print(outlet.francise_code)  # E: attr-defined
print(outlet.stars)  # E: attr-defined
get_doc(SJOutlet, 5)  # E: call-overload
doclife.get_dok(SJOutlet, "SJ-1")  # E: attr-defined
Data(requird=True)  # E: call-overload


@doclife.whitelist()
def close(name: str) -> SJOutlet:
    return get_doc(SJOutlet, name)


reveal_type(close("SJ-1"))  # R: SJOutlet
