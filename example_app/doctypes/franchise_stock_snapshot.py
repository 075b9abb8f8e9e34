"""Franchise Stock Snapshot: the stock of an outlet as it was on a day."""

from __future__ import annotations

from doclife import Document, Meta, Permission
from doclife.fields import Data, Date, Int, Link, Table


class FranchiseStockSnapshotItem(Document):
    """One item of a snapshot."""

    meta = Meta(istable=True)

    item_code = Data(reqd=True, in_list_view=True)
    actual_qty = Int(in_list_view=True)
    reserved_qty = Int()
    available_qty = Int(in_list_view=True)


class FranchiseStockSnapshot(Document):
    """The stock of one outlet on one day; its name is given by who takes it, so that a day has one."""

    meta = Meta(
        autoname="prompt",
        permissions=[
            Permission("Franchise Manager", read=True, report=True),
            Permission("Franchise Auditor", read=True, report=True),
        ],
    )

    franchise_outlet = Link("SJ Outlet", reqd=True, in_list_view=True)
    snapshot_date = Date(reqd=True, in_list_view=True)
    stock_items = Table(FranchiseStockSnapshotItem)
