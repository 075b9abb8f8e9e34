"""What db knows of tables, and the names of Frappe that it refuses."""

import pytest

from doclife.core.errors import (
    DuplicateEntryError,
    NotSupported,
    UnknownDoctypeError,
    UnknownFieldError,
    ValidationError,
)
from doclife.query.db import db
from tests.unit.query.kit import QueryTestInvoice, QueryTestOutlet, store

OUTLET = "Query Test Outlet"

pytestmark = pytest.mark.usefixtures("context")


def test_which_database_it_is(context):
    assert {"sqlite": "sqlite", "postgresql": "postgres"}.get(context.unit.link.dialect, "mariadb") == db.db_type


def test_tables_and_columns_as_they_are_in_the_database(context):
    assert db.table_exists(OUTLET)
    assert db.table_exists(QueryTestOutlet)
    assert not db.table_exists("Query Test Absent")
    assert db.get_table_columns(OUTLET) == list(QueryTestOutlet._blueprint.columns)
    assert db.has_column(OUTLET, "city")
    assert not db.has_column(OUTLET, "town")
    with pytest.raises(UnknownDoctypeError):
        db.has_column("Query Test Absent", "name")


def test_a_table_that_no_app_declares_is_there(context):
    db.sql("CREATE TABLE `tabQuery Test Old` (name varchar(20))")
    try:
        assert db.table_exists("Query Test Old")
    finally:
        db.rollback()
        db.sql("DROP TABLE IF EXISTS `tabQuery Test Old`")
        db.commit()


def test_values_are_unique_together(context):
    store(context, QueryTestOutlet, {"name": "A", "city": "Pune", "royalty": 5})
    db.add_unique(OUTLET, ["city", "royalty"])
    db.add_unique(OUTLET, ["city", "royalty"])
    db.commit()
    db.bulk_insert(OUTLET, ["name", "city", "royalty"], [["B", "Pune", 6]])
    with pytest.raises(DuplicateEntryError):
        db.bulk_insert(OUTLET, ["name", "city", "royalty"], [["C", "Pune", 5]])
    assert db.count(OUTLET) == 2
    db.rollback()
    drop = "DROP INDEX `uq_tabQuery Test Outlet_city_royalty`"
    db.sql(f"{drop} ON `tabQuery Test Outlet`" if db.db_type == "mariadb" else drop)
    db.commit()


def test_what_is_not_unique_already_cannot_be_made_so(context):
    store(context, QueryTestOutlet, {"name": "A", "city": "Pune"}, {"name": "B", "city": "Pune"})
    with pytest.raises(DuplicateEntryError):
        db.add_unique(OUTLET, "city")
    assert db.count(OUTLET) == 2


def test_unique_needs_columns_that_are_there_and_of_limited_length():
    with pytest.raises(UnknownFieldError, match="Did you mean 'city'"):
        db.add_unique(OUTLET, ["cty"])
    with pytest.raises(ValidationError, match="keep a hash"):
        db.add_unique(QueryTestInvoice, ["customer", "remarks"])


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("get_descendants", "no trees"),
        ("get_default", "issingle"),
        ("set_default", "issingle"),
        ("sql_ddl", "makemigrations"),
        ("truncate", r"db\.delete\(doctype, \{\}\)"),
        ("begin", "begins by itself"),
        ("release_savepoint", r"with db\.savepoint"),
    ],
)
def test_names_without_a_counterpart_say_what_to_use(name, instead):
    with pytest.raises(NotSupported, match=rf"db\.{name} is not in doclife\. .*{instead}"):
        getattr(db, name)("Query Test Outlet", "x")
