"""Whose a table, a column or an index is."""

import pytest
from sqlalchemy import Column, Index, Integer, MetaData, Table, UniqueConstraint

from doclife.core.errors import SchemaError
from doclife.database.naming import NAMING_CONVENTION
from doclife.database.ownership import Scope, column_owner, owner, table_owner


@pytest.fixture
def table():
    return Table(
        "tabInvoice",
        MetaData(naming_convention=NAMING_CONVENTION),
        Column("name", Integer, primary_key=True),
        Column("points", Integer, info={"app": "loyalty"}),
        Column("tier", Integer, info={"app": "club"}),
        Index("ix_own", "name"),
        Index("ix_added", "name", "points"),
        UniqueConstraint("points", "tier", name="uq_both"),
        info={"app": "shop"},
    )


def test_a_table_says_it_itself(table):
    assert table_owner(table) == owner(table) == "shop"
    with pytest.raises(SchemaError, match=r"Table 'stray' does not say whose it is; build it with info={'app'"):
        table_owner(Table("stray", MetaData()))


def test_added_columns_and_what_stands_on_them(table):
    assert [column_owner(column) for column in table.columns] == ["shop", "loyalty", "club"]
    whose = {str(item.name): owner(item) for item in (*table.indexes, *table.constraints)}
    # of two apps the first in the alphabet, so that it is always the same
    assert whose == {"ix_own": "shop", "ix_added": "loyalty", "uq_both": "club", "pk_tabInvoice": "shop"}


def test_a_scope_looks_at_the_tables_of_its_apps(table):
    assert Scope(table.metadata, {"loyalty"}).include_name("tabInvoice", "table", {})
    assert not Scope(table.metadata, {"stranger"}).include_name("tabInvoice", "table", {})
    assert Scope(table.metadata, {"stranger"}).include_name("points", "column", {})


def test_a_missing_table_is_its_owners_alone(table):
    assert Scope(table.metadata, {"shop"}).include_object(table, table.name, "table", False, None)
    assert not Scope(table.metadata, {"loyalty"}).include_object(table, table.name, "table", False, None)
    assert Scope(table.metadata, {"loyalty"}).include_object(table, table.name, "table", False, table)


def test_what_no_class_declares_is_of_who_made_it(table):
    found = Table("tabInvoice", MetaData(), Column("old", Integer), Column("unknown", Integer))
    made_by = {("tabInvoice", "table", "tabInvoice"): "shop", ("tabInvoice", "column", "old"): "loyalty"}
    loyalty, shop = (Scope(table.metadata, {app}, made_by) for app in ("loyalty", "shop"))
    assert loyalty.include_object(found.c.old, "old", "column", True, None)
    assert not shop.include_object(found.c.old, "old", "column", True, None)
    assert shop.include_object(found.c.unknown, "unknown", "column", True, None)
    without = Scope(table.metadata, {"shop"})
    assert without.include_object(found.c.old, "old", "column", True, None)
