"""set_value, delete, bulk_insert and bulk_update."""

from datetime import date, datetime

import pytest

from doclife.core import clock
from doclife.core.amount import Amount
from doclife.core.errors import DuplicateEntryError, UnknownFieldError, ValidationError
from doclife.query.db import db
from tests.unit.query.kit import QueryTestInvoice, QueryTestItem, QueryTestOutlet, count_statements, store

INVOICE = "Query Test Invoice"
NOON = datetime(2026, 3, 10, 6, 30)  # UTC; 12:00 in Kolkata
SITE_NOON = datetime(2026, 3, 10, 12, 0)


@pytest.fixture(autouse=True)
def invoices(context):
    old = {"modified": datetime(2026, 1, 1), "modified_by": "asha"}
    store(context, QueryTestInvoice, *({"name": name, "customer": "x", "visits": 1, **old} for name in "ABC"))
    row = {"parent": "A", "parenttype": INVOICE, "parentfield": "items"}
    store(context, QueryTestItem, {"name": "1", "qty": 1, **row}, {"name": "2", "qty": 2, **row})
    with clock.travel(NOON, tick=False):
        yield context


def all_of(*fields):
    return db.get_all(INVOICE, fields=list(fields), order_by="name", as_list=True)


def test_set_value_changes_the_column_and_who_changed_it(context):
    assert db.set_value(INVOICE, "A", "customer", "new") == 1
    assert all_of("name", "customer", "modified", "modified_by") == (
        ("A", "new", SITE_NOON, "Administrator"),
        ("B", "x", datetime(2026, 1, 1), "asha"),
        ("C", "x", datetime(2026, 1, 1), "asha"),
    )
    context.unit.commit()
    context.unit.rollback()
    assert db.get_value(INVOICE, "A", "customer") == "new"


def test_several_values_by_a_dict_that_stays_as_it_is():
    given = {"net_total": "12.3456785", "posting_date": "2026-01-31", "paid": True, "extra": {"a": 1}}
    before = dict(given)
    db.set_value(INVOICE, "A", given)
    assert given == before
    assert db.get_value(INVOICE, "A", ["net_total", "posting_date", "paid", "extra"]) == (
        Amount("12.345678"),  # rounded half-even to the places that are kept
        date(2026, 1, 31),
        1,
        {"a": 1},
    )


def test_filters_mean_many_and_none_means_none(context):
    assert db.set_value(INVOICE, {"name": ["in", "A,B"]}, "visits", 5) == 2
    assert db.set_value(INVOICE, {"items.qty": [">", 0]}, "visits", 7) == 1
    assert all_of("visits") == ((7,), (5,), (1,))
    texts = count_statements(context)
    assert db.set_value(INVOICE, None, "visits", 9) == 0
    assert db.set_value(INVOICE, "A", {}, update_modified=False) == 0
    assert texts == []
    assert db.set_value(INVOICE, {}, "visits", None) == 3  # a number is never NULL
    assert all_of("visits") == ((0,), (0,), (0,))


def test_the_stamp_can_be_given_or_left():
    db.set_value(INVOICE, "A", "customer", "y", update_modified=False)
    db.set_value(INVOICE, "B", "customer", "y", modified="2026-02-02 03:04:05", modified_by="ben")
    db.set_value(INVOICE, "C", {"modified": datetime(2026, 4, 4), "customer": "y"})
    assert all_of("modified", "modified_by") == (
        (datetime(2026, 1, 1), "asha"),
        (datetime(2026, 2, 2, 3, 4, 5), "ben"),
        (datetime(2026, 4, 4), "Administrator"),
    )


def test_what_was_verified_is_forgotten(context):
    for forget in (
        lambda: db.set_value(INVOICE, "A", "docstatus", 2),
        lambda: db.delete(INVOICE, "A"),
        lambda: db.bulk_update(INVOICE, {"B": {"docstatus": 2}}),
        lambda: db.sql("UPDATE `tabQuery Test Invoice` SET docstatus = 2"),
        lambda: db.set_single_value("Query Test Settings", "company", "x"),
    ):
        context.unit.verified.add((INVOICE, "A"))
        forget()
        assert not context.unit.verified


@pytest.mark.parametrize(
    ("field", "value", "error", "message"),
    [
        ("custmer", "x", UnknownFieldError, "Did you mean 'customer'"),
        ("items", [], UnknownFieldError, "holds child rows"),
        ("posting_date", "soon", ValidationError, "posting_date cannot be 'soon': a date as"),
        ("secret", "pssst", ValidationError, "is a password"),
    ],
)
def test_values_that_do_not_fit_are_refused(context, field, value, error, message):
    with pytest.raises(error, match=message):
        db.set_value(INVOICE, "A", field, value)
    assert not context.unit.link.writing


def test_delete_needs_filters():
    assert db.delete(INVOICE, {"name": "A"}) == 1
    assert db.delete(INVOICE, "A") == 0
    with pytest.raises(ValidationError, match=r"write filters=\{\}"):
        db.delete(INVOICE)
    assert db.count("Query Test Item") == 2  # child rows are a type of their own
    assert db.delete("Query Test Item", {"qty": [">", 1]}) == 1
    assert db.delete(INVOICE, {}) == 2
    assert db.count(INVOICE) == 0


def test_delete_over_rows_and_links(context):
    store(context, QueryTestOutlet, {"name": "PUNE", "city": "Pune"})
    db.set_value(INVOICE, "B", "outlet", "PUNE")
    assert db.delete(INVOICE, {"items.qty": 2}) == 1
    assert db.delete(INVOICE, {"outlet.city": "Pune"}) == 1
    assert all_of("name") == (("C",),)


def test_a_refused_write_is_undone_and_the_transaction_goes_on():
    db.set_value(INVOICE, "A", "customer", "kept")
    with pytest.raises(DuplicateEntryError):
        db.set_value(INVOICE, {"name": ["in", "A,B"]}, "name", "Z")
    assert all_of("name", "customer") == (("A", "kept"), ("B", "x"), ("C", "x"))


def test_bulk_insert_fills_what_is_not_given(context):
    db.bulk_insert("Query Test Outlet", ["name", "city"], ((f"O{n}", f"City {n}") for n in range(25)), chunk_size=10)
    assert db.count("Query Test Outlet") == 25
    assert db.get_value("Query Test Outlet", "O7", ["city", "royalty", "owner", "creation", "docstatus"]) == (
        "City 7",
        Amount(5),
        "Administrator",
        SITE_NOON,
        0,
    )
    db.bulk_insert(INVOICE, [QueryTestInvoice.customer, "net_total", "extra"], [["hashed", "1.5", [1]]])
    name, total, extra = db.get_value(INVOICE, {"customer": "hashed"}, ["name", "net_total", "extra"])
    assert (len(name), total, extra) == (10, Amount("1.5"), [1])


def test_bulk_insert_is_all_or_nothing_unless_told_to_pass_over():
    rows = [["N1", "new"], ["A", "other"], ["N2", "new"]]
    with pytest.raises(DuplicateEntryError):
        db.bulk_insert(INVOICE, ["name", "customer"], rows, chunk_size=1)
    assert db.count(INVOICE) == 3
    db.bulk_insert(INVOICE, ["name", "customer"], rows, ignore_duplicates=True)
    assert all_of("name", "customer") == (("A", "x"), ("B", "x"), ("C", "x"), ("N1", "new"), ("N2", "new"))
    with pytest.raises(ValidationError, match="2 fields, but 1 values"):
        db.bulk_insert(INVOICE, ["name", "customer"], [["N3"]])
    db.bulk_insert(INVOICE, ["name"], [])


def test_bulk_update_gives_each_its_own_values(context):
    texts = count_statements(context)
    context.unit.link.close()
    db.bulk_update(
        INVOICE,
        {"A": {"customer": "a", "net_total": 1.5}, "B": {"customer": None}, "Z": {"customer": "z"}, "C": {}},
    )
    assert all_of("customer", "net_total", "modified") == (
        ("a", Amount("1.5"), SITE_NOON),
        (None, Amount(0), SITE_NOON),
        ("x", Amount(0), datetime(2026, 1, 1)),
    )
    assert sum(text.startswith("UPDATE") for text in texts) == 1
    texts.clear()
    db.bulk_update(INVOICE, {name: {"visits": n} for n, name in enumerate("ABC")}, chunk_size=2, update_modified=False)
    assert sum(text.startswith("UPDATE") for text in texts) == 2
    assert all_of("visits", "modified_by")[2] == (2, "asha")
    with pytest.raises(UnknownFieldError):
        db.bulk_update(INVOICE, {"A": {"nothing": 1}})
    db.bulk_update(INVOICE, {})
