"""The methods of documents beside their operations, with Frappe's names and meanings."""

from __future__ import annotations

from datetime import date

import pytest

from doclife.core.errors import (
    InvalidDates,
    NotSupported,
    UnknownFieldError,
    ValidationError,
)
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Currency, Data, Date, Datetime, Time
from doclife.schema.meta import Meta
from tests.unit.model.shop import ShopOutlet, ShopThing

# reading values


def test_getone_finds_the_first_row(invoice):
    invoice.append("rows", {"code": "B", "qty": 9})
    assert invoice.getone("rows", {"code": "B"}).qty == 4
    assert invoice.getone({"doctype": "Shop Row", "qty": 9}).code == "B"
    assert invoice.getone("rows", {"code": "Z"}) is None


def test_update_if_missing_fills_what_is_none():
    doc = ShopOutlet(code="A", city="kept")
    doc.update_if_missing({"city": "other", "manager": "Ada", "level": 3, "code": None})
    assert (doc.city, doc.manager, doc.level) == ("kept", "Ada", 0), "a number is never missing"
    with pytest.raises(UnknownFieldError):
        doc.update_if_missing({"citi": "x"})


def test_update_if_missing_takes_a_document_without_its_name(outlet):
    doc = ShopOutlet(code="A")
    doc.update_if_missing(outlet)
    assert (doc.name, doc.owner, doc.code, doc.city, doc.manager) == (None, None, "A", "Berlin", "Ada")


def test_get_valid_dict_has_the_columns_and_no_rows_and_no_password(invoice):
    values = invoice.get_valid_dict()
    assert values.outlet == "Berlin"
    assert values.day == invoice.day
    assert "rows" not in values
    thing = ShopThing(secret="x", day="2026-01-31", at="10:20", moment="2026-01-31 10:20")
    values = thing.get_valid_dict(convert_dates_to_str=True, ignore_nulls=True)
    assert (values.day, values["at"], values.moment) == ("2026-01-31", "10:20:00", "2026-01-31 10:20:00")
    assert {"secret", "label"} & values.keys() == set()
    thing.count = "many"
    with pytest.raises(ValidationError, match="'many' is not valid"):
        thing.get_valid_dict()


def test_as_dict_leaves_out_what_is_asked(invoice):
    full = invoice.as_dict()
    assert [row["code"] for row in full["rows"]] == ["A", "B"]
    short = invoice.as_dict(no_child_table_fields=True, no_default_fields=True)
    assert {"rows", "taxes", "owner", "creation"} & short.keys() == set()
    assert short["name"] == invoice.name
    text = invoice.as_dict(convert_dates_to_str=True)
    assert text["day"] == str(invoice.day)
    assert text["rows"][0]["creation"] == str(invoice.creation)
    assert isinstance(full["day"], date)


def test_onload_goes_with_the_dict_and_is_never_stored(invoice):
    assert (invoice.get_onload(), invoice.get_onload("x")) == ({}, None)
    invoice.set_onload("balance", 5)
    assert invoice.get_onload("balance") == invoice.get_onload()["balance"] == 5
    assert invoice.as_dict()["__onload"] == invoice.get("__onload") == {"balance": 5}
    assert "__onload" not in invoice.as_dict(no_private_properties=True)
    assert "__onload" not in invoice.as_json()
    invoice.save()
    assert get_doc("Shop Invoice", invoice.name).get_onload() == {}


def test_get_title_is_the_title_field_or_the_name(site, item):
    class Titled(Document):
        meta = Meta(title_field="label")
        label = Data()

    site.use(Titled)
    assert Titled(label="Lamp", name="T").get_title() == "Lamp"
    assert item.get_title() == "LAMP"


def test_precision_tells_the_places_that_are_kept(site, invoice):
    class PlacedRow(Document):
        meta = Meta(istable=True)
        rate = Currency(precision=3)

    assert PlacedRow().precision("rate") == 3
    assert invoice.precision("total") == 6
    assert invoice.precision("rate", "rows") == 6
    assert ShopThing().precision("weight") is None
    assert ShopThing().precision("count") is None
    with pytest.raises(UnknownFieldError, match="Did you mean 'total'"):
        invoice.precision("totl")
    with pytest.raises(UnknownFieldError):
        invoice.precision("rate", "no_table")


def test_get_formatted_is_text_for_people(invoice):
    invoice.total = "1234.5"
    assert invoice.get_formatted("total") == "1,234.50"
    assert invoice.get_formatted("remark") == ""
    assert invoice.get_formatted("name") == invoice.name


# dates


class Journey(Document):
    begins = Date()
    ends = Date()
    left = Datetime()
    at = Time()
    until = Time()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"begins": "2026-01-31"}, {"ends": "2026-01-31"}),
        ({"begins": "2026-01-31"}, {"ends": None}),
        ({"begins": "2026-01-31"}, {"left": "2026-01-31 00:00"}),
        ({"left": "2026-01-31 23:00"}, {"ends": "2026-01-31"}),
        ({"at": "10:00"}, {"until": "10:00:01"}),
    ],
)
def test_dates_in_order_are_accepted(site, first, second):
    Journey({**first, **second}).validate_from_to_dates(*first, *second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"begins": "2026-02-01"}, {"ends": "2026-01-31"}),
        ({"left": "2026-02-01 00:00"}, {"ends": "2026-01-31"}),
        ({"at": "10:00"}, {"until": "09:59"}),
    ],
)
def test_what_ends_before_it_begins_is_refused(first, second):
    with pytest.raises(InvalidDates, match="is before"):
        Journey({**first, **second}).validate_from_to_dates(*first, *second)


def test_the_refusal_names_both(site):
    journey = Journey(name="J", begins="2026-02-01", ends="2026-01-31")
    with pytest.raises(InvalidDates) as caught:
        journey.validate_from_to_dates("begins", "ends")
    assert str(caught.value) == "Journey J: Ends (ends) 2026-01-31 is before Begins (begins) 2026-02-01"
    with pytest.raises(UnknownFieldError):
        journey.validate_from_to_dates("begins", "end")
    journey.ends = "never"
    with pytest.raises(ValidationError, match="'never' is not valid"):
        journey.validate_from_to_dates("begins", "ends")
    journey.at = "10:00"
    with pytest.raises(ValidationError, match="cannot be compared"):
        journey.validate_from_to_dates("begins", "at")


# passwords and what there is not


def test_a_password_is_verified_and_never_read():
    thing = ShopThing(secret="open sesame").insert()
    assert thing.verify_password("secret", "open sesame")
    assert not thing.verify_password("secret", "sesame")
    with pytest.raises(NotSupported, match=r"Shop Thing.secret: passwords are stored one-way"):
        thing.get_password("secret")


def test_comments_are_refused_with_what_there_is_instead(invoice):
    with pytest.raises(NotSupported, match="track_changes"):
        invoice.add_comment("Comment", "checked")
