"""Many documents and rows at once: more than one statement takes, with and without values."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from doclife.core.amount import Amount
from doclife.core.errors import DuplicateEntryError, UniqueValidationError
from doclife.model.access import get_doc, get_docs
from doclife.model.bulk import insert_many
from doclife.model.document import Document
from doclife.query.db import db
from doclife.schema.fieldtypes import Data, Table
from doclife.schema.meta import Meta
from tests.unit.model.shop import ShopInvoice, ShopOutlet, ShopThing

FULL = {
    "label": "%s $1 %% ' \\",
    "choice": "Red",
    "flag": 1,
    "count": 2**40,
    "weight": 0.1,
    "price": Amount("12.345678"),
    "day": date(2026, 1, 31),
    "moment": datetime(2026, 1, 31, 12, 30, 15, 123456),
    "at": time(1, 2, 3, 4),
    "data": {"a": [1, None]},
    "level": 40_000,
}


def _of(n):
    """Returns the values of the n-th document: every field is empty in some and of several sizes in others."""
    return {field: value for place, (field, value) in enumerate(FULL.items()) if n % (place + 2)} | {"short": str(n)}


@pytest.mark.parametrize("size", [1, 2, 16, 17, 300])
def test_each_document_of_a_batch_gets_its_own_values(unit, size):
    made = insert_many([ShopThing(_of(n)) for n in range(size)])
    unit.commit()
    found = get_docs("Shop Thing", [each.name for each in made])
    assert len(found) == size
    for n, doc in enumerate(found):
        given = _of(n)
        assert {field: doc.get(field) for field in given} == given
        empty = [field for field in FULL if field not in given]
        assert [doc.get(field) for field in empty] == [ShopThing().get(field) for field in empty]


def test_rows_that_differ_in_what_is_empty(unit):
    rows = [{"code": str(n)} | ({"note": f"note {n}"} if n % 2 else {"qty": n}) for n in range(130)]
    name = ShopInvoice(rows=rows).insert().name
    unit.commit()
    found = get_doc("Shop Invoice", name).rows
    assert [(row.idx, row.code, row.note) for row in found] == [
        (n + 1, str(n), f"note {n}" if n % 2 else None) for n in range(130)
    ]
    assert [row.qty for row in found] == [1 if n % 2 else n for n in range(130)]


@pytest.mark.parametrize("position", [0, 15, 16, 199])
def test_a_key_that_is_taken_is_named_wherever_it_stands(unit, position):
    ShopOutlet(code="taken").insert()
    outlets = [ShopOutlet(code=f"new {n}") for n in range(200)]
    outlets[position].code = "taken"
    with pytest.raises((DuplicateEntryError, UniqueValidationError), match="'taken'"):
        insert_many(outlets)
    assert all(outlet.is_new() for outlet in outlets)
    unit.commit()
    assert db.get_all("Shop Outlet", pluck="name") == ["taken"]


def test_a_table_whose_name_has_marks_of_parameters(shop_site, unit, engine):
    class PercentRow(Document):
        meta = Meta(istable=True, doctype="100%s $1 Row")
        text = Data()

    class PercentThing(Document):
        meta = Meta(doctype="100%s $1 Thing")
        rows = Table(PercentRow)

    shop_site.doctypes |= {cls.meta.doctype: cls for cls in (PercentThing, PercentRow)}
    tables = [PercentThing.__table__, PercentRow.__table__]
    PercentThing.__table__.metadata.create_all(engine, tables=tables)
    try:
        made = PercentThing(rows=[{"text": str(n)} for n in range(3)]).insert()
        made.rows[0].text = "changed"
        made.rows.pop()
        made.save()
        unit.commit()
        assert [row.text for row in get_doc(PercentThing, made.name).rows] == ["changed", "1"]
    finally:
        unit.rollback()  # a reader would keep the tables
        PercentThing.__table__.metadata.drop_all(engine, tables=tables)
