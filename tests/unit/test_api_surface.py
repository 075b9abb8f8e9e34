"""What Frappe's tutorials write of documents and doc_events runs with the import line changed: rows B1 and B2.

The names of the tests begin with the numbers of the rows of the API surface that they are about.
"""

import subprocess
import sys
from datetime import date

import pytest

import doclife as frappe
from doclife import fields
from doclife.model.document import Document
from doclife.testing import as_user, capture_events, make_user
from tests.unit import tutorial
from tests.unit.tutorial import OUTLET, add_outlet, invoice, submitted

pytestmark = pytest.mark.doclife_apps("example_app")


@pytest.fixture(autouse=True)
def outlet(site):
    tutorial.seen.clear()
    add_outlet("SJ-1")


# B1 the document class and its lifecycle


def test_01_the_class_of_a_document_type_and_where_document_is_imported_from(tmp_path):
    from doclife.model.document import Document as ImportedAsInFrappe

    class SJTestShop(Document):
        shop_name = fields.Data()

    assert ImportedAsInFrappe is Document is frappe.Document
    assert SJTestShop.meta.doctype == "SJ Test Shop"
    folder = tmp_path / "scoopjoy" / "franchise" / "doctype" / "sj_kiosk"
    folder.mkdir(parents=True)
    (folder / "sj_kiosk.py").write_text(
        "import frappe\nfrom frappe.model.document import Document\n\n\nclass SJKiosk(Document):\n    pass\n"
    )
    module = "scoopjoy.franchise.doctype.sj_kiosk.sj_kiosk"
    code = f"import doclife.compat; from {module} import SJKiosk; print(SJKiosk.meta.doctype)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{tmp_path}:{frappe.__path__[0]}/.."},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "SJ Kiosk\n"


class TutorialTestOrder(Document):
    meta = frappe.Meta(doctype="Tutorial Test Order", submittable=True)

    customer = fields.Data()
    total = fields.Currency()
    seen = fields.JSON()

    def note(self, hook):
        tutorial.seen.append(
            (hook, self.is_new(), self.docstatus, bool(self.name and frappe.db.exists(self.doctype, self.name)))
        )

    def autoname(self):
        self.name = f"TTO-{self.customer}"

    def before_insert(self):
        self.note("before_insert")

    def validate(self):
        self.note("validate")

    def before_save(self):
        self.note("before_save")

    def after_insert(self):
        self.note("after_insert")

    def on_update(self):
        self.note("on_update")

    def on_submit(self):
        self.note("on_submit")

    def on_cancel(self):
        self.note("on_cancel")

    def on_trash(self):
        self.note("on_trash")


def test_02_to_11_the_hooks_fire_by_themselves_in_this_order(site):
    site.use(TutorialTestOrder)
    doc = frappe.get_doc({"doctype": "Tutorial Test Order", "customer": "Asha"})
    doc.insert()
    assert doc.name == "TTO-Asha"  # row 10, autoname
    hooks = [(hook, stored) for hook, _, _, stored in tutorial.seen]
    assert hooks == [
        ("before_insert", False),
        ("validate", False),
        ("before_save", False),
        ("after_insert", True),
        ("on_update", True),
    ]
    tutorial.seen.clear()
    doc.total = 5
    doc.save()
    assert [hook for hook, *_ in tutorial.seen] == ["validate", "before_save", "on_update"]
    tutorial.seen.clear()
    doc.submit()
    assert [(hook, docstatus) for hook, _, docstatus, _ in tutorial.seen] == [
        ("validate", 1),
        ("on_update", 1),
        ("on_submit", 1),
    ]
    tutorial.seen.clear()
    doc.cancel()
    assert [(hook, docstatus) for hook, _, docstatus, _ in tutorial.seen] == [("on_cancel", 2)]
    tutorial.seen.clear()
    doc.delete()
    assert tutorial.seen == [("on_trash", False, 2, True)]
    assert not frappe.db.exists("Tutorial Test Order", "TTO-Asha")


def test_12_and_13_insert_and_save_ignore_permissions_and_return_the_document():
    make_user("clerk@example.com")
    with as_user("clerk@example.com"):
        with pytest.raises(frappe.PermissionError):
            frappe.get_doc({**OUTLET, "franchise_code": "SJ-2"}).insert()
        doc = frappe.get_doc({**OUTLET, "franchise_code": "SJ-2"})
        assert doc.insert(ignore_permissions=True) is doc
        doc.city = "Agra"
        assert doc.save(ignore_permissions=True) is doc
        new = frappe.get_doc({**OUTLET, "franchise_code": "SJ-3"})
        new.save(ignore_permissions=True)  # a new one is inserted
    assert frappe.get_all("SJ Outlet", fields=["name", "city"], order_by="name") == [
        {"name": "SJ-1", "city": "Pune"},
        {"name": "SJ-2", "city": "Agra"},
        {"name": "SJ-3", "city": "Pune"},
    ]


def test_14_numbers_are_numbers_and_begin_at_0():
    summary = frappe.new_doc("Franchise Sales Summary")
    assert (summary.total_sales, summary.invoice_count) == (0, 0)
    doc = invoice().insert()
    summary.total_sales += doc.net_total
    summary.invoice_count += 1
    summary.total_sales += 0.5
    assert (summary.total_sales, summary.invoice_count) == (100.5, 1)


def test_15_a_table_is_emptied_and_filled_again():
    snapshot = frappe.get_doc(
        {
            "doctype": "Franchise Stock Snapshot",
            "name": "SJ-1-2026-01",
            "franchise_outlet": "SJ-1",
            "snapshot_date": frappe.utils.today(),
            "stock_items": [{"item_code": "OLD", "actual_qty": 9}, {"item_code": "CONE", "actual_qty": 1}],
        }
    )
    snapshot.save(ignore_permissions=True)  # C18: the caller chooses the name, so it is inserted
    snapshot = frappe.get_doc("Franchise Stock Snapshot", "SJ-1-2026-01")
    snapshot.stock_items = []
    snapshot.append("stock_items", {"item_code": "CONE", "actual_qty": 5, "reserved_qty": 2, "available_qty": 3})
    snapshot.save(ignore_permissions=True)
    again = frappe.get_doc("Franchise Stock Snapshot", "SJ-1-2026-01")
    assert [(row.idx, row.item_code, row.actual_qty) for row in again.stock_items] == [(1, "CONE", 5)]
    assert frappe.db.count("Franchise Stock Snapshot Item") == 1


def test_16_get_doc_of_a_dict_and_of_a_name():
    assert frappe.get_doc({**OUTLET, "franchise_code": "SJ-2"}).is_new()
    doc = frappe.get_doc("SJ Outlet", "SJ-1")
    assert (doc.name, doc.outlet_name, doc.status, doc.royalty_percentage) == ("SJ-1", "Harbour", "Active", 5)


def test_17_delete_doc_fires_on_trash_and_after_delete():
    frappe.get_doc({**OUTLET, "franchise_code": "SJ-2"}).insert()
    with capture_events() as events:
        frappe.delete_doc("SJ Outlet", "SJ-2", ignore_permissions=True)
    assert events.of("SJ Outlet") == ["on_trash", "on_change", "after_delete"]
    assert not frappe.db.exists("SJ Outlet", "SJ-2")


def test_18_controllers_and_handlers_of_another_app_coexist(site):
    site.use_hooks("scoopjoy", {"doc_events": {"SJ Outlet": {"validate": "tests.unit.tutorial.check_order"}}})
    doc = frappe.get_doc({**OUTLET, "franchise_code": "SJ-2"}).insert()
    assert doc.warehouse == "SJ-2 Stores"  # the controller's
    assert tutorial.seen == [("SJ Outlet", "Harbour", "validate")]


def test_19_docstatus_is_a_filter():
    submitted("INV-1")
    invoice("INV-2").insert()
    assert frappe.get_all("Sales Invoice", filters={"docstatus": 1}, pluck="name") == ["INV-1"]
    assert frappe.db.count("Sales Invoice", {"docstatus": 0}) == 1


def test_20_names_with_spaces_and_their_tables():
    submitted()
    assert frappe.db.sql("SELECT outlet_name FROM `tabSJ Outlet` WHERE name = 'SJ-1'") == (("Harbour",),)
    assert frappe.db.sql("SELECT count(*) FROM `tabSales Invoice`")[0][0] == 1
    assert frappe.db.sql("SELECT count(*) FROM `tabFranchise Sales Summary`")[0][0] == 1
    assert frappe.db.table_exists("Bin")


# B2 doc_events


def test_21_22_and_24_to_27_handlers_of_another_app_react_in_the_same_transaction(site):
    site.use_hooks(
        "scoopjoy",
        {
            "doc_events": {
                "Sales Invoice": {
                    "on_submit": "tests.unit.tutorial.on_submit",
                    "on_cancel": ["tests.unit.tutorial.on_cancel"],
                },
                "SJ Outlet": {"validate": "tests.unit.tutorial.check_order"},
            }
        },
    )
    doc = submitted()
    assert tutorial.seen == [("Sales Invoice", "INV-1", "on_submit")]
    assert frappe.get_all("Bin", fields=["item_code", "actual_qty"]) == [{"item_code": "SJ-1", "actual_qty": 100}]
    doc.cancel()
    assert tutorial.seen[-1] == ("Sales Invoice", "INV-1", "on_cancel")
    assert frappe.db.count("Bin") == 0
    with pytest.raises(frappe.ValidationError, match="<strong>Forbidden</strong> is not allowed"):
        frappe.get_doc({**OUTLET, "outlet_name": "Forbidden", "franchise_code": "SJ-2"}).insert()
    assert not frappe.db.exists("SJ Outlet", "SJ-2")


def test_23_the_wildcard_runs_for_every_document_type(site):
    site.use_hooks("scoopjoy", {"doc_events": {"*": {"on_update": "tests.unit.tutorial.log_update"}}})
    frappe.get_doc("SJ Outlet", "SJ-1").save()
    invoice().insert()
    assert [seen[0] for seen in tutorial.seen if seen[0] != "Version"] == ["SJ Outlet", "Sales Invoice"]


@pytest.mark.parametrize("given", ["2026-01-31", date(2026, 1, 31)], ids=["text", "date"])
def test_28_a_posting_date_may_be_text_or_a_date(given):
    doc = invoice(posting_date=given)
    assert frappe.utils.getdate(given).strftime("%Y-%m") == "2026-01"
    assert frappe.utils.getdate(doc.posting_date).strftime("%Y-%m") == "2026-01"
    doc.insert()
    month = frappe.utils.getdate(frappe.get_doc("Sales Invoice", doc.name).posting_date).strftime("%Y-%m")
    assert month == "2026-01"
