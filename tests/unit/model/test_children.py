"""Child rows: a list like any other, of which only what changed is written."""

from __future__ import annotations

import pytest

from doclife.core.errors import UnknownFieldError, ValidationError
from doclife.model.access import delete_doc, get_doc
from doclife.testing import capture_statements
from tests.stored import plain, stored
from tests.unit.model.shop import ShopInvoice, ShopRow, ShopTax


def _codes(doc):
    return [(row.idx, row.code) for row in doc.rows]


def _stored(invoice):
    return stored("Shop Row", "idx", "code", order_by="idx", parent=invoice.name)


def _writes(statements):
    return [(text.split()[0], plain(text).split('"')[1]) for text in statements if text.split()[0] in _VERBS]


_VERBS = ("INSERT", "UPDATE", "DELETE")


# the list in memory


def test_append_returns_the_row_and_numbers_it():
    invoice = ShopInvoice(name="X")
    first, second = invoice.append("rows", {"code": "A"}), invoice.append("rows")
    second.code = "B"
    assert _codes(invoice) == [(1, "A"), (2, "B")]
    assert type(first) is ShopRow
    assert (first.parent, first.parenttype, first.parentfield) == ("X", "Shop Invoice", "rows")
    assert first.parent_doc is invoice


def test_append_at_a_position_renumbers_the_rest():
    invoice = ShopInvoice(rows=[{"code": "A"}, {"code": "B"}])
    invoice.append("rows", {"code": "first"}, position=0)
    invoice.append("rows", {"code": "third"}, 2)
    assert _codes(invoice) == [(1, "first"), (2, "A"), (3, "third"), (4, "B")]


def test_extend_adds_many():
    invoice = ShopInvoice()
    invoice.extend("rows", [{"code": "A"}, ShopRow(code="B")])
    invoice.extend("rows", (row for row in [{"code": "C"}]))
    assert _codes(invoice) == [(1, "A"), (2, "B"), (3, "C")]


def test_remove_renumbers_the_rest():
    invoice = ShopInvoice(rows=[{"code": "A"}, {"code": "B"}, {"code": "C"}])
    invoice.remove(invoice.rows[1])
    assert _codes(invoice) == [(1, "A"), (2, "C")]


def test_removing_what_is_no_row_of_the_document_is_refused(invoice):
    other = ShopInvoice(rows=[{"code": "A"}])
    with pytest.raises(ValueError, match="is not a row of"):
        invoice.remove(other.rows[0])
    assert len(invoice.rows) == 2


def test_assignment_converts_dicts_and_renumbers():
    invoice = ShopInvoice()
    invoice.rows = [{"code": "A"}, ShopRow(code="B")]
    assert _codes(invoice) == [(1, "A"), (2, "B")]
    invoice.rows = list(reversed(invoice.rows))
    assert _codes(invoice) == [(1, "B"), (2, "A")]
    invoice.set("rows", None)
    assert invoice.rows == []


def test_assigning_an_empty_list_and_appending_works():
    invoice = ShopInvoice(rows=[{"code": "A"}])
    invoice.rows = []
    invoice.append("rows", {"code": "B"})
    assert _codes(invoice) == [(1, "B")]


@pytest.mark.parametrize("wrong", ["A", {"code": "A"}, 5])
def test_what_is_no_list_of_rows_is_refused(wrong):
    with pytest.raises(ValidationError, match=r"Shop Invoice\.rows takes a list of rows"):
        ShopInvoice().rows = wrong


@pytest.mark.parametrize("wrong", ["A", ShopTax(), None])
def test_what_is_no_row_of_the_field_is_refused(wrong):
    with pytest.raises(ValidationError, match=r"Shop Invoice\.rows: a row is a dict or a Shop Row"):
        ShopInvoice().rows = [wrong]


def test_an_unknown_field_in_a_row_is_refused():
    with pytest.raises(UnknownFieldError, match=r"Shop Row has no field 'quantity'"):
        ShopInvoice(rows=[{"quantity": 1}])


def test_an_unknown_table_field_is_refused_with_the_nearest():
    with pytest.raises(UnknownFieldError, match=r"has no table field 'row'\. Did you mean 'rows'"):
        ShopInvoice().append("row", {})


def test_get_filters_rows():
    invoice = ShopInvoice(rows=[{"code": "A1", "qty": 1}, {"code": "A2", "qty": 2}, {"code": "B1", "note": "x"}])

    def found(**filters):
        return [row.code for row in invoice.get("rows", filters)]

    assert found(code="A1") == ["A1"]
    assert found(code="^A") == ["A1", "A2"]
    assert found(qty=[">", 1]) == ["A2"]
    assert found(code=("in", ["A2", "B1"])) == ["A2", "B1"]
    assert found(code=["like", "%1"]) == ["A1", "B1"]
    assert found(note=True) == ["B1"]
    assert found(note=False, code="^A") == ["A1", "A2"]
    assert [row.code for row in invoice.get("rows", {"code": "^A"}, 1)] == ["A1"]
    assert [row.code for row in invoice.get({"doctype": "Shop Row", "qty": 2})] == ["A2"]


def test_all_children_come_in_the_order_of_the_fields(invoice):
    invoice.append("taxes", {"label": "VAT"})
    assert [row.doctype for row in invoice.get_all_children()] == ["Shop Row", "Shop Row", "Shop Tax"]


# what is stored


def test_rows_are_stored_with_their_parent_and_come_back_in_order(invoice):
    loaded = get_doc("Shop Invoice", invoice.name)
    assert _codes(loaded) == [(1, "A"), (2, "B")]
    for row in loaded.rows:
        assert (row.parent, row.parenttype, row.parentfield) == (invoice.name, "Shop Invoice", "rows")
        assert row.parent_doc is loaded
        assert row.docstatus == 0


def test_an_added_row_is_inserted_and_the_others_are_left_alone(invoice):
    names = [row.name for row in invoice.rows]
    invoice.append("rows", {"code": "C"})
    with capture_statements() as statements:
        invoice.save()
    assert _writes(statements) == [("UPDATE", "tabShop Invoice"), ("INSERT", "tabShop Row")]
    assert _stored(invoice) == [(1, "A"), (2, "B"), (3, "C")]
    assert [row.name for row in invoice.rows][:2] == names


def test_a_removed_row_is_deleted_and_those_behind_it_are_renumbered(invoice):
    invoice.append("rows", {"code": "C"})
    invoice.save()
    invoice.remove(invoice.rows[0])
    with capture_statements() as statements:
        invoice.save()
    assert _writes(statements) == [
        ("UPDATE", "tabShop Invoice"),
        ("DELETE", "tabShop Row"),
        ("UPDATE", "tabShop Row"),
    ]
    assert _stored(invoice) == [(1, "B"), (2, "C")]


def test_a_changed_row_is_updated_alone(invoice):
    invoice.rows[1].qty = 9
    with capture_statements() as statements:
        invoice.save()
    assert _writes(statements) == [("UPDATE", "tabShop Invoice"), ("UPDATE", "tabShop Row")]
    loaded = get_doc("Shop Invoice", invoice.name)
    assert [row.qty for row in loaded.rows] == [2, 9]
    assert loaded.rows[1].modified == loaded.modified > loaded.rows[0].modified


def test_rows_that_did_not_change_cost_nothing(invoice):
    with capture_statements() as statements:
        invoice.save()
    assert _writes(statements) == [("UPDATE", "tabShop Invoice")]


def test_all_rows_may_go(invoice):
    invoice.rows = []
    invoice.save()
    assert _stored(invoice) == []
    assert get_doc("Shop Invoice", invoice.name).rows == []


def test_reordered_rows_keep_their_names(invoice):
    names = {row.code: row.name for row in invoice.rows}
    invoice.rows = [invoice.rows[1], invoice.rows[0]]
    invoice.save()
    loaded = get_doc("Shop Invoice", invoice.name)
    assert _codes(loaded) == [(1, "B"), (2, "A")]
    assert {row.code: row.name for row in loaded.rows} == names


def test_a_list_that_was_sorted_in_place_is_numbered_as_it_stands(invoice):
    invoice.rows.sort(key=lambda row: row.code, reverse=True)
    invoice.save()
    assert _stored(invoice) == [(1, "B"), (2, "A")]
    assert _codes(invoice) == [(1, "B"), (2, "A")]


def test_a_dict_that_names_a_stored_row_means_that_row(invoice):
    first, second = invoice.rows
    created = first.creation
    invoice.rows = [{"name": first.name, "code": "A", "qty": 7}, {"code": "new"}]
    invoice.save()
    loaded = get_doc("Shop Invoice", invoice.name)
    assert _codes(loaded) == [(1, "A"), (2, "new")]
    assert loaded.rows[0].name == first.name
    assert loaded.rows[0].creation == created
    assert second.name not in {row.name for row in loaded.rows}


def test_a_dict_with_a_name_that_is_not_stored_is_a_new_row_and_not_lost(invoice):
    invoice.append("rows", {"name": "unheard-of", "code": "C"})
    invoice.save()
    assert _stored(invoice) == [(1, "A"), (2, "B"), (3, "C")]


def test_rows_of_an_insert_are_named_anew_whatever_names_they_bring(invoice):
    copy = ShopInvoice(rows=[row.as_dict() for row in invoice.rows]).insert()
    assert not {row.name for row in copy.rows} & {row.name for row in invoice.rows}
    assert _stored(invoice) == _stored(copy) == [(1, "A"), (2, "B")]


def test_rows_of_two_tables_of_one_document_do_not_mix(invoice):
    invoice.append("taxes", {"label": "VAT", "percent": 19})
    invoice.save()
    loaded = get_doc("Shop Invoice", invoice.name)
    assert [row.label for row in loaded.taxes] == ["VAT"]
    assert _codes(loaded) == [(1, "A"), (2, "B")]


def test_rows_that_handlers_add_are_named_checked_and_stored(site, invoice):
    site.registry.connect("Shop Invoice", "validate", lambda doc: doc.append("rows", {"code": "added"}))
    invoice.save()
    assert _stored(invoice) == [(1, "A"), (2, "B"), (3, "added")]
    assert invoice.rows[2].name


def test_rows_share_the_docstatus_of_their_document(invoice):
    invoice.submit()
    assert {row.docstatus for row in get_doc("Shop Invoice", invoice.name).rows} == {1}
    invoice.cancel()
    assert {row.docstatus for row in get_doc("Shop Invoice", invoice.name).rows} == {2}


def test_rows_are_deleted_with_their_document(invoice):
    other = ShopInvoice(rows=[{"code": "Z"}]).insert()
    invoice.delete()
    assert _stored(invoice) == []
    assert _stored(other) == [(1, "Z")]


def test_many_rows_are_written_with_one_statement_each_for_new_changed_and_gone(invoice):
    invoice.extend("rows", [{"code": f"R{n}"} for n in range(50)])
    with capture_statements() as statements:
        invoice.save()
    assert _writes(statements) == [("UPDATE", "tabShop Invoice"), ("INSERT", "tabShop Row")]
    for row in invoice.rows[:20]:
        row.qty = row.idx
    invoice.rows = invoice.rows[:40]
    with capture_statements() as statements:
        invoice.save()
    assert _writes(statements) == [
        ("UPDATE", "tabShop Invoice"),
        ("DELETE", "tabShop Row"),
        ("UPDATE", "tabShop Row"),
    ]
    assert [row.qty for row in get_doc("Shop Invoice", invoice.name).rows[:20]] == list(range(1, 21))


def test_a_row_may_be_deleted_by_itself(invoice):
    name = invoice.rows[0].name
    assert delete_doc("Shop Row", name) is True
    assert [row.code for row in invoice.reload().rows] == ["B"]
