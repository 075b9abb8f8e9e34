"""Before-images: what a document was before the operation, in every event, for its rows too."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.core.errors import UnknownFieldError
from doclife.model.access import get_doc
from doclife.testing import capture_statements
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopThing

SAVE_EVENTS = ("before_validate", "validate", "before_save", "on_update", "on_change")
INSERT_EVENTS = ("before_insert", *SAVE_EVENTS[:3], "after_insert", "on_update", "on_change")


@pytest.fixture
def seen(site):
    """Answers of each event to a question that is set by the test."""

    class Answers(dict):
        question = staticmethod(lambda doc: None)

    answers = Answers()
    for event in {*SAVE_EVENTS, *INSERT_EVENTS, "before_submit", "on_submit", "on_trash", "before_change"}:

        def ask(doc, method):
            answers[method] = answers.question(doc)

        site.registry.connect("Shop Invoice", event, ask)
    return answers


def test_in_every_event_of_a_save_the_image_is_the_state_as_stored(invoice, seen):
    invoice.remark = "first"
    invoice.save()
    seen.clear()
    seen.question = lambda doc: (doc.remark, doc.get_doc_before_save().remark, doc.get_value_before_save("remark"))
    invoice.remark = "second"
    invoice.save()
    assert seen == dict.fromkeys(SAVE_EVENTS, ("second", "first", "first"))


def test_in_every_event_of_an_insert_there_is_no_image_and_everything_has_changed(seen):
    seen.question = lambda doc: (
        doc.get_doc_before_save(),
        doc.has_value_changed("remark"),
        doc.get_value_before_save("remark"),
    )
    ShopInvoice(remark=None).insert()
    assert seen == dict.fromkeys(INSERT_EVENTS, (None, True, None))


def test_after_the_operation_the_image_stays_until_the_next(invoice):
    invoice.remark = "new"
    invoice.save()
    assert invoice.get_doc_before_save().remark is None
    assert invoice.has_value_changed("remark")
    invoice.save()
    assert not invoice.has_value_changed("remark")


def test_a_loaded_document_compares_with_what_was_loaded(invoice):
    loaded = get_doc("Shop Invoice", invoice.name)
    assert loaded.get_doc_before_save() is None
    assert not loaded.has_value_changed("remark")
    loaded.remark = "x"
    assert loaded.has_value_changed("remark")
    assert loaded.get_value_before_save("remark") is None


def test_the_image_needs_no_second_read(item):
    loaded = get_doc("Shop Item", "LAMP")
    with capture_statements() as statements:
        loaded.save()
        assert loaded.get_doc_before_save().title == "Lamp"
    assert [text for text in statements if text.startswith("SELECT")] == []


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("day", "2026-01-01", "2026-01-02"),
        ("moment", "2026-01-01 10:00:00", "2026-01-01 10:00:01"),
        ("at", "10:00", "10:01"),
        ("price", "1.10", "1.11"),
        ("flag", 0, 1),
        ("weight", 1.5, 1.25),
        ("data", {"a": [1]}, {"a": [2]}),
        ("label", "", "x"),
    ],
)
def test_changes_of_every_type_are_found_and_equal_values_are_none(field, old, new):
    thing = get_doc("Shop Thing", ShopThing({field: old}).insert().name)
    setattr(thing, field, old)
    assert not thing.has_value_changed(field)
    setattr(thing, field, new)
    assert thing.has_value_changed(field)


def test_a_change_inside_json_data_is_found_and_stored():
    thing = get_doc("Shop Thing", ShopThing(data={"a": [1]}).insert().name)
    thing.data["a"].append(2)
    assert thing.has_value_changed("data")
    assert thing.get_value_before_save("data") == {"a": [1]}
    thing.save()
    assert get_doc("Shop Thing", thing.name).data == {"a": [1, 2]}


def test_a_stored_json_value_is_read_as_data():
    thing = ShopThing(data={"a": [1]}).insert()
    assert thing.db_get("data") == {"a": [1]}


def test_a_row_has_an_image_of_its_own(invoice, seen):
    seen.question = lambda doc: [
        (row.code, row.has_value_changed("qty"), row.get_value_before_save("qty")) for row in doc.rows
    ]
    invoice.rows[0].qty = 7
    invoice.append("rows", {"code": "C", "qty": 1})
    invoice.save()
    assert seen["validate"] == seen["on_update"] == [("A", True, 2), ("B", False, 4), ("C", True, None)]


def test_a_row_gives_its_image_as_a_row(invoice):
    invoice.rows[0].qty = 7
    invoice.save()
    assert invoice.rows[0].get_doc_before_save().qty == 2
    assert invoice.get_doc_before_save().rows[0].qty == 2


def test_a_table_has_changed_when_a_row_was_added_removed_moved_or_changed(invoice):
    def changed(work):
        loaded = get_doc("Shop Invoice", invoice.name)
        work(loaded)
        return loaded.has_value_changed("rows")

    assert not changed(lambda doc: None)
    assert changed(lambda doc: doc.append("rows", {"code": "C"}))
    assert changed(lambda doc: doc.remove(doc.rows[0]))
    assert changed(lambda doc: doc.set("rows", doc.rows[::-1]))
    assert changed(lambda doc: doc.rows[1].set("qty", 9))
    assert not changed(lambda doc: doc.rows[1].set("qty", 4))


def test_the_rows_before_the_save_are_those_that_were_stored(invoice, seen):
    seen.question = lambda doc: [row.code for row in doc.get_value_before_save("rows")]
    invoice.rows = [{"code": "only"}]
    invoice.save()
    assert seen["on_update"] == ["A", "B"]


def test_a_nested_save_has_an_image_of_its_own_and_the_outer_keeps_its_own(site, invoice):
    seen = []

    def nested(doc, method):
        seen.append((method, doc.get_value_before_save("remark"), doc.remark))
        if not doc.flags.nested:
            doc.flags.nested = True
            doc.remark = "second"
            doc.save()

    site.registry.connect("Shop Invoice", "on_update", nested)
    site.registry.connect("Shop Invoice", "on_change", lambda doc, method: seen.append((method, doc.remark)))
    invoice.remark = "first"
    invoice.save()
    assert seen[:3] == [("on_update", None, "first"), ("on_update", "first", "second"), ("on_change", "second")]


def test_db_set_inside_an_event_keeps_the_image_of_the_operation(site, invoice):
    seen = []

    def set_it(doc):
        doc.db_set("remark", "by db_set")
        seen.append((doc.get_value_before_save("total"), doc.get_value_before_save("remark")))

    site.registry.connect("Shop Invoice", "on_update", set_it)
    invoice.total = 99
    invoice.save()
    assert seen == [(30, None)]


def test_the_image_of_a_delete_is_the_stored_state(invoice, seen):
    seen.question = lambda doc: doc.get_doc_before_save().total
    invoice.delete()
    assert seen["on_trash"] == 30


def test_an_unknown_field_is_refused(invoice):
    loaded = get_doc("Shop Invoice", invoice.name)
    with pytest.raises(UnknownFieldError, match="has no field 'remrak'"):
        loaded.has_value_changed("remrak")
    with pytest.raises(UnknownFieldError, match="has no field 'remrak'"):
        loaded.get_value_before_save("remrak")


def test_a_new_document_says_that_everything_has_changed():
    item = ShopItem()
    assert item.has_value_changed("title")
    assert item.get_doc_before_save() is None
    assert current().operations == []
