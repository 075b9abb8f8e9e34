"""Links: what a document names must exist and not be cancelled, in its stored spelling; values come over them."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.core.errors import CancelledLinkError, LinkValidationError, UnknownDoctypeError, ValidationError
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data, Link, Table
from doclife.schema.meta import Meta
from doclife.testing import capture_statements
from tests.stored import stored
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopOutlet, ShopThing


def test_a_missing_target_is_refused_naming_field_value_type_and_document():
    invoice = ShopInvoice(outlet="Nowhere")
    with pytest.raises(LinkValidationError) as caught:
        invoice.insert()
    assert str(caught.value) == ("could not find Outlet (outlet) 'Nowhere', a Shop Outlet, named by Shop Invoice (new)")
    assert invoice.is_new()
    assert invoice.name is None
    assert stored("Shop Invoice") == []


def test_every_missing_target_is_named_and_rows_by_their_number():
    invoice = ShopInvoice(outlet="Nowhere", rows=[{"code": "A"}, {"code": "B", "item": "Nothing"}])
    with pytest.raises(LinkValidationError) as caught:
        invoice.insert()
    assert str(caught.value) == (
        "could not find Outlet (outlet) 'Nowhere', a Shop Outlet, named by Shop Invoice (new); "
        "Item (item) 'Nothing', a Shop Item, named by Shop Invoice (new), row 2 of rows"
    )


def test_a_stored_document_whose_link_is_changed_to_nothing_is_left_as_it_was(invoice):
    invoice.outlet = "Nowhere"
    with pytest.raises(LinkValidationError, match=f"named by Shop Invoice {invoice.name}"):
        invoice.save()
    assert get_doc("Shop Invoice", invoice.name).outlet == "Berlin"
    invoice.outlet = "Berlin"
    invoice.save()


def test_the_stored_spelling_replaces_the_given_one(outlet, item):
    invoice = ShopInvoice(outlet="bERLIN", rows=[{"code": "A", "item": "lamp"}]).insert()
    assert (invoice.outlet, invoice.rows[0].item) == ("Berlin", "LAMP")
    loaded = get_doc("Shop Invoice", invoice.name)
    assert (loaded.outlet, loaded.rows[0].item) == ("Berlin", "LAMP")


def test_the_exact_spelling_beats_others_and_two_others_are_none(outlet):
    ShopOutlet(code="berlin").insert()
    assert ShopInvoice(outlet="berlin").insert().outlet == "berlin"
    assert ShopInvoice(outlet="Berlin").insert().outlet == "Berlin"
    with pytest.raises(LinkValidationError):
        ShopInvoice(outlet="BERLIN").insert()


def test_an_empty_link_names_nothing():
    assert ShopInvoice(outlet="").insert().city is None


def test_ignore_links_checks_and_fetches_nothing():
    invoice = ShopInvoice(outlet="Nowhere", city="kept").insert(ignore_links=True)
    assert (invoice.outlet, invoice.city) == ("Nowhere", "kept")


def test_a_link_that_did_not_change_is_not_asked_again(item):
    thing = ShopThing(item="LAMP").insert()
    current().unit.commit()
    thing.label = "x"
    with capture_statements() as statements:
        thing.save()
    assert [text for text in statements if "Shop Item" in text] == []


def test_what_a_transaction_has_found_once_is_not_asked_again(item):
    current().unit.commit()
    with capture_statements() as statements:
        for _ in range(5):
            ShopThing(item="LAMP").insert()
    assert len([text for text in statements if "Shop Item" in text]) == 1


def test_what_was_inserted_in_the_transaction_needs_no_question():
    current().unit.commit()
    with capture_statements() as statements:
        ShopItem(title="x").insert(set_name="NEW")
        ShopThing(item="NEW").insert()
    assert [text for text in statements if text.startswith("SELECT")] == []


def test_what_was_found_is_forgotten_when_it_is_deleted(item):
    ShopThing(item="LAMP").insert().delete()
    item.delete()
    with pytest.raises(LinkValidationError):
        ShopThing(item="LAMP").insert()


def test_one_question_per_linked_type_whatever_the_number_of_rows(outlet):
    for n in range(5):
        ShopItem(title=str(n)).insert(set_name=f"I{n}")
    current().unit.commit()
    with capture_statements() as statements:
        ShopInvoice(outlet="Berlin", rows=[{"code": str(n), "item": f"I{n}"} for n in range(5)]).insert()
    assert len([text for text in statements if text.startswith("SELECT")]) == 2


def test_a_link_that_a_handler_sets_is_checked_before_the_write(site, outlet):
    site.registry.connect("Shop Invoice", "validate", lambda doc: doc.set("outlet", "Nowhere"))
    with pytest.raises(LinkValidationError, match="'Nowhere'"):
        ShopInvoice(outlet="Berlin").insert()
    assert stored("Shop Invoice") == []


def test_a_link_that_a_handler_sets_is_spelt_and_fetched_over(site, outlet):
    site.registry.connect("Shop Invoice", "before_save", lambda doc: doc.set("outlet", "berlin"))
    invoice = ShopInvoice().insert()
    loaded = get_doc("Shop Invoice", invoice.name)
    assert (loaded.outlet, loaded.city) == ("Berlin", "Berlin")


def test_a_link_to_a_type_the_site_does_not_have_names_the_nearest(site):
    class Misled(Document):
        target = Link("Shop Outlit")

    site.use(Misled)
    with pytest.raises(UnknownDoctypeError, match="'Shop Outlit'"):
        Misled(target="x").insert()


# dynamic links


def test_a_dynamic_link_is_checked_in_the_type_that_stands_beside_it(outlet):
    assert ShopThing(kind="Shop Outlet", other="berlin").insert().other == "Berlin"
    with pytest.raises(LinkValidationError, match=r"Other \(other\) 'Bonn', a Shop Outlet"):
        ShopThing(kind="Shop Outlet", other="Bonn").insert()
    with pytest.raises(LinkValidationError, match="'Berlin', a Shop Item"):
        ShopThing(kind="Shop Item", other="Berlin").insert()


def test_a_dynamic_link_without_a_type_is_refused():
    with pytest.raises(ValidationError, match="other needs the type of its document in kind"):
        ShopThing(other="Berlin").insert()


def test_a_dynamic_link_to_an_unknown_type_is_refused():
    with pytest.raises(UnknownDoctypeError, match=r"Did you mean 'Shop Outlet'"):
        ShopThing(kind="Shop Outlt", other="x").insert()


# cancelled targets


@pytest.fixture
def order(site):
    """A submittable type that names an invoice."""

    class ShopOrderRow(Document):
        meta = Meta(istable=True)
        invoice = Link("Shop Invoice")

    class ShopOrder(Document):
        meta = Meta(submittable=True)
        invoice = Link("Shop Invoice")
        rows = Table(ShopOrderRow)

    class ShopRemark(Document):
        invoice = Link("Shop Invoice")

    site.use(ShopOrder, ShopRemark)
    return ShopOrder


@pytest.fixture
def cancelled(invoice):
    return invoice.submit().cancel().name


def test_a_submittable_type_may_not_name_a_cancelled_document(order, cancelled):
    with pytest.raises(CancelledLinkError) as caught:
        order(invoice=cancelled).insert()
    assert str(caught.value) == (f"Shop Order (new): Invoice (invoice): Shop Invoice {cancelled} is cancelled")
    assert caught.value.context["value"] == cancelled


def test_nor_may_its_rows(order, cancelled):
    with pytest.raises(CancelledLinkError, match="row 1 of rows"):
        order(rows=[{"invoice": cancelled}]).insert()


def test_a_draft_is_not_submitted_when_what_it_names_was_cancelled_meanwhile(order, invoice):
    made = order(invoice=invoice.submit().name).insert()
    invoice.cancel()
    with pytest.raises(CancelledLinkError):
        made.submit()
    assert made.docstatus == 0


def test_a_type_without_submit_may_name_a_cancelled_document(order, cancelled):
    assert get_doc({"doctype": "Shop Remark", "invoice": cancelled}).insert().invoice == cancelled


# fetch_from


def test_values_are_fetched_over_a_link_before_handlers_see_the_document(site, outlet):
    seen = []
    site.registry.connect("Shop Invoice", "validate", lambda doc: seen.append((doc.city, doc.manager)))
    invoice = ShopInvoice(outlet="Berlin").insert()
    assert seen == [("Berlin", "Ada")]
    assert get_doc("Shop Invoice", invoice.name).city == "Berlin"


def test_a_fetched_value_is_fetched_again_with_every_save(invoice, outlet):
    outlet.city = "Bonn"
    outlet.save()
    invoice.city = "by hand"
    invoice.save()
    assert invoice.city == "Bonn"


def test_fetch_if_empty_leaves_what_is_there(invoice, outlet):
    outlet.manager = "Grace"
    outlet.save()
    invoice.save()
    assert invoice.manager == "Ada"
    invoice.manager = ""
    invoice.save()
    assert invoice.manager == "Grace"


def test_values_are_fetched_into_rows(item):
    invoice = ShopInvoice(rows=[{"code": "A", "item": "LAMP"}, {"code": "B"}]).insert()
    assert [row.title for row in invoice.rows] == ["Lamp", None]


def test_a_submitted_document_keeps_what_was_fetched(invoice, outlet):
    invoice.submit()
    outlet.city = "Bonn"
    outlet.save()
    invoice.remark = "x"
    invoice.save()
    assert get_doc("Shop Invoice", invoice.name).city == "Berlin"


def test_a_submitted_document_fetches_what_may_change(site, outlet):
    class LateFetch(Document):
        meta = Meta(submittable=True)
        outlet = Link("Shop Outlet")
        city = Data(fetch_from="outlet.city", allow_on_submit=True)

    site.use(LateFetch)
    doc = LateFetch(outlet="Berlin").insert().submit()
    outlet.city = "Bonn"
    outlet.save()
    doc.save()
    assert get_doc("Late Fetch", doc.name).city == "Bonn"


def test_fetching_from_a_field_that_is_none_of_the_type_is_refused():
    from doclife.core.errors import SchemaError

    with pytest.raises(SchemaError, match=r"fetch_from='outlit\.city' must be .*Did you mean 'outlet'"):

        class BadFetch(Document):
            outlet = Link("Shop Outlet")
            city = Data(fetch_from="outlit.city")
