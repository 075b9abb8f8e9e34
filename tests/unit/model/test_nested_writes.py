"""Writes of a document from inside its own operation, and deletes of what has changed meanwhile."""

from __future__ import annotations

import pytest

from doclife.core.errors import DoesNotExistError, TimestampMismatchError, ValidationError
from doclife.model.access import get_doc
from tests.stored import stored
from tests.unit.model.shop import ShopInvoice, ShopItem


def _once(write):
    def handler(doc):
        if not doc.flags.nested:
            doc.flags.nested = True
            write(doc)

    return handler


@pytest.mark.parametrize("event", ["before_validate", "validate", "before_save", "on_update", "on_change"])
@pytest.mark.parametrize(
    "write",
    [lambda doc: doc.save(), lambda doc: doc.db_set("remark", "nested"), lambda doc: doc.db_set({"total": 7})],
    ids=["save", "db_set", "db_set-number"],
)
def test_a_document_may_be_written_in_every_event_of_its_own_save(site, invoice, event, write):
    site.registry.connect("Shop Invoice", event, _once(write))
    before = invoice.modified
    invoice.rows[0].qty = 9
    invoice.save()
    stored = get_doc("Shop Invoice", invoice.name)
    assert stored.rows[0].qty == 9
    assert stored.modified == invoice.modified > before
    invoice.save()


def test_the_outer_save_is_a_later_change_than_the_one_inside_it(site, invoice):
    seen = []

    def save(doc):
        doc.save()
        seen.append(doc.modified)

    site.registry.connect("Shop Invoice", "validate", _once(save))
    invoice.save()
    assert invoice.modified > seen[0]


def test_a_copy_loaded_as_a_draft_does_not_delete_what_was_submitted_meanwhile(invoice):
    stale = get_doc("Shop Invoice", invoice.name)
    invoice.submit()
    with pytest.raises(TimestampMismatchError, match=r"was changed at .* by Administrator"):
        stale.delete()
    assert not stale.is_new()
    assert len(get_doc("Shop Invoice", invoice.name).rows) == 2


def test_a_docstatus_set_in_memory_does_not_let_a_submitted_document_be_deleted(invoice):
    invoice.submit()
    invoice.docstatus = 0
    with pytest.raises(ValidationError, match="is submitted and cannot be deleted"):
        invoice.delete()


def test_a_document_that_is_gone_is_not_deleted_again(item):
    copy = get_doc("Shop Item", "LAMP")
    item.delete()
    with pytest.raises(DoesNotExistError, match=r"LAMP'? does not exist"):
        copy.delete()


def test_a_change_that_leaves_the_docstatus_alone_does_not_hinder_a_delete(item):
    copy = get_doc("Shop Item", "LAMP")
    item.title = "changed"
    item.save()
    copy.delete()
    assert stored("Shop Item") == []


# rows that stand in two documents


@pytest.mark.parametrize("way", ["extend", "set"])
def test_rows_of_another_document_are_copied(invoice, way):
    other = ShopInvoice(outlet="Berlin")
    getattr(other, way)("rows", invoice.rows)
    other.insert()
    assert [(row.parent, row.code) for row in invoice.rows] == [(invoice.name, "A"), (invoice.name, "B")]
    other.rows[0].code = "X"
    other.save()
    invoice.save()
    assert [row.code for row in get_doc("Shop Invoice", invoice.name).rows] == ["A", "B"]
    assert [row.code for row in get_doc("Shop Invoice", other.name).rows] == ["X", "B"]


def test_rows_of_a_stored_document_are_not_moved_into_another_stored_one(invoice):
    other = ShopInvoice(outlet="Berlin").insert()
    row = other.append("rows", invoice.rows[0])
    assert row is not invoice.rows[0]
    other.save()
    assert [len(get_doc("Shop Invoice", each.name).rows) for each in (invoice, other)] == [2, 1]


def test_the_rows_of_a_document_itself_stay_the_same_objects(invoice):
    first, second = invoice.rows
    invoice.rows = [second, first]
    assert invoice.rows[0] is second
    invoice.save()
    assert [row.name for row in get_doc("Shop Invoice", invoice.name).rows] == [second.name, first.name]


# names that are no text


def test_a_whole_number_is_a_name(site):
    ShopItem(title="five").insert(set_name="5")
    assert get_doc("Shop Item", 5).title == "five"
    with pytest.raises(DoesNotExistError, match=r"Shop Item '?0'? does not exist"):
        get_doc("Shop Item", 0)


@pytest.mark.parametrize("name", [5.5, b"LAMP", True, ("LAMP",)])
def test_a_name_is_text(item, name):
    with pytest.raises(ValidationError, match="Shop Item: a document's name is text, not"):
        get_doc("Shop Item", name)


@pytest.mark.parametrize("doctype", [5, ["Shop Item"], str])
def test_a_document_type_is_a_name_or_a_class(doctype):
    with pytest.raises(ValidationError, match="a document type is its name or its class, not"):
        get_doc(doctype, "LAMP")
    with pytest.raises(ValidationError, match="a document type is its name or its class, not"):
        get_doc({"doctype": doctype})


@pytest.mark.parametrize(
    ("field", "value"),
    [("count", "1e999999999"), ("price", "1e999999999"), ("count", 1 << 20000)],
    ids=["Int", "Currency", "int"],
)
def test_a_number_of_very_many_digits_is_refused_quickly(field, value):
    thing = get_doc({"doctype": "Shop Thing", field: value})
    with pytest.raises(ValidationError, match=rf"\({field}\): "):
        thing.insert()
