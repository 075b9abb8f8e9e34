"""Statements: texts compiled once per database, and values on their way in and out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.dialects import mysql, postgresql, sqlite

from doclife.core.amount import Amount
from doclife.model.document import Document
from doclife.schema import fieldtypes as fields
from doclife.schema.meta import Meta

DIALECTS = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect(), "mariadb": mysql.dialect()}


@pytest.fixture
def blueprint():
    class Stated(Document):
        meta = Meta(istable=True)
        price = fields.Currency()
        moment = fields.Datetime()
        day = fields.Date()
        at = fields.Time()
        facts = fields.JSON()
        title = fields.Data()

    return Stated._blueprint


VALUES = {
    "price": Amount("12.5"),
    "moment": datetime(2026, 1, 2, 3, 4, 5, 6),
    "day": date(2026, 1, 2),
    "at": time(3, 4, 5, 6),
    "facts": '{"a":1}',
    "title": "x",
}


def _row(blueprint, **values):
    return (
        blueprint.format.take(blueprint.template | {"facts": None})
        if not values
        else tuple({**blueprint.template, **values}[name] for name in blueprint.columns)
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_row_comes_back_as_it_went(blueprint, dialect):
    statements = blueprint.statements(DIALECTS[dialect])
    row = _row(blueprint, **VALUES)
    stored = dict(zip(blueprint.columns, statements.bind(row), strict=True))
    if dialect != "sqlite":  # dates go as text, and a server gives dates
        stored["moment"] = datetime.fromisoformat(stored["moment"])
        stored["day"] = date.fromisoformat(stored["day"])
    back = statements.load(tuple(stored.values()))
    assert back == row
    assert [type(value) for value in back] == [type(value) for value in row]


def test_values_on_the_way_into_sqlite_and_back(blueprint):
    statements = blueprint.statements(DIALECTS["sqlite"])
    bound = dict(zip(blueprint.columns, statements.bind(_row(blueprint, **VALUES)), strict=True))
    assert (bound["price"], bound["moment"]) == (12.5, "2026-01-02 03:04:05.000006")
    assert (bound["day"], bound["at"]) == ("2026-01-02", "03:04:05.000006")


def test_values_on_the_way_to_a_server_are_of_the_types_its_driver_knows(blueprint):
    statements = blueprint.statements(DIALECTS["postgresql"])
    bound = dict(zip(blueprint.columns, statements.bind(_row(blueprint, **VALUES)), strict=True))
    assert type(bound["price"]) is Decimal
    assert (bound["moment"], bound["day"]) == ("2026-01-02 03:04:05.000006", "2026-01-02")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_datetime_is_its_own_text(blueprint, dialect):
    """The last one that was made text is remembered; an equal object and one that changes are not mixed up."""
    statements = blueprint.statements(DIALECTS[dialect])
    first, equal, other = datetime(2026, 1, 2), datetime(2026, 1, 2), datetime(1, 1, 1, 23, 59, 0, 1)
    texts = {first: "2026-01-02 00:00:00.000000", other: "0001-01-01 23:59:00.000001", None: None}
    for moment in (first, equal, other, first, None, other, other, equal):
        assert statements.bind_columns(("moment", "modified"), (moment, moment)) == [texts[moment]] * 2


def test_a_time_that_mariadb_gives_as_a_distance_is_a_time_of_day(blueprint):
    statements = blueprint.statements(DIALECTS["mariadb"])
    row = list(_row(blueprint, **VALUES))
    row[blueprint.format.index["at"]] = timedelta(hours=3, minutes=4, seconds=5, microseconds=6)
    assert statements.load(tuple(row))[blueprint.format.index["at"]] == time(3, 4, 5, 6)


def test_none_stays_none_on_every_way(blueprint):
    for dialect in DIALECTS.values():
        statements = blueprint.statements(dialect)
        row = (None,) * len(blueprint.columns)
        assert statements.bind(row) == statements.load(row) == row


def test_texts_are_compiled_once(blueprint):
    statements = blueprint.statements(DIALECTS["sqlite"])
    assert blueprint.statements(DIALECTS["sqlite"]) is statements
    assert statements.update(("title",), locked=True) is statements.update(("title",), locked=True)
    assert statements.delete_many(3) is statements.delete_many(3)
    assert statements.update_many(("title",), 2) is statements.update_many(("title",), 2)


def test_the_texts_of_sqlite(blueprint):
    statements = blueprint.statements(DIALECTS["sqlite"])
    assert statements.insert.startswith('INSERT INTO "tabStated" (name, owner, creation, ')
    assert statements.insert.count("?") == len(blueprint.columns)
    assert statements.update(("title", "day"), locked=True) == (
        'UPDATE "tabStated" SET title=?, day=? WHERE "tabStated".name = ? AND "tabStated".modified = ?'
    )
    assert statements.update(("title",), locked=False) == 'UPDATE "tabStated" SET title=? WHERE "tabStated".name = ?'
    assert statements.update(("title",), locked=False, undated=True) == (
        'UPDATE "tabStated" SET title=? WHERE "tabStated".name = ? AND "tabStated".modified IS NULL'
    )
    assert statements.delete_many(2) == 'DELETE FROM "tabStated" WHERE "tabStated".name IN (?, ?)'
    assert statements.update_many(("title",), 2) == 'UPDATE "tabStated" SET title=? WHERE "tabStated".name IN (?, ?)'
    assert "FOR UPDATE" not in statements.select_for_update


def test_the_texts_of_servers_have_their_own_signs_and_lock(blueprint):
    for name in ("postgresql", "mariadb"):
        statements = blueprint.statements(DIALECTS[name])
        assert statements.insert.count("%s") == len(blueprint.columns)
        assert statements.select_for_update.endswith("FOR UPDATE")
        assert statements.select_rows_for_update.endswith("FOR UPDATE")


def test_columns_are_bound_one_by_one(blueprint):
    statements = blueprint.statements(DIALECTS["sqlite"])
    assert statements.bind_columns(("price", "title", "day"), (Amount("0.1"), None, date(2026, 1, 2))) == [
        0.1,
        None,
        "2026-01-02",
    ]


def test_operational_times_are_utc_in_the_table_and_naive_in_python():
    from doclife.doctypes.background_job import BackgroundJob

    statements = BackgroundJob._blueprint.statements(DIALECTS["sqlite"])
    (bound,) = statements.bind_columns(("run_at",), (datetime(2026, 1, 2, 3, tzinfo=UTC),))
    assert bound == "2026-01-02 03:00:00.000000"


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_operational_times_are_those_of_the_site_in_a_context(site):
    from doclife.doctypes.background_job import BackgroundJob

    blueprint = BackgroundJob._blueprint
    statements = blueprint.statements(DIALECTS["sqlite"])
    place = blueprint.format.index["run_at"]
    row = [None] * len(blueprint.columns)
    row[place] = datetime(2026, 1, 2, 12)
    bound = statements.bind(tuple(row))
    assert bound[place] == "2026-01-02 03:00:00.000000"
    assert statements.load(bound)[place] == datetime(2026, 1, 2, 12)
