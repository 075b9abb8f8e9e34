"""Ways to documents: many at once, by names or filters; new ones; deleting."""

from __future__ import annotations

import pytest

from doclife.core.errors import DoesNotExistError, UnknownFieldError, ValidationError
from doclife.events.registry import connected
from doclife.model.access import delete_doc, get_docs, new_doc
from doclife.testing import capture_statements
from tests.unit.model.shop import ShopInvoice, ShopOutlet


@pytest.fixture
def names(outlet):
    return [
        ShopInvoice(outlet="Berlin", total=total, rows=[{"code": code}, {"code": "Z"}]).insert().name
        for total, code in ((1, "A"), (2, "B"), (3, "C"))
    ]


def test_get_docs_loads_in_the_order_of_the_names_with_one_statement_per_table(names):
    with capture_statements() as statements:
        loaded = get_docs("Shop Invoice", [names[2], names[0], names[2]])
    assert len(statements) == 3
    assert [doc.name for doc in loaded] == [names[2], names[0], names[2]]
    assert [[row.code for row in doc.rows] for doc in loaded] == [["C", "Z"], ["A", "Z"], ["C", "Z"]]
    assert get_docs("Shop Invoice", []) == []


def test_get_docs_names_all_that_are_missing(names):
    with pytest.raises(DoesNotExistError, match="Shop Invoice: 'X', 'Y' do not exist") as caught:
        get_docs("Shop Invoice", ["X", names[0], "Y"])
    assert caught.value.context["names"] == ["X", "Y"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"total": [">", 1]}, "CB"),
        ({"rows.code": "Z"}, "CBA"),  # each once, though it holds for one row of each
        ([["total", "<", 3], {"outlet": "Berlin"}], "BA"),
        ([("rows.code", "in", "A, C")], "CA"),
        (ShopInvoice.total == 2, "B"),
        ([ShopInvoice.total >= 2, ShopInvoice.total < 3], "B"),
        ({}, "CBA"),
        ({"total": 9}, ""),
    ],
    ids=["operator", "row", "parts", "text of names", "column", "columns", "all", "none"],  # str would name addresses
)
def test_get_docs_by_filters_comes_in_the_order_of_the_type(names, filters, expected):
    with capture_statements() as statements:
        loaded = get_docs(ShopInvoice, filters)
    assert len(statements) == 1 + len(ShopInvoice._blueprint.table_fields) * bool(expected)
    assert "".join(doc.rows[0].code for doc in loaded) == expected
    assert all([row.code for row in doc.rows][1:] == ["Z"] for doc in loaded)


def test_documents_that_get_docs_has_loaded_are_saved_like_others(names):
    (doc,) = get_docs(ShopInvoice, {"total": 2})
    doc.rows[0].code = "changed"
    doc.save()
    (again,) = get_docs(ShopInvoice, [doc.name])
    assert [row.code for row in again.rows] == ["changed", "Z"]


@pytest.mark.parametrize("wrong", ["A", None, 7])
def test_get_docs_takes_names_or_filters(wrong):
    with pytest.raises(ValidationError, match="give a list of names, or filters"):
        get_docs(ShopInvoice, wrong)


def test_a_new_document_has_its_defaults_and_may_come_as_a_dict():
    doc = new_doc(ShopOutlet, code="Bonn")
    assert (doc.is_new(), doc.code) == (True, "Bonn")
    values = new_doc("Shop Outlet", as_dict=True, code="Bonn")
    assert (values.doctype, values.code) == ("Shop Outlet", "Bonn")
    assert {name: values[name] for name in ShopOutlet._blueprint.defaults} == {
        name: doc.get(name) for name in ShopOutlet._blueprint.defaults
    }
    with pytest.raises(UnknownFieldError, match="Did you mean 'code'"):
        new_doc("Shop Outlet", kode="Bonn")


def test_a_new_row_knows_whom_it_is_meant_for(outlet):
    invoice = ShopInvoice(outlet="Berlin").insert()
    row = new_doc(ShopInvoice.meta.get_field("rows").options, parent_doc=invoice, parentfield="rows", code="A")
    assert (row.parent, row.parenttype, row.parentfield) == (invoice.name, "Shop Invoice", "rows")
    assert invoice.rows == []
    invoice.append("rows", row)
    invoice.save()
    assert [each.code for each in get_docs(ShopInvoice, [invoice.name])[0].rows] == ["A"]


def test_delete_doc_takes_several_names_and_hands_flags_to_the_handlers(names):
    seen = []
    with connected("Shop Invoice", "on_trash", lambda doc: seen.append((doc.name, doc.flags.reason))):
        assert delete_doc("Shop Invoice", names[:2], flags={"reason": "test"})
        assert not delete_doc("Shop Invoice", [names[0], names[2]])
    assert seen == [(names[0], "test"), (names[1], "test"), (names[2], None)]
    assert get_docs(ShopInvoice, {}) == []
    with pytest.raises(DoesNotExistError):
        delete_doc("Shop Invoice", names[0], ignore_missing=False)
