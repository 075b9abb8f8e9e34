"""Sales Invoice Item: one line of an invoice."""

from __future__ import annotations

from doclife import Document, Meta
from doclife.fields import Currency, Data, Int, SmallText


class SalesInvoiceItem(Document):
    """One item sold, or taken back where the quantity is negative."""

    meta = Meta(istable=True)

    item_code = Data(reqd=True, in_list_view=True)
    description = SmallText()
    qty = Int(default=1, in_list_view=True)
    rate = Currency(in_list_view=True)
    amount = Currency(read_only=True, in_list_view=True)
