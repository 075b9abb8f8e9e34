"""Discard: what may be discarded, and that it writes nothing its caller has set."""

from __future__ import annotations

import pytest

from doclife.core.errors import ValidationError
from doclife.model.access import get_doc
from doclife.testing import capture_statements
from tests.unit.model.shop import ShopInvoice


def _stored(invoice):
    return get_doc("Shop Invoice", invoice.name)


def test_a_draft_is_discarded(invoice):
    invoice.discard()
    assert invoice.docstatus == _stored(invoice).docstatus == 2
    assert {row.docstatus for row in _stored(invoice).rows} == {2}
    with pytest.raises(ValidationError, match="is cancelled and cannot be edited"):
        invoice.save()


@pytest.mark.parametrize("state", ["new", "submitted", "cancelled"])
def test_only_a_stored_draft_is_discarded(state, invoice):
    doc = ShopInvoice() if state == "new" else invoice
    if state != "new":
        doc.submit()
    if state == "cancelled":
        doc.cancel()
    before = doc.docstatus
    with pytest.raises(ValidationError, match="is no stored draft, so it cannot be discarded"):
        doc.discard()
    assert doc.docstatus == before


@pytest.fixture
def changed(invoice):
    """A stored draft with changes of every kind that were not saved, none of which a save would let pass."""
    invoice.remark, invoice.status, invoice.outlet, invoice.total = "mine", "Never heard of", "Nowhere", "much"
    invoice.owner, invoice.creation, invoice.docstatus = "thief@example.com", "2001-01-01 00:00:00", 1
    invoice.rows[0].qty, invoice.rows[0].code = "many", "A" * 11
    invoice.remove(invoice.rows[1])
    invoice.append("rows", {"code": "C"})
    invoice.append("taxes", {"label": "VAT"})
    return invoice


def _shown(doc):
    """The values of a document and its rows but those of the discarding itself."""
    skip = ("modified", "modified_by", "docstatus")
    rows = [{key: row.get(key) for key in row._blueprint.columns if key not in skip} for row in doc.get_all_children()]
    return {key: doc.get(key) for key in doc._blueprint.columns if key not in skip}, rows


def test_discarding_writes_nothing_that_was_set_before_and_not_saved(site, changed):
    seen = []
    site.registry.connect("Shop Invoice", "before_discard", lambda doc: seen.append((doc.docstatus, _shown(doc))))
    before, row = _stored(changed), changed.rows[0]
    with capture_statements() as statements:
        changed.discard()
    assert {text.split()[0] for text in statements} - {"SAVEPOINT", "RELEASE"} == {"UPDATE"}
    stored = _stored(changed)
    assert seen == [(0, _shown(before))]
    assert _shown(stored) == _shown(changed) == _shown(before)
    assert (stored.docstatus, stored.modified, stored.modified_by) == (2, changed.modified, "Administrator")
    assert stored.modified > before.modified
    assert changed.rows[0] is row
    assert row.docstatus == 2


def test_discarding_writes_what_before_discard_sets(site, changed):
    def close(doc):
        doc.remark = f"was of {doc.outlet}"
        doc.docstatus = 1
        doc.rows[1].note = "gone"
        doc.append("taxes", {"label": "Fee"})

    site.registry.connect("Shop Invoice", "before_discard", close)
    changed.discard()
    stored = _stored(changed)
    assert (stored.remark, stored.status, stored.docstatus) == ("was of Berlin", "Draft", 2)
    assert [(row.code, row.qty, row.note, row.docstatus) for row in stored.rows] == [
        ("A", 2, None, 2),
        ("B", 4, "gone", 2),
    ]
    assert [(row.label, row.docstatus, bool(row.name)) for row in stored.taxes] == [("Fee", 2, True)]


def test_a_discard_that_fails_gives_back_what_was_not_saved(site, changed):
    def refuse(doc):
        doc.manager = "handler"
        raise ValidationError("not today")

    site.registry.connect("Shop Invoice", "before_discard", refuse)
    rows = list(changed.rows)
    with pytest.raises(ValidationError, match="not today"):
        changed.discard()
    assert (changed.remark, changed.outlet, changed.total) == ("mine", "Nowhere", "much")
    assert (changed.docstatus, changed.manager) == (0, "handler")
    assert [id(row) for row in changed.rows] == [id(row) for row in rows]
    assert [(row.code, row.qty, row.is_new()) for row in changed.rows] == [("A" * 11, "many", False), ("C", 0, True)]
    with pytest.raises(ValidationError, match=r"row 1 of rows: Qty .*'many' is not valid"):
        changed.update({"total": 1}).save()


def test_what_is_never_submitted_is_not_discarded(outlet):
    with pytest.raises(ValidationError, match="Shop Outlet Berlin cannot be discarded: Shop Outlet is not submittable"):
        outlet.discard()
    assert (outlet.docstatus, get_doc("Shop Outlet", "Berlin").docstatus) == (0, 0)


@pytest.mark.parametrize("end", ["submit", "delete"])
def test_what_before_discard_has_ended_is_not_discarded(site, invoice, end):
    site.registry.connect("Shop Invoice", "before_discard", lambda doc: getattr(doc, end)())
    with pytest.raises(ValidationError, match="is no stored draft, so it cannot be discarded"):
        invoice.discard()
    assert invoice.docstatus == _stored(invoice).docstatus == 0


def test_before_discard_may_save(site, invoice):
    site.registry.connect("Shop Invoice", "before_discard", lambda doc: doc.update({"remark": "saved"}).save())
    invoice.discard()
    assert (_stored(invoice).remark, _stored(invoice).docstatus) == ("saved", 2)


def test_saving_in_on_discard_is_refused_and_nothing_is_discarded(site, invoice):
    site.registry.connect("Shop Invoice", "on_discard", lambda doc: doc.save())
    with pytest.raises(ValidationError, match="is cancelled and cannot be edited"):
        invoice.discard()
    assert invoice.docstatus == _stored(invoice).docstatus == 0
