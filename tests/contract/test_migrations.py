"""Migrations on every database: what is applied, undone, generated, and reported as drift."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy import Column

from doclife.core.errors import MigrationError
from doclife.database import types
from doclife.database.drift import check
from doclife.database.migrate import Applied, current, downgrade, drop_all, is_empty, upgrade
from doclife.schema.tables import standard_columns
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


@pytest.fixture(params=MARKED)
def engine(request, tmp_path):
    with fresh_engine(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "apps")


def _names(drifts):
    return [(drift.app, drift.kind, drift.where) for drift in drifts]


def test_apps_migrate_in_order_each_with_its_own_version_table(engine, project):
    metadata = new_metadata()
    framework(metadata)
    invoice(metadata, Column("status", types.ShortText(20), index=True))
    for app in ("doclife", "shop"):
        assert project.revise(metadata, app).name == "0001_initial.py"
    assert is_empty(engine)
    told = []

    done = upgrade(engine, metadata, project.all, report=told.append)

    assert done == told == [Applied("doclife", "doclife_0001", "initial"), Applied("shop", "shop_0001", "initial")]
    assert {"alembic_version_doclife", "alembic_version_shop"} <= set(sa.inspect(engine).get_table_names())
    assert current(engine, project.shop) == "shop_0001"
    assert current(engine, project.extra) is None
    assert not is_empty(engine)
    assert upgrade(engine, metadata, project.all) == []
    assert check(engine, metadata, project.all) == []


def test_every_type_is_made_as_the_class_declares_it(engine, project):
    """The tables of the revision are those that SQLAlchemy makes from the classes themselves."""
    metadata = new_metadata()
    table = framework(metadata)
    project.revise(metadata, "doclife")
    upgrade(engine, metadata, [project.doclife])
    migrated = _described(engine)
    drop_all(engine, metadata, [project.doclife])
    assert is_empty(engine)

    table.create(engine)

    assert migrated == _described(engine)


def _described(engine):
    inspector = sa.inspect(engine)
    columns = [
        (column["name"], column["type"].compile(dialect=engine.dialect), column["nullable"], column["default"])
        for column in inspector.get_columns("tabEvery Type")
    ]
    keys = inspector.get_unique_constraints("tabEvery Type"), inspector.get_pk_constraint("tabEvery Type")
    return columns, keys


def test_names_that_are_numbers_are_no_automatic_key(engine, project):
    metadata = new_metadata()
    table = sa.Table("tabVisit", metadata, *standard_columns(numbered=True), info={"app": "shop"})
    framework(metadata)
    project.revise(metadata, "doclife")
    text = project.revise(metadata, "shop").read_text()
    assert 'sa.Column("name", types.NameNumber(), autoincrement=False, nullable=False)' in text

    upgrade(engine, metadata, project.all)

    assert check(engine, metadata, project.all) == []
    assert project.revise(metadata, "shop", "again") is None
    [name] = [column for column in sa.inspect(engine).get_columns("tabVisit") if column["name"] == "name"]
    assert isinstance(name["type"], sa.Integer)
    assert not name.get("identity")
    assert name.get("autoincrement") in (False, "auto", None)
    with engine.begin() as connection:
        connection.execute(sa.insert(table), [{"name": "10"}, {"name": "9"}])
        assert connection.scalars(sa.select(table.c.name).order_by(table.c.name)).all() == ["9", "10"]


def test_changes_keep_the_rows_and_can_be_undone(engine, project):
    before = new_metadata()
    invoice(before, Column("status", types.ShortText(20), index=True), Column("old", types.LongText()))
    project.revise(before, "shop")
    upgrade(engine, before, [project.shop])
    table = quoted(engine, INVOICE)
    run(engine, f"INSERT INTO {table} (name, net_total, status, old) VALUES ('a', 1.5, 'Paid', 'x')")
    after = new_metadata()
    invoice(
        after,
        Column("status", types.ShortText(40), server_default="Draft"),  # longer, with a default, its index gone
        Column("is_return", types.CheckType(), nullable=False, server_default="0"),
        Column("code", types.ShortText(), unique=True),
        Column("due", types.UtcDateTime(), index=True),
    )
    invoice_row = sa.Table(
        "tabInvoice Row", after, Column("id", types.BigInt(), primary_key=True), info={"app": "shop"}
    )
    path = project.revise(after, "shop", "Add the code, drop old")
    assert path.name == "0002_add_the_code_drop_old.py"

    assert [one.revision for one in upgrade(engine, after, [project.shop])] == ["shop_0002"]

    assert check(engine, after, [project.shop]) == []
    assert project.revise(after, "shop", "nothing") is None
    assert rows(engine, f"SELECT name, status, is_return, code FROM {table}") == [("a", "Paid", 0, None)]
    run(engine, f"INSERT INTO {table} (name) VALUES ('b')")
    assert rows(engine, f"SELECT net_total, status FROM {table} WHERE name = 'b'") == [(0, "Draft")]
    with pytest.raises(sa.exc.IntegrityError):
        run(
            engine,
            f"INSERT INTO {table} (name, code) VALUES ('c', 'k')",
            f"INSERT INTO {table} (name, code) VALUES ('d', 'k')",
        )
    with engine.connect() as connection:  # an automatic key numbers itself
        connection.execute(sa.insert(invoice_row))
        assert connection.execute(sa.select(invoice_row.c.id)).scalar() == 1

    undone = downgrade(engine, after, project.shop, "shop_0001")

    assert [one.revision for one in undone] == ["shop_0002"]
    path.unlink()
    assert check(engine, before, [project.shop]) == []
    assert rows(engine, f"SELECT name, net_total, status, old FROM {table} WHERE name = 'a'") == [
        ("a", Decimal("1.5"), "Paid", None)
    ]


def test_a_rename_keeps_the_data(engine, project):
    before = new_metadata()
    invoice(
        before,
        Column("outlet", types.ShortText(20), index=True),
        Column("ref", types.ShortText(), unique=True),
        Column("fee", types.AmountType(), nullable=False, server_default="0"),
    )
    project.revise(before, "shop")
    upgrade(engine, before, [project.shop])
    table = quoted(engine, INVOICE)
    run(engine, f"INSERT INTO {table} (name, outlet, ref, fee) VALUES ('a', 'Graz', 'r1', 2.25)")
    after = new_metadata()
    invoice(
        after,
        Column("franchise_outlet", types.ShortText(140), index=True, info={"renamed_from": "outlet"}),
        Column("reference", types.ShortText(), unique=True, info={"renamed_from": "ref"}),
        Column("marketing_fee", types.AmountType(), nullable=False, server_default="0", info={"renamed_from": "fee"}),
    )
    path = project.revise(after, "shop", "clearer names")

    upgrade(engine, after, [project.shop])

    assert "add_column" not in path.read_text()
    assert "drop_column" not in path.read_text()
    assert rows(engine, f"SELECT franchise_outlet, reference, marketing_fee FROM {table}") == [
        ("Graz", "r1", Decimal("2.25"))
    ]
    assert check(engine, after, [project.shop]) == []
    assert project.revise(after, "shop", "again") is None  # the hint may stay in the class

    downgrade(engine, after, project.shop, "shop_0001")
    path.unlink()

    assert rows(engine, f"SELECT outlet, ref, fee FROM {table}") == [("Graz", "r1", Decimal("2.25"))]
    assert check(engine, before, [project.shop]) == []


def test_columns_that_an_app_adds_are_its_own(engine, project):
    metadata = new_metadata()
    framework(metadata)
    invoice(metadata)
    for app in ("doclife", "shop"):
        project.revise(metadata, app)
    extended = new_metadata()
    framework(extended)
    invoice(
        extended,
        Column("loyalty_points", types.BigInt(), nullable=False, server_default="0", index=True, info={"app": "extra"}),
    )
    assert project.revise(extended, "shop", "nothing of the shop's") is None
    assert "loyalty_points" in project.revise(extended, "extra").read_text()

    upgrade(engine, extended, project.all)

    assert column_names(engine, INVOICE) == ["name", "net_total", "loyalty_points"]
    assert check(engine, extended, project.all) == []
    # a site without the app: its columns are not asked for
    downgrade(engine, extended, project.extra)
    assert column_names(engine, INVOICE) == ["name", "net_total"]
    assert check(engine, extended, [project.doclife, project.shop]) == []
    assert "alembic_version_extra" not in sa.inspect(engine).get_table_names()


def test_a_new_table_is_made_without_the_columns_of_other_apps(engine, project):
    metadata = new_metadata()
    invoice(metadata, Column("points", types.BigInt(), unique=True, info={"app": "extra"}))

    assert "points" not in project.revise(metadata, "shop").read_text()
    project.revise(metadata, "extra")
    upgrade(engine, metadata, project.all)

    assert check(engine, metadata, project.all) == []


def test_a_class_that_is_gone_drops_its_table(engine, project):
    before = new_metadata()
    framework(before)
    invoice(before, Column("status", types.ShortText(20), index=True))
    for app in ("doclife", "shop"):
        project.revise(before, app)
    after = new_metadata()
    framework(after)
    assert project.revise(after, "doclife", "not the framework's") is None
    project.revise(after, "shop", "drop the invoice")

    upgrade(engine, after, project.all)

    assert INVOICE not in sa.inspect(engine).get_table_names()
    downgrade(engine, after, project.shop, "shop_0001")
    assert check(engine, before, project.all)[0][:3] == ("shop", "pending", "shop_0002")
    assert column_names(engine, INVOICE) == ["name", "net_total", "status"]


def test_uninstalling_leaves_nothing_of_the_app(engine, project):
    metadata = new_metadata()
    framework(metadata)
    invoice(metadata)
    for app in ("doclife", "shop"):
        project.revise(metadata, app)
    upgrade(engine, metadata, project.all)

    assert downgrade(engine, metadata, project.shop) == [Applied("shop", "shop_0001", "initial")]

    assert sorted(sa.inspect(engine).get_table_names()) == ["alembic_version_doclife", "tabEvery Type"]
    assert current(engine, project.shop) is None


def test_check_names_what_differs(engine, project):
    metadata = new_metadata()
    table = invoice(metadata, Column("status", types.ShortText(20), index=True), Column("points", types.BigInt()))
    project.revise(metadata, "shop")
    upgrade(engine, metadata, [project.shop])
    name = quoted(engine, INVOICE)
    next(iter(table.indexes)).drop(engine)
    run(
        engine,
        f"ALTER TABLE {name} ADD COLUMN by_hand INTEGER",
        f"ALTER TABLE {name} DROP COLUMN points",
        f"CREATE TABLE {quoted(engine, 'tabOrphan')} (name INTEGER)",
        "CREATE TABLE something_else (name INTEGER)",
    )
    declared = new_metadata()
    invoice(
        declared,
        Column("status", types.ShortText(140), nullable=False, server_default="Draft", index=True),
        Column("points", types.BigInt()),
    )

    drifts = check(engine, declared, [project.shop])

    assert _names(drifts) == [
        ("shop", "extra", f"{INVOICE}.by_hand"),
        ("shop", "missing", f"{INVOICE}.points"),
        ("shop", "differs", f"{INVOICE}.status"),
        ("shop", "missing", f"{INVOICE}: ix_{INVOICE}_status"),
        ("", "orphan", "tabOrphan"),
    ]
    differs = next(drift for drift in drifts if drift.kind == "differs")
    assert "VARCHAR(20)" in differs.detail
    assert "VARCHAR(140)" in differs.detail
    assert "NULL is not allowed" in differs.detail
    assert "its default is none, declared is Draft" in differs.detail


def test_check_reports_revisions_before_differences(engine, project):
    metadata = new_metadata()
    framework(metadata)
    invoice(metadata)
    project.revise(metadata, "doclife")
    path = project.revise(metadata, "shop")
    assert [str(drift) for drift in check(engine, metadata, project.all)] == [
        "doclife: doclife_0001: initial: not applied yet; migrate",
        "shop: shop_0001: initial: not applied yet; migrate",
    ]
    upgrade(engine, metadata, project.all)
    path.unlink()

    (unknown,) = check(engine, metadata, project.all)

    assert unknown[:3] == ("shop", "unknown", "shop_0001")
    with pytest.raises(MigrationError, match="another version of the app"):
        upgrade(engine, metadata, project.all)
