"""The scratch database gives back the types that it was given."""

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, MetaData, Table

from doclife.database import types
from doclife.database.scratch import OWN_TYPES, arguments, is_own, scratch_engine

OWN = {
    "a": types.ShortText(20),
    "b": types.LongText(),
    "c": types.JsonText(),
    "d": types.AmountType(9, 2),
    "e": types.NaiveDateTime(),
    "f": types.UtcDateTime(),
    "g": types.TimeOfDay(),
    "h": types.CheckType(),
    "i": types.BigInt(),
    "j": types.NameNumber(),
}
PLAIN = {
    "p": sa.Integer(),
    "q": sa.Date(),
    "r": sa.Double(),
    "s": sa.String(30),
    "t": sa.Boolean(),
    "u": sa.DateTime(),
    "v": sa.Numeric(9, 2),
    "w": sa.Text(),
}


@pytest.fixture
def connection():
    engine = scratch_engine()
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_types_come_back(connection):
    columns = [Column(name, kind) for name, kind in (OWN | PLAIN).items()]
    Table("t", MetaData(), Column("id", types.BigInt(), primary_key=True), *columns).create(connection)

    found = {column["name"]: column["type"] for column in sa.inspect(connection).get_columns("t")}

    assert {name: repr(found[name]) for name in OWN} == {name: repr(kind) for name, kind in OWN.items()}
    assert {name: type(found[name]) for name in PLAIN} == {name: type(kind) for name, kind in PLAIN.items()}
    assert repr(found["v"]) == "Numeric(precision=9, scale=2)"
    assert type(found["id"]) is types.BigInt


def test_every_own_type_is_covered():
    assert set(OWN_TYPES.values()) == {type(kind) for kind in OWN.values()}
    assert all(is_own(kind) for kind in OWN.values())
    assert not any(is_own(kind) for kind in PLAIN.values())


def test_arguments():
    assert arguments(types.ShortText(20)) == [20]
    assert arguments(types.AmountType()) == [21, 6]
    assert arguments(types.BigInt()) == []


def test_automatic_keys_number_themselves(connection):
    """A revision may insert rows; they must find their way here as well."""
    table = Table("t", MetaData(), Column("id", types.BigInt(), primary_key=True), Column("x", types.AmountType()))
    table.create(connection)
    connection.execute(sa.insert(table), [{"x": 1}, {"x": 2}])
    assert connection.execute(sa.select(table.c.id).order_by(table.c.id)).scalars().all() == [1, 2]
