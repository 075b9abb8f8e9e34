"""Stock snapshots: one per outlet and day, taken every six hours."""

from __future__ import annotations

from datetime import date

import doclife
from doclife.utils import getdate, today

#: snapshots that one transaction deletes
PIECE = 100


def sync_outlet_stock_levels() -> None:
    """Asks for a snapshot of each active outlet; a job for each, so that one that fails holds up none."""
    for outlet in doclife.get_all(
        "SJ Outlet", filters={"status": "Active", "warehouse": ["is", "set"]}, fields=["name", "warehouse"]
    ):
        doclife.enqueue(
            "example_app.tasks.snapshots.sync_single_outlet_stock",
            queue="long",
            job_id=f"stock-snapshot::{outlet.name}",
            outlet=outlet.name,
            warehouse=outlet.warehouse,
        )


def sync_single_outlet_stock(outlet: str, warehouse: str) -> None:
    """Takes the snapshot of one outlet for today, or takes it again."""
    stock = doclife.db.sql(
        """
        SELECT item_code, actual_qty, reserved_qty, (actual_qty - reserved_qty) AS available_qty
        FROM `tabBin` WHERE warehouse = %s ORDER BY item_code
        """,
        warehouse,
        as_dict=True,
    )
    name = f"{outlet}-{today()}"
    if doclife.db.exists("Franchise Stock Snapshot", name):
        snapshot = doclife.get_doc("Franchise Stock Snapshot", name)
    else:
        snapshot = doclife.get_doc({"doctype": "Franchise Stock Snapshot", "name": name, "franchise_outlet": outlet})
    snapshot.snapshot_date = today()
    snapshot.stock_items = []
    for row in stock:
        snapshot.append("stock_items", row)
    snapshot.save(ignore_permissions=True)


def forget_old_snapshots() -> int:
    """Deletes the snapshots of the years before the last, and returns how many; the scheduler runs it once a year."""
    first_kept = date(getdate(today()).year - 1, 1, 1)
    old = {"snapshot_date": ["<", first_kept]}
    forgotten = 0
    for names in doclife.chunks(doclife.get_all("Franchise Stock Snapshot", filters=old, pluck="name"), PIECE):
        for name in names:
            doclife.delete_doc("Franchise Stock Snapshot", name, ignore_permissions=True, delete_permanently=True)
        doclife.db.commit()
        forgotten += len(names)
    return forgotten
