"""Back-links: what others name is neither cancelled nor deleted under them."""

from __future__ import annotations

import pytest

from doclife.core.errors import LinkExistsError, ValidationError
from doclife.model.access import copy_doc, get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Check, Data, DynamicLink, Link, Table
from doclife.schema.meta import Meta
from tests.unit.model.shop import ShopInvoice, ShopItem


@pytest.fixture
def order(site):
    class ShopOrderRow(Document):
        meta = Meta(istable=True)
        invoice = Link("Shop Invoice")

    class ShopOrder(Document):
        meta = Meta(submittable=True, autoname="prompt")
        invoice = Link("Shop Invoice")
        kind = Data()
        other = DynamicLink("kind")
        rows = Table(ShopOrderRow)

    class ShopRemark(Document):
        meta = Meta(autoname="prompt")
        invoice = Link("Shop Invoice")
        rows = Table(ShopOrderRow)

    site.use(ShopOrder, ShopRemark)
    return ShopOrder


def _remark(**values):
    return get_doc({"doctype": "Shop Remark", "name": "R", **values}).insert()


# cancel


def test_what_a_submitted_document_names_is_not_cancelled(order, invoice):
    invoice.submit()
    order(name="O", invoice=invoice.name).submit()
    with pytest.raises(LinkExistsError) as caught:
        invoice.cancel()
    assert str(caught.value) == (f"Shop Invoice {invoice.name} cannot be cancelled: Shop Order O links to it (invoice)")
    assert caught.value.context["linked_from"] == "Shop Order O"
    assert invoice.docstatus == get_doc("Shop Invoice", invoice.name).docstatus == 1


def test_rows_and_dynamic_links_count_too(order, invoice):
    invoice.submit()
    by_row = order(name="O1", rows=[{"invoice": invoice.name}]).submit()
    with pytest.raises(LinkExistsError, match="Shop Order O1 links to it"):
        invoice.cancel()
    by_row.cancel()
    order(name="O2", kind="Shop Invoice", other=invoice.name).submit()
    with pytest.raises(LinkExistsError, match="Shop Order O2 links to it"):
        invoice.cancel()


def test_drafts_and_cancelled_documents_do_not_hinder_a_cancel(order, invoice):
    invoice.submit()
    order(name="draft", invoice=invoice.name).insert()
    order(name="cancelled", invoice=invoice.name).submit().cancel()
    _remark(invoice=invoice.name, rows=[{"invoice": invoice.name}])
    assert invoice.cancel().docstatus == 2


def test_a_dynamic_link_to_another_type_of_the_same_name_does_not_hinder(order, invoice):
    ShopItem(title="x").insert(set_name=invoice.name)
    order(name="O", kind="Shop Item", other=invoice.name).submit()
    assert invoice.submit().cancel().docstatus == 2


def test_an_amendment_does_not_hinder_its_source(invoice):
    invoice.submit().cancel()
    made = copy_doc(invoice)
    made.amended_from = invoice.name
    made.submit()
    made.cancel()


def test_handlers_of_the_cancel_may_undo_the_link_themselves(site, order, invoice):
    linking = order(name="O", invoice=invoice.submit().name).submit()
    site.registry.connect("Shop Invoice", "on_cancel", lambda doc: linking.cancel())
    assert invoice.cancel().docstatus == 2
    assert linking.docstatus == 2


def test_types_may_be_exempt_from_the_check_of_a_cancel(order, invoice):
    invoice.submit()
    order(name="O", invoice=invoice.name).submit()
    invoice.ignore_linked_doctypes = ["Shop Order"]
    assert invoice.cancel().docstatus == 2


def test_the_check_of_a_cancel_may_be_switched_off(order, invoice):
    invoice.submit()
    order(name="O", invoice=invoice.name).submit()
    invoice.flags.ignore_links = True
    assert invoice.cancel().docstatus == 2


# delete


@pytest.mark.parametrize("docstatus", [0, 1, 2])
def test_what_any_document_names_is_not_deleted(order, item, outlet, docstatus):
    invoice = ShopInvoice(outlet="Berlin").insert()
    if docstatus:
        invoice.submit()
    if docstatus == 2:
        invoice.cancel()
    with pytest.raises(LinkExistsError) as caught:
        outlet.delete()
    assert (
        str(caught.value) == f"Shop Outlet Berlin cannot be deleted: Shop Invoice {invoice.name} links to it (outlet)"
    )
    assert get_doc("Shop Outlet", "Berlin")
    assert not outlet.is_new()


def test_a_row_hinders_the_delete_of_what_it_names(item):
    invoice = ShopInvoice(rows=[{"code": "A", "item": "LAMP"}]).insert()
    with pytest.raises(LinkExistsError, match=rf"Shop Invoice {invoice.name} links to it \(item\)"):
        item.delete()


def test_a_dynamic_link_hinders_unless_its_document_is_cancelled(order, item):
    linking = order(name="O", kind="Shop Item", other="LAMP").submit()
    with pytest.raises(LinkExistsError):
        item.delete()
    linking.cancel()
    item.delete()


def test_force_deletes_all_the_same(item):
    ShopInvoice(rows=[{"code": "A", "item": "LAMP"}]).insert()
    item.delete(force=True)


def test_types_may_be_exempt_from_the_check_of_a_delete(site, item):
    ShopInvoice(rows=[{"code": "A", "item": "LAMP"}]).insert()
    site.use_hooks("exempting", {"ignore_links_on_delete": ["Shop Row"]})
    item.delete()


def test_a_document_does_not_hinder_itself(site):
    class SelfLinked(Document):
        meta = Meta(autoname="prompt")
        other = Link("Self Linked")

    site.use(SelfLinked)
    doc = SelfLinked(name="A").insert()
    doc.other = "A"
    doc.save()
    SelfLinked(name="B", other="B").insert(ignore_links=True)
    doc.delete()


def test_a_handler_of_the_delete_may_remove_the_link_itself(site, item):
    invoice = ShopInvoice(rows=[{"code": "A", "item": "LAMP"}]).insert()
    site.registry.connect("Shop Item", "on_trash", lambda doc: invoice.delete())
    item.delete()


def test_a_submitted_document_is_not_deleted(invoice):
    invoice.submit()
    with pytest.raises(ValidationError, match="is submitted and cannot be deleted; cancel it first"):
        invoice.delete()
    invoice.cancel()
    invoice.delete()


def test_what_is_not_stored_is_not_deleted():
    with pytest.raises(ValidationError, match=r"Shop Item \(new\) is not stored, so it cannot be deleted"):
        ShopItem().delete()


def test_what_can_be_disabled_says_so_when_it_cannot_be_deleted(site):
    class Tap(Document):
        disabled = Check()

    class Lamp(Document):
        enabled = Check(default=1)

    class House(Document):
        tap = Link("Tap")
        lamp = Link("Lamp")

    site.use(Tap, Lamp, House)
    tap, lamp = Tap().insert(), Lamp().insert()
    House(tap=tap.name, lamp=lamp.name).insert()
    with pytest.raises(LinkExistsError, match=r"it can be disabled instead \(disabled = 1\)"):
        tap.delete()
    with pytest.raises(LinkExistsError, match=r"it can be disabled instead \(enabled = 0\)"):
        lamp.delete()
