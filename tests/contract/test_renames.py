"""Columns that are renamed, or change their type, keep their values on every database."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy import Column

from doclife.core.amount import Amount
from doclife.core.errors import MigrationError
from doclife.database import types
from doclife.database.drift import check
from doclife.database.migrate import downgrade, upgrade
from tests.contract.databases import MARKED, fresh_engine
from tests.contract.migrations import (
    INVOICE,
    Project,
    column_names,
    framework,
    invoice,
    new_metadata,
    quoted,
    rows,
    run,
)

pytestmark = pytest.mark.slow_on_servers

NUMBER = {"nullable": False, "server_default": "0"}


@pytest.fixture(params=MARKED)
def engine(request, tmp_path):
    with fresh_engine(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "apps")


def _renamed(name, kind, before, **options):
    return Column(name, kind, info={"renamed_from": before}, **options)


def _insert(engine, table, *values):
    with engine.begin() as connection:
        for each in values:
            connection.execute(table.insert().values(each))


def _stored(engine, table, name):
    with engine.connect() as connection:
        return dict(connection.execute(sa.select(table.c.name, table.c[name])).all())


#: name -> (type before, value before, type after, value after); None comes through as None, or as 0 in numbers
CHANGES = {
    "text_int": (types.ShortText(), "12", types.BigInt(), 12),
    "text_amount": (types.ShortText(), "1.25", types.AmountType(), Amount("1.25")),
    "text_date": (types.ShortText(), "2026-01-31", types.Date(), date(2026, 1, 31)),
    "text_long": (types.ShortText(20), "x" * 20, types.LongText(), "x" * 20),
    "long_text": (types.LongText(), "x" * 20, types.ShortText(20), "x" * 20),
    "longer": (types.ShortText(20), "x" * 20, types.ShortText(140), "x" * 20),
    "int_text": (types.BigInt(), 12, types.ShortText(), "12"),
    "int_amount": (types.BigInt(), 12, types.AmountType(), Amount(12)),
    "check_int": (types.CheckType(), 1, types.BigInt(), 1),
    "amount_int": (types.AmountType(), Amount(12), types.BigInt(), 12),
    "double_amount": (types.Double(), 1.25, types.AmountType(), Amount("1.25")),
    "date_datetime": (types.Date(), date(2026, 1, 31), types.NaiveDateTime(), datetime(2026, 1, 31)),
    "datetime_date": (types.NaiveDateTime(), datetime(2026, 1, 31, 23, 59, 58), types.Date(), date(2026, 1, 31)),
    "datetime_text": (types.NaiveDateTime(), datetime(2026, 1, 31, 1, 2, 3, 450000), types.LongText(), None),
}


def _options(kind):
    return NUMBER if isinstance(kind, (types.BigInt, types.AmountType, types.CheckType, types.Double)) else {}


@pytest.mark.parametrize("prefix", ["", "new_"], ids=["same name", "renamed"])
def test_values_are_converted(engine, project, prefix):
    before = new_metadata()
    table = invoice(before, *(Column(name, kind, **_options(kind)) for name, (kind, *_) in CHANGES.items()))
    project.revise(before, "shop")
    upgrade(engine, before, [project.shop])
    # a row with every value, and one with as little as there can be
    _insert(
        engine, table, {"name": "full"} | {name: value for name, (_, value, *_) in CHANGES.items()}, {"name": "empty"}
    )
    after = new_metadata()
    table = invoice(
        after,
        *(
            _renamed(f"{prefix}{name}", kind, name if prefix else "", **_options(kind))
            for name, (_, _, kind, _) in CHANGES.items()
        ),
    )
    path = project.revise(after, "shop", "change the types")

    upgrade(engine, after, [project.shop])

    assert "drop_column" not in path.read_text()
    assert check(engine, after, [project.shop]) == []
    assert project.revise(after, "shop", "again") is None
    for name, (kind, _, new_kind, value) in CHANGES.items():
        stored = _stored(engine, table, f"{prefix}{name}")
        if value is None:  # how a time reads as text is the database's
            assert stored["full"].startswith("2026-01-31 01:02:03.45")
        else:
            assert stored["full"] == value, name
        nothing = 0 if _options(new_kind) else ("0" if _options(kind) else None)
        assert stored["empty"] == nothing, name
    downgrade(engine, after, project.shop, "shop_0001")
    path.unlink()
    assert check(engine, before, [project.shop]) == []


def test_a_moment_keeps_its_time(engine, project):
    before = new_metadata()
    table = invoice(before, Column("opens", types.NaiveDateTime()))
    project.revise(before, "shop")
    upgrade(engine, before, [project.shop])
    _insert(engine, table, {"name": "a", "opens": datetime(2026, 1, 31, 23, 59, 58, 7)}, {"name": "b"})
    after = new_metadata()
    table = invoice(after, Column("opens", types.TimeOfDay()))
    project.revise(after, "shop", "times")
    upgrade(engine, after, [project.shop])
    assert _stored(engine, table, "opens") == {"a": time(23, 59, 58, 7), "b": None}


def test_an_empty_text_that_becomes_a_number_is_0(engine, project):
    before = new_metadata()
    invoice(before, Column("qty", types.ShortText()))
    project.revise(before, "shop")
    upgrade(engine, before, [project.shop])
    table = quoted(engine, INVOICE)
    run(engine, f"INSERT INTO {table} (name, qty) VALUES ('a', ''), ('b', '7')")
    after = new_metadata()
    invoice(after, Column("qty", types.BigInt(), **NUMBER))
    project.revise(after, "shop", "count")
    upgrade(engine, after, [project.shop])
    assert rows(engine, f"SELECT name, qty FROM {table} ORDER BY name") == [("a", 0), ("b", 7)]


# SQLite reads any text as some number
@pytest.mark.parametrize("engine", ["postgres", "mariadb"], indirect=True)
def test_a_value_that_cannot_be_converted_stops_the_migration_and_stays(engine, project):
    before = new_metadata()
    invoice(before, Column("qty", types.ShortText()))
    project.revise(before, "shop")
    upgrade(engine, before, [project.shop])
    table = quoted(engine, INVOICE)
    run(engine, f"INSERT INTO {table} (name, qty) VALUES ('a', 'many')")
    after = new_metadata()
    invoice(after, Column("qty", types.BigInt(), **NUMBER))
    project.revise(after, "shop", "count")
    with pytest.raises(MigrationError, match=r"Correct 0002_count\.py or the data it met, then migrate again"):
        upgrade(engine, after, [project.shop])
    run(engine, f"UPDATE {table} SET qty = '8'")
    upgrade(engine, after, [project.shop])
    assert rows(engine, f"SELECT qty FROM {table}") == [(8,)]


def test_a_column_that_is_renamed_twice_keeps_its_values(engine, project):
    table = quoted(engine, INVOICE)
    for number, (name, before) in enumerate([("outlet", ""), ("shop", "outlet"), ("branch", "shop")], start=1):
        metadata = new_metadata()
        invoice(metadata, _renamed(name, types.ShortText(), before, unique=True))
        project.revise(metadata, "shop", f"step {number}")
        if number != 2:  # the second and the third are applied together
            upgrade(engine, metadata, [project.shop])
        if number == 1:
            run(engine, f"INSERT INTO {table} (name, outlet) VALUES ('a', 'Graz')")
    assert rows(engine, f"SELECT name, branch FROM {table}") == [("a", "Graz")]
    assert check(engine, metadata, [project.shop]) == []
    with pytest.raises(sa.exc.IntegrityError):
        run(engine, f"INSERT INTO {table} (name, branch) VALUES ('b', 'Graz')")


def test_two_columns_may_change_places(engine, project):
    before = new_metadata()
    invoice(before, Column("a", types.ShortText(), index=True), Column("b", types.ShortText()))
    project.revise(before, "shop")
    upgrade(engine, before, [project.shop])
    table = quoted(engine, INVOICE)
    run(engine, f"INSERT INTO {table} (name, a, b) VALUES ('x', '1', '2')")
    after = new_metadata()
    invoice(after, _renamed("c", types.ShortText(), "a"), _renamed("d", types.ShortText(), "b", index=True))
    project.revise(after, "shop", "clearer")
    upgrade(engine, after, [project.shop])
    assert rows(engine, f"SELECT c, d FROM {table}") == [("1", "2")]
    assert check(engine, after, [project.shop]) == []


def test_a_column_that_an_app_has_added_is_renamed_by_that_app(engine, project):
    def declared(column):
        metadata = new_metadata()
        framework(metadata)
        invoice(metadata, column)
        return metadata

    before = declared(Column("points", types.BigInt(), index=True, info={"app": "extra"}, **NUMBER))
    for app in ("doclife", "shop", "extra"):
        project.revise(before, app)
    upgrade(engine, before, project.all)
    table = quoted(engine, INVOICE)
    run(engine, f"INSERT INTO {table} (name, points) VALUES ('a', 7)")
    info = {"app": "extra", "renamed_from": "points"}
    after = declared(Column("loyalty", types.AmountType(), index=True, info=info, **NUMBER))
    assert project.revise(after, "shop", "not the shop's") is None
    project.revise(after, "extra", "a clearer name")

    upgrade(engine, after, project.all)

    assert rows(engine, f"SELECT name, loyalty FROM {table}") == [("a", Decimal(7))]
    assert check(engine, after, project.all) == []
    downgrade(engine, after, project.extra)
    assert column_names(engine, INVOICE) == ["name", "net_total"]


def test_a_field_that_goes_and_one_that_comes_are_no_rename_and_the_loss_is_told(engine, project):
    before = new_metadata()
    invoice(before, Column("outlet", types.ShortText()))
    project.revise(before, "shop")
    upgrade(engine, before, [project.shop])
    table = quoted(engine, INVOICE)
    run(engine, f"INSERT INTO {table} (name, outlet) VALUES ('a', 'Graz')")
    after = new_metadata()
    invoice(after, Column("branch", types.ShortText()))
    told = []

    path = project.revise(after, "shop", "other columns", warn=told.append)

    assert told == [
        "it drops the column tabSales Invoice.outlet with all its values; if it is branch now, give that "
        "renamed_from='outlet'"
    ]
    assert "drop_column" in path.read_text()
    upgrade(engine, after, [project.shop])
    assert rows(engine, f"SELECT name, branch FROM {table}") == [("a", None)]


def test_a_name_before_that_no_revision_has_made_is_refused(engine, project):
    before = new_metadata()
    invoice(before, Column("outlet", types.ShortText()))
    project.revise(before, "shop")
    for column, goes in (
        (_renamed("branch", types.ShortText(), "shop"), "of tabSales Invoice go outlet"),
        (_renamed("branch", types.ShortText(), "shop"), "no column of tabSales Invoice goes"),
    ):
        after = new_metadata()
        invoice(after, column, *([Column("outlet", types.ShortText())] if "no column" in goes else []))
        with pytest.raises(MigrationError) as caught:
            project.revise(after, "shop", "rename")
        assert str(caught.value) == (
            f"shop: tabSales Invoice.branch says renamed_from='shop', but {goes}; name the column as the app's last "
            "revision calls it, or leave renamed_from out if this one is new"
        )


def test_a_table_is_renamed_by_hand_and_its_keys_by_the_next_revision(engine, project):
    before = new_metadata()
    columns = lambda: [Column("status", types.ShortText(), index=True), Column("ref", types.ShortText(), unique=True)]  # noqa: E731
    invoice(before, *columns())
    project.revise(before, "shop")
    upgrade(engine, before, [project.shop])
    run(engine, f"INSERT INTO {quoted(engine, INVOICE)} (name, status, ref) VALUES ('a', 'Paid', 'r')")
    after = new_metadata()
    invoice(after, *columns(), name="tabBill")
    told = []
    dropping = project.revise(after, "shop", "a wrong way", warn=told.append)
    assert told == [
        "it drops the table tabSales Invoice with all its rows; if it is tabBill now, write op.rename_table by hand "
        "(--empty)"
    ]
    dropping.unlink()
    path = project.revise(after, "shop", "rename the invoice", empty=True)
    text = path.read_text().replace("    pass", '    op.rename_table("tabSales Invoice", "tabBill")', 1)
    path.write_text(text.replace("    pass", '    op.rename_table("tabBill", "tabSales Invoice")', 1))

    keys = project.revise(after, "shop", "rename its keys", warn=told.append)

    upgrade(engine, after, [project.shop])
    assert len(told) == 1
    assert rows(engine, f"SELECT name, status, ref FROM {quoted(engine, 'tabBill')}") == [("a", "Paid", "r")]
    assert check(engine, after, [project.shop]) == []
    downgrade(engine, after, project.shop, "shop_0001")
    keys.unlink()
    path.unlink()
    assert rows(engine, f"SELECT name, status FROM {quoted(engine, INVOICE)}") == [("a", "Paid")]
    assert check(engine, before, [project.shop]) == []
