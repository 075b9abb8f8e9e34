"""Defaults: given where nobody has set the field, in documents and in new rows."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from doclife.core.amount import Amount
from doclife.model.access import get_doc, new_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import JSON, Data, Select, Time
from doclife.testing import as_user, make_user, travel_to
from tests.unit.model.shop import ShopDefaults, ShopInvoice

FIELDS = ("word", "number", "price", "checked")


def test_an_insert_fills_what_was_not_set():
    doc = ShopDefaults().insert()
    assert [doc.get(name) for name in FIELDS] == ["hello", 5, Amount("2.5"), 1]
    assert doc.plain is None
    assert [get_doc("Shop Defaults", doc.name).get(name) for name in FIELDS] == ["hello", 5, Amount("2.5"), 1]


def test_new_doc_fills_them_at_once_and_building_does_not():
    assert new_doc("Shop Defaults").word == "hello"
    assert new_doc(ShopDefaults, word="mine").word == "mine"
    assert ShopDefaults().word is None
    assert get_doc({"doctype": "Shop Defaults"}).word is None


@pytest.mark.parametrize("value", [0, 0.0, "0", "", False], ids=repr)
def test_an_explicit_zero_stays(value):
    doc = ShopDefaults(number=value, price=value, checked=value).insert()
    assert (doc.number, doc.price, doc.checked) == (0, 0, 0)


def test_an_explicit_empty_text_stays():
    assert ShopDefaults(word="").insert().word == ""


def test_an_explicit_none_is_not_set():
    assert ShopDefaults(word=None, number=None).insert().word == "hello"


def test_a_zero_that_a_handler_sets_stays(site):
    site.registry.connect("Shop Defaults", "validate", lambda doc: doc.set("number", 0))
    assert ShopDefaults().insert().number == 0


def test_handlers_see_the_defaults(site):
    seen = []
    site.registry.connect("Shop Defaults", "before_insert", lambda doc: seen.append(doc.word))
    ShopDefaults().insert()
    assert seen == ["hello"]


def test_a_save_fills_no_defaults():
    doc = ShopDefaults().insert()
    doc.word = None
    doc.save()
    assert get_doc("Shop Defaults", doc.name).word is None


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_today_now_and_the_user_are_those_of_the_insert():
    make_user("ada@example.com")
    with travel_to("2026-01-31T20:00:00+00:00"), as_user("ada@example.com"):
        doc = ShopDefaults().insert(ignore_permissions=True)
    assert (doc.day, doc.moment, doc.who) == (date(2026, 2, 1), datetime(2026, 2, 1, 5), "ada@example.com")


def test_now_is_a_time_of_day_for_a_time(site):
    class Timed(Document):
        at = Time(default="Now")

    site.use(Timed)
    with travel_to("2026-01-31 10:11:12"):
        assert str(Timed().insert().at) == "10:11:12"


def test_the_words_are_only_words_elsewhere(site):
    class Worded(Document):
        word = Data(default="Today")

    site.use(Worded)
    assert Worded().insert().word == "Today"


def test_new_rows_get_their_defaults_with_insert_and_save():
    invoice = ShopInvoice(rows=[{"code": "A"}, {"code": "B", "qty": 0}]).insert()
    assert [row.qty for row in invoice.rows] == [1, 0]
    invoice.append("rows", {"code": "C"})
    invoice.save()
    assert [row.qty for row in get_doc("Shop Invoice", invoice.name).rows] == [1, 0, 1]


def test_a_stored_row_whose_value_became_empty_stays_so(invoice):
    invoice.rows[0].qty = 0
    invoice.save()
    invoice.save()
    assert get_doc("Shop Invoice", invoice.name).rows[0].qty == 0


def test_each_document_has_its_own_dict(site):
    class Jsonful(Document):
        data = JSON(default={"tags": []})

    site.use(Jsonful)
    first, second = Jsonful().insert(), Jsonful().insert()
    first.data["tags"].append("x")
    assert second.data == {"tags": []}
    assert Jsonful().insert().data == {"tags": []}


def test_a_select_without_a_default_gets_none(site):
    class Chosen(Document):
        choice = Select("Red", "Green")

    site.use(Chosen)
    assert Chosen().insert().choice is None


def test_new_doc_gives_a_select_its_first_option_as_a_form_does(site):
    class Offered(Document):
        choice = Select("Red", "Green")
        blank = Select("", "Red")
        chosen = Select("Red", "Green", default="Green")

    site.use(Offered)
    doc = new_doc("Offered")
    assert (doc.choice, doc.blank, doc.chosen) == ("Red", None, "Green")
    assert new_doc("Offered", choice="Green").choice == "Green"
