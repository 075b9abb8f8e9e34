"""Bin: how much of an item lies in a warehouse."""

from __future__ import annotations

from doclife import Document, Meta, Permission
from doclife.fields import Data, Int


class Bin(Document):
    """The stock of one item in one warehouse. It may be negative: what was sold is known before what was delivered."""

    meta = Meta(
        autoname="format:{warehouse}: {item_code}",
        permissions=[
            Permission("Franchise Manager", read=True, report=True),
            Permission("Franchise Auditor", read=True, report=True),
        ],
    )

    warehouse = Data(reqd=True, set_only_once=True, index=True, in_list_view=True)
    item_code = Data(reqd=True, set_only_once=True, in_list_view=True)
    actual_qty = Int(in_list_view=True)
    reserved_qty = Int()
