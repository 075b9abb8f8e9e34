"""Submit, cancel, amend: from which docstatus to which, and what submitting has fixed."""

from __future__ import annotations

import pytest

from doclife.core.errors import DocstatusTransitionError, UpdateAfterSubmitError, ValidationError
from doclife.model.access import copy_doc, get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data, Table
from doclife.schema.meta import Meta
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopTax


def _stored(invoice):
    return get_doc("Shop Invoice", invoice.name)


def test_a_draft_is_submitted_and_cancelled(invoice):
    assert invoice.docstatus == 0
    assert invoice.submit().docstatus == _stored(invoice).docstatus == 1
    assert invoice.cancel().docstatus == _stored(invoice).docstatus == 2


def test_docstatus_may_be_set_and_saved(invoice):
    invoice.docstatus = 1
    invoice.save()
    assert _stored(invoice).docstatus == 1
    invoice.docstatus = 2
    invoice.save()
    assert _stored(invoice).docstatus == 2


@pytest.mark.parametrize(
    ("stored", "asked", "error", "message"),
    [
        (0, 2, DocstatusTransitionError, r"cannot go from draft \(0\) to cancelled \(2\)"),
        (1, 0, DocstatusTransitionError, r"cannot go from submitted \(1\) to draft \(0\)"),
        (2, 0, ValidationError, "is cancelled and cannot be edited; amend it instead"),
        (2, 1, ValidationError, "is cancelled and cannot be edited; amend it instead"),
        (2, 2, ValidationError, "is cancelled and cannot be edited; amend it instead"),
    ],
)
def test_other_ways_are_refused(invoice, stored, asked, error, message):
    if stored > 0:
        invoice.submit()
    if stored == 2:
        invoice.cancel()
    invoice.docstatus = asked
    with pytest.raises(error, match=f"Shop Invoice {invoice.name}:? {message}"):
        invoice.save()
    assert _stored(invoice).docstatus == stored


@pytest.mark.parametrize("value", [3, -1, "draft", None])
def test_what_is_no_docstatus_is_refused_at_once(invoice, value):
    with pytest.raises(ValidationError, match=r"docstatus is 0 \(draft\), 1 \(submitted\) or 2 \(cancelled\), not"):
        invoice.docstatus = value
    assert invoice.docstatus == 0


def test_a_document_is_not_inserted_as_cancelled():
    with pytest.raises(DocstatusTransitionError, match=r"from draft \(0\) to cancelled \(2\)"):
        ShopInvoice(docstatus=2).insert()


def test_cancelling_a_draft_is_refused_and_leaves_it_a_draft(invoice):
    with pytest.raises(DocstatusTransitionError):
        invoice.cancel()
    assert invoice.docstatus == 0
    invoice.save()


def test_submitting_a_new_document_inserts_it(outlet):
    invoice = ShopInvoice(outlet="Berlin").submit()
    assert _stored(invoice).docstatus == 1


@pytest.mark.parametrize("way", ["submit", "insert", "save"])
def test_a_type_that_is_not_submittable_is_never_submitted(way):
    item = ShopItem(title="x")
    if way == "save":
        item.insert()
    if way != "submit":
        item.docstatus = 1
    with pytest.raises(ValidationError, match=r"Shop Item is not submittable; declare it with meta = Meta"):
        getattr(item, way)()
    assert item.is_new() == (way != "save")


def test_a_failed_submit_is_a_draft_again(site, invoice):
    def refuse(doc):
        raise ZeroDivisionError

    site.registry.connect("Shop Invoice", "on_submit", refuse)
    with pytest.raises(ZeroDivisionError):
        invoice.submit()
    assert invoice.docstatus == _stored(invoice).docstatus == 0
    assert {row.docstatus for row in invoice.rows} == {0}


# what submitting has fixed


def test_a_field_that_is_fixed_may_not_change(invoice):
    invoice.submit()
    invoice.total = 31
    with pytest.raises(UpdateAfterSubmitError) as caught:
        invoice.save()
    assert str(caught.value) == (
        f"Shop Invoice {invoice.name}: Total (total): cannot be changed after submitting, from 30 to 31; "
        "cancel and amend instead"
    )
    assert caught.value.context["field"] == "total"
    assert _stored(invoice).total == 30
    assert invoice.docstatus == 1


def test_a_field_that_is_allowed_may_change(invoice):
    invoice.submit()
    invoice.remark = "late"
    invoice.rows[0].note = "late too"
    invoice.save()
    loaded = _stored(invoice)
    assert (loaded.remark, loaded.rows[0].note, loaded.docstatus) == ("late", "late too", 1)


def test_a_fixed_field_of_a_row_may_not_change(invoice):
    invoice.submit()
    invoice.rows[1].qty = 5
    with pytest.raises(UpdateAfterSubmitError, match=r"row 2 of rows: Qty \(qty\): .* from 4 to 5"):
        invoice.save()


@pytest.mark.parametrize("change", ["add", "remove", "replace"])
def test_rows_of_a_fixed_table_may_not_come_or_go(invoice, change):
    invoice.submit()
    if change != "remove":
        invoice.append("rows", {"code": "C"})
    if change != "add":
        invoice.remove(invoice.rows[0])
    with pytest.raises(UpdateAfterSubmitError, match=r"Rows \(rows\): rows cannot be added or removed"):
        invoice.save()
    assert len(_stored(invoice).rows) == 2


def test_rows_of_an_allowed_table_may_come(invoice):
    invoice.submit()
    invoice.append("taxes", {"label": "VAT"})
    invoice.save()
    assert [row.docstatus for row in _stored(invoice).taxes] == [1]


def test_the_same_value_in_another_form_is_no_change(invoice):
    invoice.submit()
    loaded = _stored(invoice)
    loaded.day = str(loaded.day)
    loaded.total = "30.00"
    loaded.save()


def test_a_handler_may_not_change_it_either(site, invoice):
    invoice.submit()
    site.registry.connect("Shop Invoice", "before_update_after_submit", lambda doc: doc.set("total", 1))
    with pytest.raises(UpdateAfterSubmitError):
        invoice.save()


def test_the_check_may_be_switched_off(invoice):
    invoice.submit()
    invoice.total = 31
    invoice.flags.ignore_validate_update_after_submit = True
    invoice.save()
    assert _stored(invoice).total == 31


def test_a_handler_of_the_submit_may_still_change_everything(site, invoice):
    site.registry.connect("Shop Invoice", "before_submit", lambda doc: doc.update({"total": 99, "status": "Paid"}))
    invoice.submit()
    assert (_stored(invoice).total, _stored(invoice).status) == (99, "Paid")


def test_a_cancel_checks_no_values(site, invoice):
    class Grown(Document):
        meta = Meta(submittable=True)
        label = Data()

    site.use(Grown)
    doc = Grown().insert().submit()
    doc.flags.ignore_mandatory = False
    assert doc.cancel().docstatus == 2


def test_rows_that_before_cancel_adds_are_stored(site, invoice):
    site.registry.connect("Shop Invoice", "before_cancel", lambda doc: doc.append("taxes", {"label": "Fee"}))
    invoice.submit().cancel()
    assert [(row.label, row.docstatus, bool(row.name)) for row in _stored(invoice).taxes] == [("Fee", 2, True)]


# amend


def _amended(invoice, **values):
    made = copy_doc(invoice)
    made.amended_from = invoice.name
    return made.update(values)


def test_an_amendment_is_a_copy_that_names_its_source(invoice):
    invoice.submit().cancel()
    made = _amended(invoice, total=31).insert()
    assert made.name == f"{invoice.name}-1"
    assert (made.docstatus, made.amended_from, made.total) == (0, invoice.name, 31)
    assert [row.code for row in made.rows] == ["A", "B"]
    assert {row.docstatus for row in made.rows} == {0}
    assert _stored(invoice).docstatus == 2
    made.submit()


def test_the_amendment_of_an_amendment_counts_on(invoice):
    name = invoice.name
    current = invoice.submit().cancel()
    for n in range(1, 4):
        current = _amended(current).insert()
        assert current.name == f"{name}-{n}"
        current.submit().cancel()


def test_a_source_whose_name_ends_like_an_amendment_is_none(invoice):
    invoice.submit().cancel()
    made = copy_doc(invoice)
    made.insert(set_name="INV-7-5")
    made.submit().cancel()
    assert _amended(made).insert().name == "INV-7-5-1"


@pytest.mark.parametrize("state", ["draft", "submitted"])
def test_what_is_not_cancelled_is_not_amended(invoice, state):
    if state == "submitted":
        invoice.submit()
    made = _amended(invoice)
    with pytest.raises(
        ValidationError, match=rf"Shop Invoice {invoice.name} is not cancelled, so it cannot be amended"
    ):
        made.insert()
    assert made.is_new()
    assert made.name is None


def test_a_source_that_does_not_exist_is_a_missing_link():
    with pytest.raises(ValidationError, match="could not find Amended From"):
        ShopInvoice(amended_from="INV-9999").insert()


def test_a_copy_leaves_out_what_is_the_documents_own(invoice):
    invoice.submit()
    made = copy_doc(invoice)
    assert (made.name, made.owner, made.creation, made.modified, made.docstatus, made.amended_from) == (
        None,
        None,
        None,
        None,
        0,
        None,
    )
    assert made.is_new()
    assert [(row.name, row.code, row.qty, row.is_new()) for row in made.rows] == [
        (None, "A", 2, True),
        (None, "B", 4, True),
    ]
    made.rows[0].qty = 9
    assert invoice.rows[0].qty == 2


def test_a_copy_may_leave_out_what_is_not_to_be_copied(site):
    class PartlyCopied(Document):
        kept = Data()
        left = Data(no_copy=True)
        rows = Table(ShopTax, no_copy=True)

    site.use(PartlyCopied)
    doc = PartlyCopied(kept="a", left="b", rows=[{"label": "c"}])
    full, part = copy_doc(doc), copy_doc(doc, ignore_no_copy=False)
    assert (full.kept, full.left, len(full.rows)) == ("a", "b", 1)
    assert (part.kept, part.left, len(part.rows)) == ("a", None, 0)


def test_json_data_of_a_copy_is_its_own():
    from tests.unit.model.shop import ShopThing

    thing = ShopThing(data={"a": [1]})
    copy = copy_doc(thing)
    copy.data["a"].append(2)
    assert thing.data == {"a": [1]}
