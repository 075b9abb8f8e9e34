"""save() of a document built from a dict changes the stored one of that name, or inserts where that is allowed."""

from __future__ import annotations

import pytest

from doclife.core.errors import DoesNotExistError, DuplicateEntryError
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data, Int
from doclife.schema.meta import Meta
from doclife.testing import capture_events
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopOutlet


def _make(site, rule):
    class Upserted(Document):
        meta = Meta(autoname=rule)
        code = Data()
        count = Int(default=7)
        naming_series = Data()

    site.use(Upserted)
    return lambda **values: get_doc({"doctype": "Upserted", **values})


def test_a_stored_document_is_changed_where_the_dict_says_something(outlet):
    with capture_events() as events:
        get_doc({"doctype": "Shop Outlet", "name": "Berlin", "city": "Bonn"}).save()
    assert events.of("Shop Outlet") == ["before_validate", "validate", "before_save", "on_update", "on_change"]
    loaded = get_doc("Shop Outlet", "Berlin")
    assert (loaded.city, loaded.manager, loaded.code) == ("Bonn", "Ada", "Berlin")


def test_an_empty_value_in_the_dict_is_a_value(outlet):
    outlet.level = 5
    outlet.save()
    get_doc({"doctype": "Shop Outlet", "name": "Berlin", "city": "", "level": 0, "manager": None}).save()
    loaded = get_doc("Shop Outlet", "Berlin")
    assert (loaded.city, loaded.level, loaded.manager) == ("", 0, None)


def test_rows_stay_unless_the_dict_has_some(invoice):
    get_doc({"doctype": "Shop Invoice", "name": invoice.name, "remark": "x"}).save()
    assert [row.code for row in get_doc("Shop Invoice", invoice.name).rows] == ["A", "B"]
    get_doc({"doctype": "Shop Invoice", "name": invoice.name, "rows": [{"code": "only"}]}).save()
    assert [row.code for row in get_doc("Shop Invoice", invoice.name).rows] == ["only"]
    get_doc({"doctype": "Shop Invoice", "name": invoice.name, "rows": []}).save()
    assert get_doc("Shop Invoice", invoice.name).rows == []


@pytest.mark.parametrize("rule", ["", "prompt", "Prompt", "uuid", "field:code"])
def test_where_the_caller_may_choose_the_name_a_new_one_is_inserted(site, rule):
    make = _make(site, rule)
    name = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    doc = make(name=name, code=name).save()
    assert doc.name == name
    assert get_doc("Upserted", name).count == 7
    make(name=name, code=name, count=8).save()
    assert get_doc("Upserted", name).count == 8


@pytest.mark.parametrize("rule", ["hash", "field:code", "U-.###", "format:U-{###}", "naming_series:"])
def test_where_names_are_made_a_name_that_is_not_stored_is_refused(site, rule):
    doc = _make(site, rule)(name="chosen", code="other")
    with pytest.raises(DoesNotExistError) as caught:
        doc.save()
    assert str(caught.value).startswith(f"Upserted 'chosen' does not exist, and its naming rule {rule!r} does not let")
    assert doc.is_new()


def test_insert_makes_a_new_one_whatever_the_rule(site):
    doc = _make(site, "U-.###")(name="chosen").insert()
    assert doc.name == "U-001"


def test_without_a_name_save_inserts():
    assert ShopItem(title="x").save().name


def test_a_submitted_document_is_cancelled_by_a_dict(invoice):
    invoice.submit()
    get_doc({"doctype": "Shop Invoice", "name": invoice.name, "docstatus": 2}).save()
    assert get_doc("Shop Invoice", invoice.name).docstatus == 2


def test_a_dict_without_docstatus_does_not_make_a_draft_of_a_submitted_document(invoice):
    invoice.submit()
    get_doc({"doctype": "Shop Invoice", "name": invoice.name, "remark": "x"}).save()
    loaded = get_doc("Shop Invoice", invoice.name)
    assert (loaded.docstatus, loaded.remark) == (1, "x")


def test_a_dict_is_not_stale(outlet):
    outlet.save()
    get_doc({"doctype": "Shop Outlet", "name": "Berlin", "city": "Bonn"}).save()
    assert get_doc("Shop Outlet", "Berlin").city == "Bonn"


def test_what_is_set_after_building_counts_too(outlet):
    doc = ShopOutlet({"name": "Berlin"})
    doc.city = "Bonn"
    doc.save()
    loaded = get_doc("Shop Outlet", "Berlin")
    assert (loaded.city, loaded.manager) == ("Bonn", "Ada")


def test_an_insert_of_a_dict_that_names_a_stored_document_is_a_duplicate(outlet):
    with pytest.raises(DuplicateEntryError, match="exists already"):
        get_doc({"doctype": "Shop Outlet", "name": "Berlin", "code": "Berlin"}).insert()


def test_the_owner_of_a_document_that_is_changed_by_a_dict_stays(outlet):
    get_doc({"doctype": "Shop Outlet", "name": "Berlin", "city": "Bonn"}).save()
    loaded = get_doc("Shop Outlet", "Berlin")
    assert (loaded.owner, loaded.creation) == (outlet.owner, outlet.creation)


def test_submit_of_a_dict_that_names_a_stored_draft_submits_it(invoice):
    ShopInvoice({"name": invoice.name}).submit()
    loaded = get_doc("Shop Invoice", invoice.name)
    assert (loaded.docstatus, loaded.total, len(loaded.rows)) == (1, 30, 2)
