"""When an operation fails at any step, the objects are what they were as stored documents, and nothing is stored."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.core.errors import ValidationError
from doclife.model import lifecycle
from doclife.model.access import get_doc
from doclife.outbox.staging import StagedJob
from doclife.schema.tables import AMENDED_FROM
from tests.stored import stored
from tests.unit.model.shop import ShopInvoice, ShopItem


class Failed(Exception):
    pass


def _fail(doc):
    raise Failed


def _state(doc):
    """What describes a document as stored, rows included."""
    standard = ("name", "owner", "creation", "modified", "modified_by", "docstatus")
    return (
        doc.is_new(),
        tuple(doc.get(name) for name in standard),
        doc._state.row,
        [
            (row.is_new(), tuple(row.get(name) for name in (*standard, "idx", "parent", "parenttype", "parentfield")))
            for row in doc.get_all_children()
        ],
    )


def _everything():
    tables = ("Shop Invoice", "Shop Row", "Shop Tax", "Series", "Deleted Document")
    return [stored(table) for table in tables]


def _job():
    return StagedJob(queue="default", method="x.y", kwargs="{}", run_as="Administrator", timeout=1)


def _prepare(kind, invoice):
    """Returns a document and what begins this operation on it."""
    if kind in (lifecycle.INSERT, lifecycle.INSERT_SUBMITTED):
        doc = ShopInvoice(outlet="Berlin", rows=[{"code": "A"}])
        return doc, (doc.insert if kind == lifecycle.INSERT else doc.submit)
    if kind in (lifecycle.UPDATE_AFTER_SUBMIT, lifecycle.CANCEL):
        invoice.submit()
    if kind in (lifecycle.SAVE, lifecycle.SUBMIT, lifecycle.DISCARD):
        invoice.rows[0].qty = 9
        invoice.append("rows", {"code": "C"})
    if kind in (lifecycle.SAVE, lifecycle.UPDATE_AFTER_SUBMIT, lifecycle.SUBMIT):
        invoice.remark = "changed"
    begin = {
        lifecycle.SAVE: invoice.save,
        lifecycle.UPDATE_AFTER_SUBMIT: invoice.save,
        lifecycle.SUBMIT: invoice.submit,
        lifecycle.CANCEL: invoice.cancel,
        lifecycle.DISCARD: invoice.discard,
        lifecycle.DELETE: invoice.delete,
        lifecycle.DB_SET: lambda: invoice.db_set("remark", "changed"),
        lifecycle.RENAME: lambda: invoice.rename("INV-RENAMED", force=True),
    }[kind]
    return invoice, begin


EVERY_EVENT = [
    (kind, event)
    for kind in lifecycle.LIFECYCLE
    for event in lifecycle.events_of(kind)
    if event not in ("║", "autoname")
]


@pytest.mark.parametrize(("kind", "event"), EVERY_EVENT, ids=[f"{kind}-{event}" for kind, event in EVERY_EVENT])
def test_a_failure_in_any_event_leaves_no_trace(site, invoice, kind, event):
    doc, begin = _prepare(kind, invoice)
    current().unit.commit()
    before, everything = _state(doc), _everything()
    ran = []

    def leave_things_behind(doc):
        current().unit.add_callback("after_commit", lambda: ran.append("callback"))
        current().unit.stage(_job())
        ShopItem(title="left behind").insert()
        raise Failed

    site.registry.connect("Shop Invoice", event, leave_things_behind)
    with pytest.raises(Failed) as caught:
        begin()
    assert any(f"{event} of Shop Invoice" in note for note in caught.value.__notes__)
    assert _state(doc) == before
    assert _everything() == everything
    assert current().operations == []
    assert not current().unit.in_progress
    assert list(current().unit.staged()) == []
    current().unit.commit()
    assert ran == []
    assert _everything() == everything
    assert stored("Shop Item") == []


@pytest.mark.parametrize("kind", [kind for kind in lifecycle.LIFECYCLE if kind != lifecycle.DB_SET])
def test_after_a_failure_the_same_operation_succeeds(site, invoice, kind):
    doc, begin = _prepare(kind, invoice)
    last = lifecycle.events_of(kind)[-1]
    handler = site.registry.connect("Shop Invoice", last, _fail)
    with pytest.raises(Failed):
        begin()
    site.registry.disconnect(handler)
    begin()
    if kind == lifecycle.DELETE:
        assert stored("Shop Row") == []
    else:
        assert _state(get_doc("Shop Invoice", doc.name))[1] == _state(doc)[1]


def test_field_values_stay_as_they_were_set(site, invoice):
    site.registry.connect("Shop Invoice", "on_update", _fail)
    invoice.remark = "mine"
    invoice.rows[0].qty = 9
    with pytest.raises(Failed):
        invoice.save()
    assert (invoice.remark, invoice.rows[0].qty) == ("mine", 9)
    assert invoice.has_value_changed("remark")


def test_values_that_handlers_have_computed_stay(site, invoice):
    site.registry.connect("Shop Invoice", "validate", lambda doc: doc.set("total", 77))
    site.registry.connect("Shop Invoice", "on_update", _fail)
    with pytest.raises(Failed):
        invoice.save()
    assert invoice.total == 77
    assert get_doc("Shop Invoice", invoice.name).total == 30


def test_a_row_that_the_operation_inserted_is_new_again(site, invoice):
    site.registry.connect("Shop Invoice", "on_update", _fail)
    added = invoice.append("rows", {"code": "C"})
    with pytest.raises(Failed):
        invoice.save()
    assert added.is_new()
    assert added.name is None
    assert [row.is_new() for row in invoice.rows] == [False, False, True]


def test_a_row_that_a_handler_added_is_new_again(site, invoice):
    site.registry.connect("Shop Invoice", "validate", lambda doc: doc.append("rows", {"code": "H"}))
    failing = site.registry.connect("Shop Invoice", "on_update", _fail)
    with pytest.raises(Failed):
        invoice.save()
    assert invoice.rows[2].is_new()
    site.registry.disconnect(failing)
    invoice.save()
    assert [row.code for row in get_doc("Shop Invoice", invoice.name).rows] == ["A", "B", "H", "H"]


def test_a_row_that_the_operation_deleted_is_stored_again(site, invoice):
    failing = site.registry.connect("Shop Invoice", "on_update", _fail)
    invoice.rows = [invoice.rows[0]]
    with pytest.raises(Failed):
        invoice.save()
    assert len(get_doc("Shop Invoice", invoice.name).rows) == 2
    site.registry.disconnect(failing)
    invoice.save()
    assert len(get_doc("Shop Invoice", invoice.name).rows) == 1


def test_a_refused_check_leaves_the_name_that_was_not_given_yet():
    invoice = ShopInvoice(status="Nonsense")
    with pytest.raises(ValidationError):
        invoice.insert()
    assert (invoice.name, invoice.owner, invoice.modified) == (None, None, None)
    invoice.status = "Paid"
    assert invoice.insert().name == "INV-0001"


def test_a_nested_operation_that_succeeded_is_undone_with_the_outer(site, item):
    other = ShopItem(title="other")

    def nested(doc):
        other.insert()
        item.title = "changed"
        item.save()
        raise Failed

    site.registry.connect("Shop Invoice", "on_update", nested)
    modified = item.modified
    with pytest.raises(Failed):
        ShopInvoice().insert()
    assert other.is_new()
    assert other.name is None
    assert item.modified == modified
    assert get_doc("Shop Item", "LAMP").title == "Lamp"
    item.save()
    assert get_doc("Shop Item", "LAMP").title == "changed"


def test_a_nested_operation_that_failed_and_was_caught_leaves_the_outer_alone(site, item):
    def nested(doc):
        item.title = "x" * 200
        with pytest.raises(ValidationError):
            item.save()
        item.title = "fine"
        item.save()

    site.registry.connect("Shop Invoice", "on_update", nested)
    invoice = ShopInvoice().insert()
    assert get_doc("Shop Invoice", invoice.name)
    assert get_doc("Shop Item", "LAMP").title == "fine"


def test_a_nested_save_of_the_same_document_is_undone_with_the_outer(site, invoice):
    def again(doc):
        if not doc.flags.again:
            doc.flags.again = True
            doc.remark = "second"
            doc.save()
            raise Failed

    site.registry.connect("Shop Invoice", "on_update", again)
    before = _state(invoice)
    with pytest.raises(Failed):
        invoice.save()
    assert _state(invoice) == before
    assert get_doc("Shop Invoice", invoice.name).remark is None


def test_an_insert_that_is_submitted_in_its_own_event_is_undone_whole(site, outlet):
    def submit(doc):
        doc.submit()
        raise Failed

    site.registry.connect("Shop Invoice", "after_insert", submit)
    invoice = ShopInvoice(rows=[{"code": "A"}])
    with pytest.raises(Failed):
        invoice.insert()
    assert (invoice.is_new(), invoice.name, invoice.docstatus) == (True, None, 0)
    assert (invoice.rows[0].name, invoice.rows[0].docstatus) == (None, 0)
    assert stored("Shop Row") == []


def test_a_delete_inside_a_failing_operation_is_undone(site, item):
    def remove(doc):
        item.delete()
        assert item.is_new()
        raise Failed

    site.registry.connect("Shop Invoice", "on_update", remove)
    with pytest.raises(Failed):
        ShopInvoice().insert()
    assert not item.is_new()
    item.title = "still here"
    item.save()


def test_a_savepoint_around_operations_puts_their_objects_back(item):
    unit = current().unit
    made = ShopItem(title="in a savepoint")

    def work():
        with unit.savepoint():
            made.insert()
            item.title = "x"
            item.save()
            raise Failed

    before = item.modified
    with pytest.raises(Failed):
        work()
    assert made.is_new()
    assert item.modified == before
    item.save()
    made.insert()


def test_what_is_no_exception_leaves_no_trace_either(site, invoice):
    def stop(doc):
        raise KeyboardInterrupt

    site.registry.connect("Shop Invoice", "on_update", stop)
    before = _state(invoice)
    with pytest.raises(KeyboardInterrupt):
        invoice.save()
    assert _state(invoice) == before
    assert not current().unit.in_progress


def test_deleting_leaves_an_object_that_can_be_inserted_again(invoice):
    name = invoice.name
    invoice.delete()
    assert invoice.is_new()
    invoice.insert(set_name=name)
    assert [row.code for row in get_doc("Shop Invoice", name).rows] == ["A", "B"]


def test_the_source_of_an_amendment_is_kept_by_a_failed_insert(site, invoice):
    invoice.submit().cancel()
    from doclife.model.access import copy_doc

    made = copy_doc(invoice)
    made.amended_from = invoice.name
    site.registry.connect("Shop Invoice", "after_insert", _fail)
    with pytest.raises(Failed):
        made.insert()
    assert made.get(AMENDED_FROM) == invoice.name
    assert made.name is None
