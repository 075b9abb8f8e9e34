"""Insert, save and load: what is stored, what is stamped, and who else may have been there."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from doclife.core.amount import Amount
from doclife.core.context import current
from doclife.core.errors import (
    DoesNotExistError,
    DuplicateEntryError,
    UniqueValidationError,
    UnknownFieldError,
    ValidationError,
)
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Currency, Data
from doclife.testing import as_user, capture_statements, make_user, travel_to
from tests.contract.databases import only_on
from tests.stored import plain, stored
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopOutlet, ShopRow, ShopThing

on_sqlite = only_on("sqlite")


def _stored(doctype, name, *columns):
    return stored(doctype, *columns, name=name)[0]


def test_every_type_of_value_comes_back_as_it_was():
    values = {
        "label": "Grüße",
        "small": "a\nb",
        "text": "<b>kept</b>",
        "code": "x = 1",
        "choice": "Red",
        "flag": 1,
        "count": -(2**62),
        "weight": 0.1,
        "price": Amount("1234567.891234"),
        "share": Amount("-0.5"),
        "day": date(1999, 12, 31),
        "moment": datetime(2026, 1, 2, 3, 4, 5, 678901),
        "at": time(23, 59, 59, 123456),
        "data": {"list": [1, "a", None], "nested": {"x": 1.5}},
    }
    thing = ShopThing(values).insert()
    loaded = get_doc("Shop Thing", thing.name)
    for name, value in values.items():
        assert getattr(loaded, name) == value, name
        assert type(getattr(loaded, name)) is type(value), name


def test_empty_values_come_back_empty():
    loaded = get_doc("Shop Thing", ShopThing().insert().name)
    assert (loaded.label, loaded.day, loaded.data, loaded.choice) == (None, None, None, None)
    assert (loaded.flag, loaded.count, loaded.weight, loaded.price) == (0, 0, 0.0, Amount(0))


def test_an_insert_is_stamped_with_time_and_user():
    make_user("ada@example.com")
    with travel_to("2026-03-01 10:00:00.000001"), as_user("ada@example.com"):
        item = ShopItem(title="x").insert(ignore_permissions=True)
    moment = datetime(2026, 3, 1, 10, 0, 0, 1)
    assert (item.creation, item.modified) == (moment, moment)
    assert (item.owner, item.modified_by) == ("ada@example.com", "ada@example.com")
    assert _stored("Shop Item", item.name, "creation", "owner") == (
        datetime(2026, 3, 1, 10, 0, 0, 1),
        "ada@example.com",
    )


def test_what_the_caller_sets_as_owner_and_creation_of_an_insert_does_not_count():
    item = ShopItem(title="x", owner="someone@example.com", creation="2000-01-01").insert()
    assert item.owner == "Administrator"
    assert item.creation.year > 2000


def test_a_save_is_stamped_and_leaves_owner_and_creation(outlet):
    before = (outlet.owner, outlet.creation, outlet.modified)
    make_user("ada@example.com")
    with as_user("ada@example.com"):
        outlet.city = "Bonn"
        outlet.save(ignore_permissions=True)
    assert (outlet.owner, outlet.creation) == before[:2]
    assert outlet.modified > before[2]
    assert outlet.modified_by == "ada@example.com"


def test_modified_grows_although_the_clock_stands_still(outlet):
    with travel_to(outlet.modified - timedelta(hours=1)):
        before = outlet.modified
        outlet.save()
        assert outlet.modified == before + timedelta(microseconds=1)
        outlet.save()
        assert outlet.modified == before + timedelta(microseconds=2)


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_times_are_those_of_the_site():
    with travel_to("2026-03-01T10:00:00+00:00"):
        assert ShopItem(title="x").insert().creation == datetime(2026, 3, 1, 19)


def test_only_changed_columns_are_written(outlet):
    outlet.city = "Bonn"
    with capture_statements() as statements:
        outlet.save()
    assert [plain(text).partition(" AND NOT (EXISTS")[0] for text in statements if text.startswith("UPDATE")] == [
        'UPDATE "tabShop Outlet" SET modified=?, city=? WHERE "tabShop Outlet".name = ? '
        'AND "tabShop Outlet".modified = ?'
    ]


def test_an_unsaved_change_is_never_written(outlet):
    outlet.city = "Bonn"
    current().unit.commit()
    assert get_doc("Shop Outlet", "Berlin").city == "Berlin"


def test_every_get_doc_is_a_new_object(outlet):
    assert get_doc("Shop Outlet", "Berlin") is not get_doc("Shop Outlet", "Berlin")
    assert get_doc(outlet) is outlet


def test_the_class_says_what_the_text_says(outlet):
    assert type(get_doc(ShopOutlet, "Berlin")) is ShopOutlet
    assert get_doc(ShopOutlet, {"city": "Berlin"}).name == "Berlin"


def test_a_second_save_of_what_did_not_change_moves_modified_only(outlet):
    before = outlet.modified
    outlet.save()
    assert get_doc("Shop Outlet", "Berlin").modified == outlet.modified > before


# amounts


@pytest.mark.parametrize(
    ("given", "kept"),
    [("0.1234565", "0.123456"), ("0.1234575", "0.123458"), ("-0.0000004", "0"), ("1e3", "1000"), (0.1, "0.1")],
)
def test_amounts_are_rounded_half_even_to_six_places_when_saved(given, kept):
    thing = ShopThing(price=given).insert()
    assert thing.price == Amount(kept)
    assert get_doc("Shop Thing", thing.name).price == Amount(kept)


def test_amounts_in_rows_are_rounded_too():
    invoice = ShopInvoice()
    invoice.append("rows", {"code": "A", "rate": "0.12345678"})
    invoice.insert()
    assert invoice.rows[0].rate == Amount("0.123457")
    assert get_doc("Shop Invoice", invoice.name).rows[0].rate == Amount("0.123457")


def test_a_sum_of_loaded_amounts_is_exact():
    names = [ShopThing(price="0.1").insert().name for _ in range(10)]
    assert sum(get_doc("Shop Thing", name).price for name in names) == 1


@on_sqlite
def test_the_largest_amount_that_sqlite_keeps_comes_back_exactly():
    thing = ShopThing(price="999999999.999999", share="123456789012345").insert()
    loaded = get_doc("Shop Thing", thing.name)
    assert (loaded.price, loaded.share) == (Amount("999999999.999999"), 123456789012345)


@on_sqlite
def test_an_amount_that_sqlite_cannot_keep_is_refused_naming_document_and_field():
    thing = ShopThing(label="x", price="123456789012.123457")
    with pytest.raises(ValidationError) as caught:
        thing.insert()
    assert str(caught.value) == (
        f"Shop Thing {caught.value.context['name']}: Price (price): 123456789012.123457 has more than the 15 digits "
        "that SQLite keeps"
    )
    assert caught.value.context["field"] == "price"
    assert thing.is_new()
    thing.price = 1
    thing.insert()
    with pytest.raises(ValidationError, match=r"Price \(price\): 123456789012\.123457 has more"):
        thing.db_set("price", "123456789012.123457")


@on_sqlite
def test_an_amount_of_a_row_that_cannot_be_kept_names_the_row(invoice):
    invoice.rows[1].rate = Amount("123456789012.123457")
    with pytest.raises(ValidationError, match=r"row 2 of rows: Rate \(rate\): 123456789012\.123457 has more"):
        invoice.save()


@pytest.mark.parametrize("huge", ["1e25", "1e40"])
def test_an_amount_beyond_all_measure_is_refused_or_kept_exactly(huge):
    thing = ShopThing(price=huge)
    if current().unit.link.dialect == "sqlite":
        thing.insert()
        assert get_doc("Shop Thing", thing.name).price == Amount(huge)
    else:
        with pytest.raises(ValidationError, match=r"Price \(price\): 10+\.0+ has more than 15 digits before the point"):
            thing.insert()
        assert thing.is_new()


# duplicates


def test_a_name_that_exists_is_refused_and_the_transaction_goes_on(outlet):
    with pytest.raises(DuplicateEntryError) as caught:
        ShopOutlet(code="Berlin").insert()
    assert str(caught.value) == "Shop Outlet 'Berlin' exists already"
    assert ShopOutlet(code="Bonn").insert().name == "Bonn"


def test_a_duplicate_may_be_ignored_and_nothing_of_it_is_left(site, outlet):
    fired = []
    site.registry.connect("Shop Outlet", "after_insert", lambda doc: fired.append(doc.name))
    again = ShopOutlet(code="Berlin", city="Elsewhere")
    assert again.insert(ignore_if_duplicate=True) is again
    assert again.is_new()
    assert fired == []
    assert get_doc("Shop Outlet", "Berlin").city == "Berlin"


def test_a_duplicate_of_another_document_in_an_event_is_not_ignored(site, outlet):
    site.registry.connect("Shop Item", "on_update", lambda doc: ShopOutlet(code="Berlin").insert())
    with pytest.raises(DuplicateEntryError, match="Shop Outlet 'Berlin'"):
        ShopItem(title="x").insert(ignore_if_duplicate=True)


def test_a_value_that_must_be_unique_is_refused_naming_field_and_value(site):
    class NumberedThing(Document):
        number = Data(unique=True)

    site.use(NumberedThing)
    first = NumberedThing(number="7").insert()
    with pytest.raises(UniqueValidationError) as caught:
        NumberedThing(number="7").insert(set_name="second")
    assert str(caught.value) == "Numbered Thing second: Number (number) must be unique, and '7' is taken"
    assert caught.value.context == {"doctype": "Numbered Thing", "name": "second", "field": "number", "value": "7"}
    other = NumberedThing(number="8").insert()
    other.number = "7"
    with pytest.raises(UniqueValidationError):
        other.save()
    with pytest.raises(UniqueValidationError):
        other.db_set("number", "7")
    assert get_doc("Numbered Thing", first.name).number == "7"
    assert get_doc("Numbered Thing", other.name).number == "8"


def test_several_empty_values_may_coexist_in_a_unique_field(site):
    class BlankThing(Document):
        number = Data(unique=True)

    site.use(BlankThing)
    for blank in ("", None, ""):
        assert BlankThing(number=blank).insert().number is None


def test_a_unique_field_of_a_row_is_checked(site):
    class SerialRow(Document):
        from doclife.schema.meta import Meta

        meta = Meta(istable=True)
        serial = Data(unique=True)

    class SerialThing(Document):
        from doclife.schema.fieldtypes import Table

        rows = Table(SerialRow)

    site.use(SerialThing)
    SerialThing(rows=[{"serial": "1"}]).insert()
    with pytest.raises(UniqueValidationError, match=r"row 1 of rows: Serial \(serial\) must be unique, and '1'"):
        SerialThing(rows=[{"serial": "1"}]).insert()


@pytest.mark.parametrize("way", ["save", "delete", "db_set"])
def test_the_name_cannot_be_changed_by_assignment(outlet, way):
    outlet.name = "Bonn"
    with pytest.raises(ValidationError, match=r"cannot be changed to 'Bonn' by assignment; use rename_doc"):
        outlet.db_set("city", "Bonn") if way == "db_set" else getattr(outlet, way)()
    assert (outlet.name, outlet.city) == ("Berlin", "Berlin")
    assert stored("Shop Outlet", "name", "city") == [("Berlin", "Berlin")]


# rows locked


def test_a_document_loaded_for_update_begins_the_transaction(site):
    current().unit.commit()
    assert not current().unit.link.writing
    ShopOutlet(code="X").insert()
    current().unit.commit()
    get_doc("Shop Outlet", "X", for_update=True)
    assert current().unit.link.writing


def test_as_dict_holds_values_and_rows_but_no_secrets(invoice):
    values = invoice.as_dict()
    assert values.doctype == "Shop Invoice"
    assert [row["code"] for row in values["rows"]] == ["A", "B"]
    thing = ShopThing(label="x", secret="s3cret")
    assert "secret" not in thing.as_dict()
    assert set(ShopItem(title="x").as_dict(no_nulls=True, no_default_fields=True)) == {"doctype", "title", "price"}


def test_db_get_reads_the_stored_column(outlet):
    outlet.city = "Bonn"
    assert outlet.db_get("city") == "Berlin"
    with pytest.raises(UnknownFieldError, match=r"has no column 'citi'\. Did you mean 'city'"):
        outlet.db_get("citi")
    outlet.delete()
    with pytest.raises(DoesNotExistError):
        outlet.db_get("city")


def test_a_row_of_a_currency_default_is_cast(site):
    class PricedThing(Document):
        price = Currency(default="2.5")

    site.use(PricedThing)
    assert PricedThing().insert().price == Amount("2.5")


def test_a_child_class_alone_has_no_table_of_its_own_documents(site):
    row = ShopRow(code="A")
    assert (row.parent, row.parenttype, row.parent_doc) == (None, None, None)
