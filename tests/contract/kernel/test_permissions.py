"""Query conditions in operations on every database: a refusal undoes the write and leaves the transaction usable."""

from __future__ import annotations

import threading

import pytest

from doclife.core.context import Context, activate
from doclife.core.errors import DataError, PermissionDenied
from doclife.model.access import get_doc, get_docs
from doclife.model.bulk import insert_many
from doclife.model.document import Document
from doclife.query.db import db
from doclife.query.lists import get_list
from doclife.schema.fieldtypes import Data, Link
from doclife.schema.meta import Meta
from doclife.schema.tables import metadata
from doclife.uow.unit import UnitOfWork
from tests.unit.model.shop import ShopInvoice, ShopOutlet
from tests.unit.permissions import declared

INVOICE = "Shop Invoice"
SAID = {
    "filters": {"outlet.city": "Pune", "rows.code": "A"},
    "sql": "outlet in (select `tabShop Outlet`.name from `tabShop Outlet` where city = 'Pune') and exists "
    "(select 1 from `tabShop Row` where parent = `tabShop Invoice`.name and code like 'A%%')",
}


class KernelTicket(Document):
    meta = Meta(autoname="autoincrement")

    label = Data()
    above = Link("Kernel Ticket")


@pytest.fixture(autouse=True)
def hooks(context, unit):
    with declared.declared():
        for code, city in (("P", "Pune"), ("G", "Goa")):
            ShopOutlet(code=code, city=city).insert()
        unit.commit()
        yield


def invoice(outlet="P", code="A"):
    return ShopInvoice(outlet=outlet, rows=[{"code": code}])


@pytest.mark.parametrize("form", SAID)
@pytest.mark.parametrize("begun", [False, True], ids=["first write", "later write"])
def test_a_refusal_undoes_the_write_and_nothing_else(unit, form, begun):
    declared.conditions[INVOICE] = SAID[form]
    if begun:
        ShopOutlet(code="before").insert()
    for wrong in (invoice("G"), invoice(code="B"), ShopInvoice(outlet="P")):
        with pytest.raises(PermissionDenied, match="Administrator may not create Shop Invoice INV-0001: the query"):
            wrong.insert()
        assert wrong.is_new()
    doc = invoice().insert()
    assert doc.name == "INV-0001", "the counter went back too"
    unit.commit()
    for change in ({"outlet": "G"}, {"rows": []}, {"rows": [{"code": "B"}]}):
        changed = get_doc(INVOICE, doc.name)
        changed.update(change)
        with pytest.raises(PermissionDenied, match="may not write Shop Invoice INV-0001"):
            changed.save()
    doc.remark = "seen"
    doc.save()
    doc.submit()
    doc.cancel()
    doc.delete()
    unit.commit()
    assert (db.count(INVOICE), db.count("Shop Row"), db.count("Shop Outlet")) == (0, 0, 2 + begun)


@pytest.mark.parametrize("form", SAID)
def test_many_documents(unit, form):
    insert_many([invoice() for _ in range(3)] + [invoice("G")])
    unit.commit()
    declared.conditions[INVOICE] = SAID[form]
    names = ["INV-0001", "INV-0002", "INV-0003"]
    assert get_list(INVOICE, pluck="name", order_by="name") == names
    assert [doc.has_permission() for doc in get_docs(INVOICE, [*names, "INV-0004"])] == [True, True, True, False]
    with pytest.raises(PermissionDenied, match="may not create Shop Invoice INV-0006"):
        insert_many([invoice(), invoice("G"), invoice()])
    insert_many([invoice(), invoice()])
    assert db.count(INVOICE) == 6


def test_sql_that_the_database_refuses_undoes_the_operation(unit):
    doc = invoice().insert()
    unit.commit()
    doc.remark = "x"
    declared.conditions[INVOICE] = lambda user: "absent = 1" if db.get_value(INVOICE, doc.name, "remark") else ""
    ShopOutlet(code="before").insert()
    with pytest.raises(DataError) as caught:
        doc.save()
    assert any("declared.said" in note for note in caught.value.__notes__)
    ShopOutlet(code="after").insert()
    unit.commit()
    assert db.get_value(INVOICE, doc.name, "remark") is None
    assert db.count("Shop Outlet") == 4


def test_names_that_are_numbers(engine, context):
    metadata.create_all(engine, [KernelTicket.__table__])
    context.site.doctypes["Kernel Ticket"] = KernelTicket
    a, b = KernelTicket(label="a").insert(), KernelTicket(label="b").insert()
    for said in ({"name": a.name}, {"name": ["in", [a.name]]}, f"name = {a.name}", KernelTicket.label == "a"):
        declared.conditions["Kernel Ticket"] = said
        assert (a.has_permission(), b.has_permission()) == (True, False)
        assert get_list("Kernel Ticket", pluck="name") == [a.name]
    declared.conditions.clear()
    c = KernelTicket(label="c", above=b.name).insert()
    declared.conditions["Kernel Ticket"] = "label <> 'b'"
    assert get_list("Kernel Ticket", {"name": c.name}, ["above.label as above"]) == [{"above": None}]
    declared.conditions["Kernel Ticket"] = {"above.label": "b"}
    assert get_list("Kernel Ticket", pluck="name") == [c.name]
    assert c.has_permission()
    assert not a.has_permission()
    context.unit.rollback()


def test_a_document_that_goes_out_of_sight_meanwhile_is_not_deleted(context, unit):
    """What is deleted is what was asked about: the condition is asked when the document is locked."""
    if unit.link.dialect == "sqlite":
        pytest.skip("SQLite has one writer: nothing can happen between the question and the delete")
    doc = invoice().insert()
    unit.commit()
    reached, failed = threading.Event(), []

    def condition(user):
        reached.set()
        return {"outlet": "P"}

    def delete():
        other = Context(context.site)
        other.unit = UnitOfWork(context.site.database, strict=True)
        with activate(other):
            try:
                get_doc(INVOICE, doc.name).delete()
                other.unit.commit()
            except Exception as error:
                failed.append(error)
            finally:
                other.unit.close()

    declared.conditions[INVOICE] = condition
    db.set_value(INVOICE, doc.name, "outlet", "G")  # not committed yet
    thread = threading.Thread(target=delete)
    thread.start()
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert len(failed) == 1, "refused while somebody else is changing it, whatever it was before"
    unit.commit()
    assert not reached.is_set(), "the question is asked of the locked document only"
    assert db.exists(INVOICE, doc.name)
