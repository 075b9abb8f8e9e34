"""Document types that track changes, and what was recorded of them."""

from __future__ import annotations

from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.query.lists import get_all
from doclife.schema.fieldtypes import JSON, Check, Currency, Data, Date, Float, Int, Password, Table, Time
from doclife.schema.meta import Meta


class VersionTestRow(Document):
    meta = Meta(istable=True)

    code = Data()
    qty = Int()
    key = Password()


class VersionTestOrder(Document):
    meta = Meta(doctype="Version Test Order", track_changes=True, submittable=True, autoname="field:number")

    number = Data(set_only_once=True)
    title = Data(allow_on_submit=True)
    price = Currency()
    weight = Float()
    day = Date()
    at = Time()
    paid = Check(allow_on_submit=True)
    details = JSON()
    secret = Password()
    rows = Table(VersionTestRow, allow_on_submit=True)


class VersionTestPlain(Document):
    meta = Meta(doctype="Version Test Plain")

    title = Data()


class VersionTestQuiet(Document):
    meta = Meta(doctype="Version Test Quiet", track_changes=True, wildcard_events=False)

    title = Data()


def versions(name="O-1", doctype="Version Test Order"):
    """Returns the data of the versions of a document, oldest first."""
    found = get_all("Version", {"ref_doctype": doctype, "docname": name}, pluck="name", order_by="creation, name")
    return [get_doc("Version", each).get_data() for each in found]


def only_version(name="O-1", doctype="Version Test Order"):
    (found,) = versions(name, doctype)
    return found
