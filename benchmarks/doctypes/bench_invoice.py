"""An invoice with rows, and a simple document: what design 17 measures."""

from __future__ import annotations

from doclife.fields import Currency, Data, Date, Int, Link, Select, Table
from doclife.model.document import Document
from doclife.schema.meta import Meta


class BenchCustomer(Document):
    """Somebody to link to."""

    customer_name = Data(reqd=True)


class BenchItem(Document):
    """A row: five fields of its own."""

    meta = Meta(istable=True)

    item_code = Data(reqd=True)
    description = Data()
    qty = Int(default=1)
    rate = Currency()
    amount = Currency()


class BenchInvoice(Document):
    """An invoice: hash-named, untracked, no handlers (the yardstick document)."""

    meta = Meta(submittable=True)

    customer = Data(reqd=True)
    posting_date = Date(reqd=True)
    status = Select("Draft", "Paid", "Overdue", default="Draft")
    remark = Data()
    net_total = Currency()
    items = Table(BenchItem, reqd=True)


class BenchLinkedInvoice(Document):
    """The same with a link to check."""

    meta = Meta(submittable=True)

    customer = Link("Bench Customer", reqd=True)
    posting_date = Date(reqd=True)
    status = Select("Draft", "Paid", "Overdue", default="Draft")
    remark = Data()
    net_total = Currency()
    items = Table(BenchItem, reqd=True)


class BenchNote(Document):
    """A document without rows."""

    title = Data(reqd=True)
    body = Data()
    amount = Currency()


class BenchEntry(Document):
    """A document that is looked for by an index."""

    title = Data(reqd=True)
    category = Data(index=True)
