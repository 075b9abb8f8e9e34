"""Stale copies, reloading, and documents that are not there."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.core.errors import (
    DoesNotExistError,
    NoUnitOfWork,
    TimestampMismatchError,
    UnknownDoctypeError,
    ValidationError,
)
from doclife.model.access import get_doc
from tests.unit.model.shop import ShopItem

# the optimistic lock


def test_a_stale_copy_is_refused_naming_the_document_and_both_times(outlet):
    stale = get_doc("Shop Outlet", "Berlin")
    outlet.city = "Bonn"
    outlet.save()
    stale.city = "Kiel"
    with pytest.raises(TimestampMismatchError) as caught:
        stale.save()
    message = str(caught.value)
    assert message.startswith("Shop Outlet Berlin was changed at ")
    assert str(outlet.modified) in message
    assert str(stale.modified) in message
    assert caught.value.context["loaded"] == stale.modified
    assert caught.value.context["stored"] == outlet.modified
    assert get_doc("Shop Outlet", "Berlin").city == "Bonn"
    stale.reload()
    stale.city = "Kiel"
    stale.save()
    assert get_doc("Shop Outlet", "Berlin").city == "Kiel"


@pytest.mark.parametrize("operation", ["submit", "cancel"])
def test_a_stale_copy_is_neither_submitted_nor_cancelled(invoice, operation):
    if operation == "cancel":
        invoice.submit()
    stale = get_doc("Shop Invoice", invoice.name)
    invoice.save()
    with pytest.raises(TimestampMismatchError):
        getattr(stale, operation)()
    assert stale.docstatus == get_doc("Shop Invoice", invoice.name).docstatus


def test_a_mismatch_of_a_document_loaded_in_the_same_transaction_is_a_conflict(outlet):
    stale = get_doc("Shop Outlet", "Berlin")
    outlet.save()
    with pytest.raises(TimestampMismatchError) as caught:
        stale.save()
    assert caught.value.context["loaded_in_unit"] is True
    current().unit.commit()
    with pytest.raises(TimestampMismatchError) as caught:
        stale.save()
    assert caught.value.context["loaded_in_unit"] is False


def test_saving_what_was_deleted_meanwhile_is_refused(outlet):
    copy = get_doc("Shop Outlet", "Berlin")
    outlet.delete()
    with pytest.raises(DoesNotExistError, match="Shop Outlet Berlin does not exist any more"):
        copy.save()


def test_reloading_takes_the_stored_values_and_forgets_wrong_ones(outlet):
    outlet.city = "Bonn"
    outlet.level = "high"
    outlet.reload()
    assert (outlet.city, outlet.level) == ("Berlin", 0)
    outlet.save()


def test_reloading_puts_rows_back(invoice):
    invoice.rows = []
    invoice.reload()
    assert [row.code for row in invoice.rows] == ["A", "B"]
    assert all(row.parent_doc is invoice for row in invoice.rows)
    invoice.save()


# what does not exist


def test_loading_what_is_not_stored_names_type_and_name():
    with pytest.raises(DoesNotExistError) as caught:
        get_doc("Shop Outlet", "Nowhere")
    assert str(caught.value) == "Shop Outlet 'Nowhere' does not exist"
    assert caught.value.context == {"doctype": "Shop Outlet", "name": "Nowhere"}
    with pytest.raises(DoesNotExistError, match=r"no Shop Outlet with \{'city': 'x'\}"):
        get_doc("Shop Outlet", {"city": "x"})


def test_an_unknown_type_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownDoctypeError, match=r"no document type 'Shop Outlit'\. Did you mean 'Shop Outlet'"):
        get_doc("Shop Outlit", "x")


@pytest.mark.parametrize("wrong", [(None, None), ("Shop Outlet", None), ({"title": "x"}, None)])
def test_get_doc_says_what_it_needs(wrong):
    with pytest.raises(ValidationError, match=r"get_doc\(.*needs"):
        get_doc(*wrong)


def test_a_document_needs_a_context(site):
    from doclife.core.context import set_current

    before = set_current(None)
    try:
        with pytest.raises(NoUnitOfWork, match="connect"):
            ShopItem(title="x").insert()
    finally:
        set_current(before)
