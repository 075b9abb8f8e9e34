"""How many decimal places a number keeps: six of an amount, or what the field says; never more than a database can."""

from __future__ import annotations

import pytest

from doclife.core.amount import Amount
from doclife.core.errors import SchemaError, ValidationError
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.query.db import db
from doclife.schema.fieldtypes import Currency, Float, Percent, Table
from doclife.schema.meta import Meta
from tests.contract.databases import only_on
from tests.unit.model.shop import ShopThing


class PreciseRow(Document):
    meta = Meta(istable=True)

    rate = Currency(precision=3)


class Precise(Document):
    price = Currency(precision=2)
    share = Percent(precision=0)
    exact = Currency()
    weight = Float(precision=1)
    loose = Float()
    rows = Table(PreciseRow)


@pytest.fixture(autouse=True)
def types(site):
    site.use(Precise)


def _values(doc):
    return (str(doc.price), str(doc.share), str(doc.exact), doc.weight, doc.loose, [str(row.rate) for row in doc.rows])


GIVEN = {"price": "1.005", "share": 12.5, "exact": "1.0000005", "weight": 2.25, "loose": 0.123456789}


def test_saving_rounds_half_even_to_the_places_of_the_field():
    doc = Precise(GIVEN, rows=[{"rate": "0.0005"}, {"rate": "0.0015"}]).insert()
    assert _values(doc) == ("1.00", "12", "1.000000", 2.2, 0.123456789, ["0.000", "0.002"])
    doc.price, doc.share, doc.weight = "1.015", 13.5, 2.35  # 2.35 is a little more than it says
    doc.rows[0].rate = "0.0025"
    doc.save()
    stored = get_doc(Precise, doc.name)
    assert (stored.price, stored.share, stored.weight) == (Amount("1.02"), 14, 2.4)
    assert stored.rows[0].rate == Amount("0.002")


def test_db_set_and_set_value_round_as_saving_does():
    doc = Precise().insert()
    doc.db_set({"price": "1.005", "exact": "1.0000015", "weight": 2.25})
    stored = get_doc(Precise, doc.name)
    for each in (doc, stored):
        assert (each.price, each.exact, each.weight) == (1, Amount("1.000002"), 2.2)
    db.set_value("Precise", doc.name, {"price": "3.145", "weight": 0.05, "exact": "0.0000025"})
    stored = get_doc(Precise, doc.name)
    assert (stored.price, stored.weight, stored.exact) == (Amount("3.14"), round(0.05, 1), Amount("0.000002"))


def test_a_save_that_changes_nothing_else_finds_nothing_to_round():
    doc = Precise(GIVEN).insert()
    row = doc._state.row
    doc.save()
    index = doc._blueprint.format.index
    assert all(doc._state.row[index[name]] == row[index[name]] for name in GIVEN)


@pytest.mark.parametrize("precision", [-1, 7, 2.0, "2", True])
def test_a_precision_that_cannot_be_is_refused(precision):
    with pytest.raises(SchemaError, match=r"Currency\(precision=.*\): a whole number from 0 to 6 is expected"):
        Currency(precision=precision)


def test_a_float_may_keep_more_places_than_an_amount():
    assert Float(precision=15).precision == 15
    with pytest.raises(SchemaError, match="from 0 to 15"):
        Float(precision=16)


@only_on("sqlite")
@pytest.mark.parametrize(
    "price",
    [
        "9007199254740992",  # 16 digits, although 2 ** 53 is a float
        "1234567890123456",
        "1000000000.000001",
        "1073741824.000001",
    ],
)
def test_sixteen_digits_are_refused_on_sqlite_even_where_a_float_has_them(price):
    with pytest.raises(ValidationError, match="more than the 15 digits that SQLite keeps"):
        ShopThing(price=price).insert()
    thing = ShopThing().insert()
    with pytest.raises(ValidationError, match="more than the 15 digits that SQLite keeps"):
        thing.db_set("price", price)


@only_on("sqlite")
def test_digits_far_before_the_point_are_kept_on_sqlite():
    thing = ShopThing(price="12345678901234500000").insert()
    assert get_doc("Shop Thing", thing.name).price == Amount("12345678901234500000")


@pytest.mark.parametrize("price", ["999999999.999999", "123456789012345", "1000000000.00001"])
def test_fifteen_digits_are_kept(price):
    thing = ShopThing(price=price).insert()
    assert get_doc("Shop Thing", thing.name).price == Amount(price)
