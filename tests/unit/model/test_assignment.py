"""Attributes: assignment casts to the field's type, and what cannot be cast is kept for the operation to refuse."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from doclife.core.amount import Amount
from doclife.core.errors import AppNotInstalledError, SchemaError, UnknownFieldError, ValidationError
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.query.lists import get_all
from doclife.schema.fieldtypes import Data, Int
from doclife.schema.meta import Meta
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopOutlet, ShopRow, ShopStrict, ShopThing


@pytest.mark.parametrize(
    ("field", "given", "expected"),
    [
        ("label", 5, "5"),
        ("choice", " Red ", "Red"),
        ("day", "2026-01-31", date(2026, 1, 31)),
        ("day", datetime(2026, 1, 31, 10), date(2026, 1, 31)),
        ("moment", "2026-01-31 10:20:30", datetime(2026, 1, 31, 10, 20, 30)),
        ("moment", date(2026, 1, 31), datetime(2026, 1, 31)),
        ("at", "10:20", time(10, 20)),
        ("flag", True, 1),
        ("count", "12", 12),
        ("count", None, 0),
        ("weight", "1.5", 1.5),
        ("price", 0.1, Amount("0.1")),
        ("price", "12.50", Amount("12.5")),
        ("share", None, Amount(0)),
        ("data", '{"a": 1}', {"a": 1}),
    ],
)
def test_assignment_casts_at_once(field, given, expected):
    thing = ShopThing()
    setattr(thing, field, given)
    assert getattr(thing, field) == expected
    assert type(getattr(thing, field)) is type(expected)


def test_a_new_document_has_every_field_empty():
    thing = ShopThing()
    assert (thing.label, thing.day, thing.data) == (None, None, None)
    assert (thing.flag, thing.count, thing.weight, thing.price) == (0, 0, 0.0, Amount(0))
    assert (thing.name, thing.docstatus, thing.idx, thing.is_new()) == (None, 0, 0, True)
    assert ShopInvoice().rows == []


def test_values_may_come_as_a_dict_as_keywords_and_from_get_doc():
    assert ShopItem({"title": "a"}, price=1).as_dict(no_nulls=True) == ShopItem(title="a", price=1).as_dict(
        no_nulls=True
    )
    built = get_doc({"doctype": "Shop Item", "title": "a"})
    assert (type(built), built.title) == (ShopItem, "a")
    assert get_doc(doctype="Shop Item", title="b").title == "b"


@pytest.mark.parametrize("make", [ShopItem, ShopItem().update], ids=["init", "update"])
def test_an_unknown_field_is_refused_with_the_nearest_name(make):
    with pytest.raises(UnknownFieldError) as caught:
        make({"titel": "x"})
    assert str(caught.value) == "Shop Item has no field 'titel'. Did you mean 'title'?"
    assert caught.value.context == {"doctype": "Shop Item", "field": "titel"}


def test_an_update_with_an_unknown_field_sets_nothing():
    item = ShopItem(title="a")
    with pytest.raises(UnknownFieldError):
        item.update({"title": "b", "nothing": 1})
    assert item.title == "a"


def test_what_is_no_field_is_an_ordinary_attribute_that_is_not_stored(outlet):
    outlet.colour = "red"
    outlet.save()
    assert outlet.colour == "red"
    assert not hasattr(get_doc("Shop Outlet", "Berlin"), "colour")


@pytest.mark.parametrize("name", ["doctype", "meta", "flags"])
def test_reserved_names_cannot_be_set(name):
    item = ShopItem()
    with pytest.raises(AttributeError):
        setattr(item, name, 1)
    item.set(name, 1)
    assert item.doctype == "Shop Item"


def test_get_gives_a_default_where_there_is_no_value():
    item = ShopItem(title="a")
    assert item.get("title", "x") == "a"
    assert item.get("nothing") is None
    assert item.get("nothing", "x") == "x"
    assert item.get("nothing", default="y") == "y"
    assert item.get("doctype") == "Shop Item"


# what cannot be cast


@pytest.mark.parametrize(
    ("field", "wrong", "expected"),
    [
        ("count", "abc", "a whole number is expected"),
        ("count", 1.5, "a whole number is expected"),
        ("weight", "heavy", "a number is expected"),
        ("weight", "nan", "a finite number is expected"),
        ("price", "dear", "a number is expected"),
        ("weight", "inf", "a finite number is expected"),
        ("price", float("inf"), "a finite number is expected"),
        ("flag", "yes", "0, 1, False or True is expected"),
        ("day", "31.01.2026", "a date as YYYY-MM-DD is expected"),
        ("day", 20260131, "a date as YYYY-MM-DD is expected"),
        ("moment", "yesterday", "a datetime as YYYY-MM-DD HH:MM:SS is expected"),
        ("at", "noon", "a time as HH:MM:SS is expected"),
        ("label", ["a"], "text is expected"),
        ("data", "{broken", "JSON is expected"),
    ],
)
def test_what_cannot_be_cast_is_kept_and_refused_by_the_operation(field, wrong, expected):
    thing = ShopThing()
    setattr(thing, field, wrong)
    assert getattr(thing, field) is wrong
    with pytest.raises(ValidationError) as caught:
        thing.insert()
    label = thing.meta.get_label(field)
    assert str(caught.value) == f"Shop Thing (new): {label} ({field}): {wrong!r} is not valid: {expected}"
    assert {key: caught.value.context[key] for key in ("doctype", "name", "field")} == {
        "doctype": "Shop Thing",
        "name": None,
        "field": field,
    }
    assert caught.value.context["value"] is wrong
    assert thing.is_new()


@pytest.mark.parametrize(
    ("field", "wrong", "expected"),
    [
        ("weight", float("nan"), "nan is not valid: a finite number is expected"),
        ("weight", float("-inf"), "-inf is not valid: a finite number is expected"),
        ("price", Amount("Infinity"), "Amount('Infinity') is not valid: a finite number is expected"),
        ("price", Amount("NaN"), "Amount('NaN') is not valid: a finite number is expected"),
        ("flag", 2, "2 is not valid: 0, 1, False or True is expected"),
        ("count", 2**63, "9223372036854775808 is not a whole number of 64 bits"),
        ("label", "a\ud800", "'a\\ud800' is not text: surrogates not allowed"),
    ],
)
def test_a_value_of_the_right_type_that_cannot_be_stored_is_refused_before_the_end_of_the_operation(
    field, wrong, expected
):
    thing = ShopThing()
    setattr(thing, field, wrong)
    with pytest.raises(ValidationError) as caught:
        thing.insert()
    assert str(caught.value).endswith(f": {thing.meta.get_label(field)} ({field}): {expected}")
    assert caught.value.context["field"] == field
    assert thing.is_new()
    setattr(thing, field, None)
    thing.insert()


def _in_itself():
    data = {}
    data["again"] = data
    return data


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"x": [object()]}, "a builtins.object cannot be stored as JSON"),
        ({1: 2}, "the key 1 is not text"),
        ({"x": "a\ud800"}, "half of a surrogate pair"),
        (_in_itself(), "it is nested too deep, or holds itself"),
    ],
    ids=["object", "key", "surrogate", "recursive"],
)
def test_data_that_is_no_json_is_refused_naming_document_and_field(data, problem):
    thing = ShopThing(data=data)
    with pytest.raises(ValidationError) as caught:
        thing.insert()
    assert ": Data (data): " in str(caught.value)
    assert problem in str(caught.value)
    assert caught.value.context["field"] == "data"
    thing.data = {}
    thing.insert()
    with pytest.raises(ValidationError, match=r"Data \(data\): "):
        thing.db_set("data", data)
    assert get_doc("Shop Thing", thing.name).data == {}


def test_a_value_in_a_row_that_cannot_be_cast_names_the_row(invoice):
    invoice.rows[1].qty = "many"
    with pytest.raises(ValidationError) as caught:
        invoice.save()
    assert str(caught.value) == (
        f"Shop Invoice {invoice.name}, row 2 of rows: Qty (qty): 'many' is not valid: a whole number is expected"
    )


def test_no_event_sees_a_value_that_cannot_be_cast(site):
    seen = []
    site.registry.connect("Shop Thing", "before_insert", lambda doc: seen.append(doc.count))
    with pytest.raises(ValidationError):
        ShopThing(count="x").insert()
    assert seen == []


def test_a_wrong_value_that_a_handler_sets_is_refused_before_the_write(site, outlet):
    site.registry.connect("Shop Outlet", "before_save", lambda doc: doc.set("level", "high"))
    with pytest.raises(ValidationError, match=r"Shop Outlet Berlin: Level \(level\): 'high' is not valid"):
        outlet.save()
    assert get_doc("Shop Outlet", "Berlin").level == 0


def test_a_good_value_takes_the_place_of_a_wrong_one():
    thing = ShopThing(count="x")
    thing.count = 5
    thing.insert()
    assert get_doc("Shop Thing", thing.name).count == 5


def test_a_wrong_value_stays_wrong_when_another_field_is_set():
    thing = ShopThing(count="x")
    thing.label = "ok"
    thing.price = 5
    with pytest.raises(ValidationError, match="count"):
        thing.insert()


def test_clean_values_are_cast_for_unique_fields_too(outlet):
    class UniqueThing(Document):
        number = Data(unique=True)

    assert UniqueThing(number="").number is None
    assert ShopOutlet(code="").code is None


# flags and Python


def test_flags_are_attributes_that_are_none_when_missing_and_are_never_stored(outlet):
    outlet.flags.seen = True
    assert outlet.flags.missing is None
    outlet.reload()
    assert outlet.flags.seen is True
    assert get_doc("Shop Outlet", "Berlin").flags.seen is None


def test_a_document_shows_its_type_and_name(invoice):
    assert repr(ShopItem()) == "<ShopItem (new)>"
    assert repr(invoice) == f"<ShopInvoice {invoice.name}>"
    assert repr(invoice.rows[0]) == f"<ShopRow {invoice.rows[0].name} (row)>"


def test_a_document_is_not_pickled(outlet):
    import copy

    with pytest.raises(TypeError, match="pass its doctype and name"):
        copy.deepcopy(outlet)


def test_a_document_may_be_held_weakly(outlet):
    import weakref

    assert weakref.ref(outlet)() is outlet


# declarations


def test_a_subclass_without_a_meta_of_its_own_overrides_and_shares_type_and_table(site):
    class BigItem(ShopItem):
        def validate(self):
            self.title = (self.title or "").upper()

    assert BigItem.meta is ShopItem.meta
    assert BigItem.__table__ is ShopItem.__table__
    site.use(BigItem)
    assert get_doc({"doctype": "Shop Item", "title": "x"}).insert().title == "X"
    assert type(get_doc("Shop Item", get_doc("Shop Item", {"title": "X"}).name)) is BigItem


def test_a_subclass_with_fields_is_of_use_only_where_an_app_extends_the_type_by_it(site):
    class ColouredItem(ShopItem):
        colour = Data()

    said = r"ColouredItem adds the fields colour to 'Shop Item', but no app that is installed on test names it"
    for make in (lambda: ColouredItem(title="x"), lambda: get_doc(ColouredItem, "x"), lambda: get_all(ColouredItem)):
        with pytest.raises(AppNotInstalledError, match=said):
            make()
    with pytest.raises(AttributeError, match=r"ColouredItem\.colour: no loaded app extends 'Shop Item' by this class"):
        ColouredItem.colour  # noqa: B018


def test_a_subclass_with_a_meta_is_a_type_of_its_own_with_the_fields_of_its_base(site):
    class RareItem(ShopItem):
        meta = Meta()
        rarity = Int()

    site.use(RareItem)
    rare = RareItem(title="x", rarity=3).insert()
    assert get_doc("Rare Item", rare.name).as_dict()["title"] == "x"
    assert RareItem.__table__.name == "tabRare Item"
    assert "rarity" not in ShopItem.__table__.c


def test_a_class_without_fields_is_allowed(site):
    class EmptyThing(Document):
        pass

    site.use(EmptyThing)
    assert EmptyThing().insert().name


def test_a_meta_that_is_none_is_refused():
    with pytest.raises(SchemaError, match=r"BadMeta\.meta must be a Meta\(\.\.\.\), not dict"):

        class BadMeta(Document):
            meta = {"autoname": "hash"}


@pytest.mark.parametrize("name", ["name", "owner", "save", "flags", "doctype", "parent", "amended_from"])
def test_a_field_may_not_take_a_name_that_documents_need(name):
    with pytest.raises(SchemaError, match=rf"\.{name}: this name is taken by Document"):
        type("BadField", (Document,), {name: Data(), "__module__": __name__})


def test_on_the_class_a_field_is_its_column_and_on_the_instance_its_value(outlet):
    assert str(ShopOutlet.level > 5) == '"tabShop Outlet".level > :level_1'
    assert outlet.level == 0


def test_a_child_class_is_not_given_by_a_dict_of_another_type():
    strict = ShopStrict()
    with pytest.raises(ValidationError, match="a row is a dict or a Shop Tax, not ShopRow"):
        strict.append("rows", ShopRow())


def test_standard_columns_are_cast_too_and_refused_where_they_cannot_be():
    item = ShopItem(title="x").insert()
    item.idx = "3"
    item.creation = str(item.creation)
    item.save()
    assert (item.idx, get_doc("Shop Item", item.name).idx) == (3, 3)
    item.idx = "abc"
    with pytest.raises(ValidationError, match=r"Idx \(idx\): 'abc' is not valid: a whole number is expected"):
        item.save()
    item.idx = None
    item.save()
    assert get_doc("Shop Item", item.name).idx == 0
    item.creation = "yesterday"
    with pytest.raises(ValidationError, match=r"Creation \(creation\): 'yesterday' is not valid"):
        item.save()
    with pytest.raises(ValidationError, match="'many' is not valid"):
        ShopItem(idx="many").insert()
