"""Documents, handlers and jobs as Frappe's tutorials write them; handlers are declared by their dotted paths."""

import doclife as frappe

seen: list[tuple[object, ...]] = []


OUTLET = {"doctype": "SJ Outlet", "outlet_name": "Harbour", "city": "Pune"}


def add_outlet(code, **values):
    """Adds an outlet with an agreement for 2026."""
    frappe.get_doc({**OUTLET, "franchise_code": code, **values}).insert()
    terms = {"franchise_outlet": code, "start_date": "2026-01-01", "expiry_date": "2026-12-31"}
    frappe.get_doc({"doctype": "Franchise Agreement", **terms}).submit()


def invoice(number="INV-1", **values):
    """Returns an invoice of 100 that is not stored."""
    return frappe.get_doc(
        {
            "doctype": "Sales Invoice",
            "invoice_no": number,
            "franchise_outlet": "SJ-1",
            "posting_date": "2026-01-31",
            "items": [{"item_code": "CONE", "qty": 2, "rate": 50}],
            **values,
        }
    )


def submitted(number="INV-1", **values):
    """Inserts and submits an invoice."""
    doc = invoice(number, **values)
    doc.insert(ignore_permissions=True)
    doc.submit()
    return doc


def on_submit(doc, method):
    seen.append((doc.doctype, doc.name, method))
    create_royalty_entry(doc)


def on_cancel(doc, method):
    seen.append((doc.doctype, doc.name, method))
    for entry in frappe.get_all("Bin", filters={"warehouse": f"royalty of {doc.name}"}, pluck="name"):
        frappe.delete_doc("Bin", entry, ignore_permissions=True)


def create_royalty_entry(doc):
    outlet = frappe.get_doc("SJ Outlet", doc.franchise_outlet)
    frappe.get_doc(
        {
            "doctype": "Bin",
            "warehouse": f"royalty of {doc.name}",
            "item_code": outlet.franchise_code,
            "actual_qty": int(doc.net_total),
        }
    ).insert(ignore_permissions=True)


def check_order(doc, method):
    seen.append((doc.doctype, doc.outlet_name, method))
    if doc.outlet_name == "Forbidden":
        frappe.throw(frappe._("{0} is not allowed").format(frappe.bold(doc.outlet_name)))


def log_update(doc, method):
    seen.append((doc.doctype, doc.name, method))


def who_am_i():
    seen.append((frappe.session.user,))


def sync_two(first, second):
    for name in (first, second):
        frappe.db.set_value("SJ Outlet", name, "city", "synced")
        frappe.db.commit()
    frappe.throw("after both were committed")
