"""Stock levels of the outlets, from the rows of their invoices."""

from __future__ import annotations

from collections import Counter

import doclife
from example_app.doctypes.bin import Bin
from example_app.doctypes.sales_invoice import SalesInvoice


def sync_invoice_stock(invoice: str) -> None:
    """Brings the stock up to date with one invoice: takes its rows out, or puts them back if it is cancelled.

    It compares what should be with what the invoice says has been done, and changes both in one
    transaction. So it may run any number of times, and the jobs of a submit and a cancel in any order.
    """
    doc = doclife.get_doc(SalesInvoice, invoice, for_update=True)
    should_count = doc.docstatus == 1
    if bool(doc.stock_updated) == should_count:
        return
    sold: Counter[str] = Counter()
    for row in doc.items:
        sold[row.item_code] += row.qty if should_count else -row.qty
    warehouse = doclife.db.get_value("SJ Outlet", doc.franchise_outlet, "warehouse")
    for item_code in sorted(sold):  # in one order everywhere, so that two jobs cannot wait for each other
        if sold[item_code]:
            _take_out(warehouse, item_code, sold[item_code])
    # `modified` stays: whoever has the invoice open may still cancel it
    doc.db_set("stock_updated", should_count, update_modified=False)


def _take_out(warehouse: str, item_code: str, qty: int) -> None:
    bin_ = _locked(warehouse, item_code)
    bin_.actual_qty -= qty
    bin_.save(ignore_permissions=True)


def _locked(warehouse: str, item_code: str) -> Bin:
    name = f"{warehouse}: {item_code}"
    try:
        return doclife.get_doc(Bin, name, for_update=True)
    except doclife.DoesNotExistError:
        new = doclife.new_doc(Bin, warehouse=warehouse, item_code=item_code)
    try:
        return new.insert(ignore_permissions=True)
    except doclife.DuplicateEntryError:  # another job has just made it
        return doclife.get_doc(Bin, name, for_update=True)
