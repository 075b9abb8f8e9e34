"""What Frappe's tutorials write of queries and helpers runs with the import line changed: rows B4 and B5.

The names of the tests begin with the numbers of the rows of the API surface that they are about.
"""

from datetime import date

import pytest

import doclife as frappe
from doclife.testing import as_user, make_user, run_jobs
from tests.unit import tutorial
from tests.unit.tutorial import add_outlet, invoice, submitted

pytestmark = pytest.mark.doclife_apps("example_app")


@pytest.fixture(autouse=True)
def outlet(site):
    tutorial.seen.clear()
    add_outlet("SJ-1")


# B4 queries and the database


@pytest.fixture
def sales(outlet):
    add_outlet("SJ-2", city=None)
    submitted("INV-1")
    submitted("INV-2", posting_date="2026-02-10")
    submitted("INV-3", posting_date="2026-02-28", franchise_outlet="SJ-2")
    invoice("INV-4", posting_date="2026-02-11").insert()
    for item, actual, reserved in (("CONE", 10, 3), ("TUB", 4, 4)):
        frappe.get_doc(
            {
                "doctype": "Bin",
                "warehouse": "SJ-1 Stores",
                "item_code": item,
                "actual_qty": actual,
                "reserved_qty": reserved,
            }
        ).insert()


def test_51_pluck(sales):
    outlets = frappe.get_all("SJ Outlet", filters={"status": "Active"}, order_by="name", pluck="name")
    assert outlets == ["SJ-1", "SJ-2"]


def test_52_is_set(sales):
    assert frappe.get_all("SJ Outlet", filters={"city": ["is", "set"]}, pluck="name") == ["SJ-1"]
    assert frappe.get_all("SJ Outlet", filters={"city": ["is", "not set"]}, pluck="name") == ["SJ-2"]


def test_53_between_two_dates(sales):
    start_date = frappe.utils.getdate("2026-02-01")
    end_date = frappe.utils.get_last_day(start_date)
    found = frappe.get_all(
        "Sales Invoice",
        filters={"posting_date": ["between", [start_date, end_date]], "docstatus": 1},
        fields=["name", "net_total"],
        order_by="posting_date",
    )
    assert [(row.name, row.net_total) for row in found] == [("INV-2", 100), ("INV-3", 100)]


def test_54_a_sum_as_a_value(sales):
    total = frappe.db.get_value(
        "Sales Invoice", {"franchise_outlet": "SJ-1", "docstatus": 1}, fieldname="sum(net_total)"
    )
    assert total == 200
    assert frappe.db.get_value("Sales Invoice", filters={"name": "none"}, fieldname="sum(grand_total)") or 0 == 0


def test_55_sql_with_one_value_and_computed_columns(sales):
    stock = frappe.db.sql(
        """
        SELECT item_code, actual_qty, reserved_qty, (actual_qty - reserved_qty) AS available_qty
        FROM `tabBin`
        WHERE warehouse = %s AND actual_qty > 0
        ORDER BY item_code
        """,
        "SJ-1 Stores",
        as_dict=True,
    )
    assert [(row.item_code, row.available_qty) for row in stock] == [("CONE", 7), ("TUB", 0)]


def test_56_an_update_is_true_where_it_met_rows(sales):
    update = "UPDATE `tabBin` SET reserved_qty=%s WHERE warehouse=%s AND item_code=%s"
    rows = frappe.db.sql(update, (5, "SJ-1 Stores", "CONE"))
    assert rows
    assert rows == ()
    assert not frappe.db.sql(update, (5, "SJ-1 Stores", "NONE"))
    assert frappe.db.get_value("Bin", {"item_code": "CONE"}, "reserved_qty") == 5


def test_57_and_58_exists_by_name_and_by_filters(sales):
    assert frappe.db.exists("SJ Outlet", f"SJ-{1}") == "SJ-1"
    assert frappe.db.exists("SJ Outlet", "SJ-9") is None
    filters = {"franchise_outlet": "SJ-2", "docstatus": 1}
    existing = frappe.db.exists("Sales Invoice", filters)
    assert filters == {"franchise_outlet": "SJ-2", "docstatus": 1}
    assert frappe.get_doc("Sales Invoice", existing).name == "INV-3"


def test_59_commits_inside_a_job_stay_when_it_fails_later(sales):
    frappe.enqueue("tests.unit.tutorial.sync_two", first="SJ-1", second="SJ-2")
    run_jobs(allow_failures=True)
    assert frappe.get_all("SJ Outlet", pluck="city", order_by="name") == ["synced", "synced"]


def test_60_escape_quotes_a_text_for_sql(sales):
    for text in ("Pune", 'it\'s; -- "quoted" 100%', "back\\slash"):
        frappe.db.set_value("SJ Outlet", "SJ-2", "city", text)
        found = frappe.db.sql(f"SELECT name FROM `tabSJ Outlet` WHERE city = {frappe.db.escape(text, percent=False)}")
        assert ("SJ-2",) in found
    assert frappe.db.escape(None) == "''"
    assert frappe.db.escape(b"bytes") == "'bytes'"


def test_61_a_link_is_followed_by_get_doc(sales):
    doc = frappe.get_doc("Sales Invoice", "INV-3")
    assert frappe.get_doc("SJ Outlet", doc.franchise_outlet).franchise_code == "SJ-2"


# B5 utilities


def test_62_to_66_dates_come_out_as_they_went_in():
    today = frappe.utils.today()
    assert today == frappe.utils.nowdate() == date.fromisoformat(today).isoformat()
    assert frappe.utils.add_months("2026-01-31", 1) == "2026-02-28"
    assert frappe.utils.add_days("2026-02-28", 1) == "2026-03-01"
    assert frappe.utils.add_days(date(2026, 2, 28), 1) == date(2026, 3, 1)
    from doclife.utils import getdate

    month = "2026-02"
    start_date = getdate(f"{month}-01")
    end_date = frappe.utils.get_last_day(start_date)
    assert (start_date, end_date) == (date(2026, 2, 1), date(2026, 2, 28))
    assert end_date.strftime("%Y-%m") == "2026-02"


def test_67_and_68_an_error_is_kept_with_its_traceback_though_its_work_is_rolled_back(sales):
    assert frappe.get_traceback() == ""
    try:
        frappe.db.set_value("SJ Outlet", "SJ-1", "city", "half done")
        frappe.get_doc("SJ Outlet", "SJ-9")
    except frappe.DoesNotExistError:
        frappe.db.rollback()
        frappe.log_error(title="Stock sync failed", message=frappe.get_traceback())
    frappe.db.rollback()
    log = frappe.get_last_doc("Error Log")
    assert log.method == "Stock sync failed"
    assert log.error.startswith("Traceback (most recent call last)")
    assert "SJ Outlet 'SJ-9' does not exist" in log.error


def test_68_a_traceback_as_the_title_changes_places_with_the_message():
    frappe.log_error("Traceback:\n  line 1", "Stock sync failed")
    frappe.db.rollback()
    log = frappe.get_last_doc("Error Log")
    assert (log.method, log.error) == ("Stock sync failed", "Traceback:\n  line 1")


def test_69_format_value_by_the_name_of_a_field_type():
    assert frappe.format_value(1234.5, "Currency") == "1,234.50"
    assert frappe.format(frappe.Amount("0.125"), "Percent") == "0.12%"
    field = frappe.get_meta("Sales Invoice").get_field("net_total")
    assert frappe.format_value(100, field) == "100.00"
    assert frappe.format_value(date(2026, 1, 31), {"fieldtype": "Date"}, format="dd.MM.yyyy") == "31.01.2026"


def test_70_the_user_is_the_same_in_a_job():
    make_user("clerk@example.com")
    assert frappe.session.user == "Administrator"
    with as_user("clerk@example.com"):
        assert frappe.session.user == "clerk@example.com"
        frappe.enqueue("tests.unit.tutorial.who_am_i")
    run_jobs()
    assert tutorial.seen == [("clerk@example.com",)]


def test_71_the_submodules_an_app_imports():
    import doclife.model.document
    import doclife.utils

    assert frappe.utils is doclife.utils
    assert frappe.db.get_value is not None
    assert frappe.model.document.Document is doclife.model.document.Document
