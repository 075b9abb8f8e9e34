"""Names of indexes and constraints."""

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, String, Table, UniqueConstraint
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from doclife.core.errors import SchemaError
from doclife.database.naming import IDENTIFIER_LIMIT, NAMING_CONVENTION, shorten, version_table_name

LONG = "tabFranchise Royalty Settlement Adjustment Detail"  # 49 bytes


def test_short_names_stay():
    assert shorten("ix_tabSales Invoice_parent") == "ix_tabSales Invoice_parent"
    assert shorten("x" * 63) == "x" * 63


def test_long_names_end_in_a_hash_of_the_whole():
    one, other = shorten("a" * 70), shorten("a" * 71)
    assert one != other
    assert len(one) == len(other) == 63
    assert one.startswith("a" * 54 + "_")


@pytest.mark.parametrize("head", ["ü" * 40, "x" + "ü" * 40, "xy" + "語" * 40])
def test_bytes_are_counted_and_no_character_is_cut(head):
    name = shorten(head)
    assert len(name.encode()) <= IDENTIFIER_LIMIT
    assert head.startswith(name.rpartition("_")[0])


def _table() -> Table:
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    Table("parent", metadata, Column("id", Integer, primary_key=True))
    return Table(
        LONG,
        metadata,
        Column("name", String(140), primary_key=True),
        Column("parent", Integer, ForeignKey("parent.id"), index=True),
        Column("settlement_reference_number", String(140), index=True),
        Column("code", String(140)),
        CheckConstraint("code <> ''", name="code_given"),
        UniqueConstraint("code"),
    )


def test_convention_names_everything():
    table = _table()
    names = {str(index.name) for index in table.indexes} | {str(constraint.name) for constraint in table.constraints}
    assert {f"ix_{LONG}_parent", f"pk_{LONG}", f"uq_{LONG}_code", f"fk_{LONG}_parent"} <= names
    assert f"ck_{LONG}_code_given" in names
    assert len(names) == 6
    assert [name[:54] for name in names if name.startswith("ix_") and len(name) == IDENTIFIER_LIMIT] == [
        f"ix_{LONG}_s"[:54]
    ]


def test_every_dialect_writes_the_same_name():
    table = _table()
    for index in table.indexes:
        texts = [str(CreateIndex(index).compile(dialect=module.dialect())) for module in (sqlite, postgresql, mysql)]
        assert all(str(index.name) in text for text in texts)
    for module in (sqlite, postgresql):
        assert f"ck_{LONG}_code_given" in str(CreateTable(table).compile(dialect=module.dialect()))


def test_an_explicit_index_name_is_kept():
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    column = Column("x", Integer)
    Table("t", metadata, column, Index("my_own", column))
    assert [index.name for index in metadata.tables["t"].indexes] == ["my_own"]


def test_an_unnamed_check_is_refused():
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    with pytest.raises(SchemaError, match="Table 't': a check constraint needs a name"):
        str(CreateTable(Table("t", metadata, Column("x", Integer), CheckConstraint("x > 0"))).compile())


def test_version_table():
    assert version_table_name("example_app") == "alembic_version_example_app"
    assert len(version_table_name("x" * 60)) == 63
