"""Cached documents: read once, never older than what this transaction wrote, nobody else's object."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import doclife
from doclife.core.context import current
from doclife.core.errors import DoesNotExistError, UnknownFieldError, ValidationError
from doclife.model.access import delete_doc, get_doc, rename_doc
from doclife.model.bulk import insert_many
from doclife.model.cached import clear_cache, clear_document_cache, get_cached_doc, get_cached_value
from doclife.model.document import Document
from doclife.query.db import db
from doclife.schema.fieldtypes import JSON, Data, Int, Table
from doclife.schema.meta import Meta
from doclife.testing import capture_statements


class CachedTestRow(Document):
    meta = Meta(doctype="Cached Test Row", istable=True)

    code = Data()


class CachedTestShop(Document):
    meta = Meta(doctype="Cached Test Shop", autoname="field:code", allow_rename=True)

    code = Data(reqd=True)
    city = Data()
    extra = JSON()
    rows = Table(CachedTestRow)


class CachedTestSettings(Document):
    meta = Meta(doctype="Cached Test Settings", issingle=True)

    limit = Int(default=7)


SHOP = "Cached Test Shop"


@pytest.fixture(autouse=True)
def shop(use_doctypes):
    use_doctypes(CachedTestRow, CachedTestShop, CachedTestSettings)
    return CachedTestShop(code="A", city="Pune", extra={"open": [1]}, rows=[{"code": "x"}, {"code": "y"}]).insert()


def test_a_document_is_read_once():
    with capture_statements() as statements:
        for _ in range(3):
            doc = get_cached_doc(SHOP, "A")
            assert get_cached_value(CachedTestShop, "A", "city") == "Pune"
    assert len(statements) == 2  # the document and its rows
    assert doc.as_dict() == get_doc(SHOP, "A").as_dict()
    assert [row.parent_doc for row in doc.rows] == [doc, doc]
    assert not doc.is_new()


def test_what_one_caller_does_to_it_no_other_sees():
    first = get_cached_doc(CachedTestShop, "A")
    first.city = "Agra"
    first.extra["open"].append(2)
    first.rows[0].code = "changed"
    first.rows.pop()
    second = get_cached_doc(CachedTestShop, "A")
    assert (second.city, second.extra, [row.code for row in second.rows]) == ("Pune", {"open": [1]}, ["x", "y"])


def test_it_is_saved_like_any_other():
    doc = get_cached_doc(CachedTestShop, "A")
    doc.city = "Agra"
    doc.save()
    assert get_cached_value(SHOP, "A", "city") == get_doc(SHOP, "A").city == "Agra"
    stale = get_cached_doc(SHOP, "A")
    get_doc(SHOP, "A").save()
    stale.city = "Rome"
    with pytest.raises(doclife.TimestampMismatchError):
        stale.save()


class Base(DeclarativeBase):
    pass


class MappedShop(Base):
    __tablename__ = "tabCached Test Shop"
    name: Mapped[str] = mapped_column(sa.String(140), primary_key=True)
    city: Mapped[str]


def by_session():
    with db.session() as session:
        session.get_one(MappedShop, "A").city = "Agra"


def twice_by_session():
    with db.session() as session:
        shop = session.get_one(MappedShop, "A")
        shop.city = "Rome"
        session.flush()
        assert get_cached_value(SHOP, "A", "city") == "Rome"
        shop.city = "Agra"


WRITES = {
    "save": lambda: get_doc(SHOP, "A").update({"city": "Agra"}).save(),
    "db_set": lambda: get_doc(SHOP, "A").db_set("city", "Agra"),
    "set_value of documents": lambda: doclife.set_value(SHOP, "A", "city", "Agra"),
    "set_value": lambda: db.set_value(SHOP, {"city": "Pune"}, "city", "Agra"),
    "bulk_update": lambda: db.bulk_update(SHOP, {"A": {"city": "Agra"}}),
    "sql": lambda: db.sql("UPDATE `tabCached Test Shop` SET city = %s", "Agra"),
    "session": by_session,
    "session that goes on": twice_by_session,
    "delete and insert": lambda: (delete_doc(SHOP, "A"), CachedTestShop(code="A", city="Agra").insert()),
    "delete and insert many": lambda: (db.delete(SHOP, "A"), insert_many([CachedTestShop(code="A", city="Agra")])),
    "delete and bulk_insert": lambda: (
        db.delete(SHOP, "A"),
        db.bulk_insert(SHOP, ["name", "code", "city"], [["A", "A", "Agra"]]),
    ),
    "rename": lambda: (
        CachedTestShop(code="B", city="Agra").insert(),
        rename_doc(SHOP, "A", "C"),
        rename_doc(SHOP, "B", "A"),
    ),
}


@pytest.mark.parametrize("write", WRITES)
def test_it_is_never_older_than_what_was_written_here(write):
    assert get_cached_value(SHOP, "A", "city") == "Pune"
    WRITES[write]()
    assert get_cached_value(SHOP, "A", "city") == get_cached_doc(SHOP, "A").city == "Agra"


ROW_WRITES = {
    "of the parent": lambda: get_doc(SHOP, "A").update({"rows": [{"code": "z"}]}).save(),
    "set_value": lambda: (
        db.delete("Cached Test Row", {"code": "y"}),
        db.set_value("Cached Test Row", {}, "code", "z"),
    ),
    "of the row": lambda: [
        row.db_set("code", "z") if row.code == "x" else db.delete("Cached Test Row", row.name)
        for row in get_doc(SHOP, "A").rows
    ],
}


@pytest.mark.parametrize("write", ROW_WRITES)
def test_its_rows_are_not_either(write):
    assert [row.code for row in get_cached_doc(SHOP, "A").rows] == ["x", "y"]
    ROW_WRITES[write]()
    assert [row.code for row in get_cached_value(SHOP, "A", "rows")] == ["z"]


def test_writes_of_other_types_leave_it_alone():
    get_cached_doc(SHOP, "A")
    doclife.get_single(CachedTestSettings).save()
    with capture_statements() as statements:
        get_cached_doc(SHOP, "A")
    assert statements == []


def test_what_is_undone_is_not_remembered():
    with db.savepoint(catch=ZeroDivisionError):
        db.set_value(SHOP, "A", "city", "Agra")
        assert get_cached_value(SHOP, "A", "city") == "Agra"
        raise ZeroDivisionError
    assert get_cached_value(SHOP, "A", "city") == "Pune"
    db.commit()
    db.set_value(SHOP, "A", "city", "Agra")
    assert get_cached_value(SHOP, "A", "city") == "Agra"
    db.rollback()
    assert get_cached_value(SHOP, "A", "city") == "Pune"


def test_it_lasts_as_long_as_the_transaction(committed_site):
    with committed_site.work() as context:
        doclife.get_doc({"doctype": "Role", "role_name": "Cashier"}).insert()
        context.unit.commit()
        assert get_cached_value("Role", "Cashier", "disabled") == 0
        with committed_site.work():
            db.set_value("Role", "Cashier", "disabled", 1)
            assert get_cached_value("Role", "Cashier", "disabled") == 1
            assert context.unit is not current().unit
        assert get_cached_value("Role", "Cashier", "disabled") == 0  # what another has committed, at the next one
        db.commit()
        assert get_cached_value("Role", "Cashier", "disabled") == 1


def test_uncommitted_writes_of_one_context_are_not_in_anothers(committed_site):
    with committed_site.work():
        doclife.get_doc({"doctype": "Role", "role_name": "Cashier"}).insert()
    with committed_site.work() as first:
        db.set_value("Role", "Cashier", "disabled", 1)
        assert get_cached_value("Role", "Cashier", "disabled") == 1
        with committed_site.work():
            assert get_cached_value("Role", "Cashier", "disabled") == 0
        first.unit.rollback()


def test_values_in_every_shape():
    assert get_cached_value(SHOP, "A") == "A"
    assert get_cached_value(SHOP, "A", ["code", "city"]) == ["A", "Pune"]
    found = get_cached_value(SHOP, "A", ["code", "city"], as_dict=True)
    assert (found.code, found.city, len(found)) == ("A", "Pune", 2)
    assert get_cached_value(SHOP, "A", "city", as_dict=True) == {"city": "Pune"}
    assert get_cached_value(SHOP, {"city": "Pune"}, "code") == "A"
    assert get_cached_doc(SHOP, {"city": "Pune"}).name == "A"


def test_what_is_missing():
    assert get_cached_value(SHOP, "Z", "city") is None
    assert get_cached_value(SHOP, None, "city") is None
    assert get_cached_value(SHOP, {"city": "Rome"}, ["code", "city"]) is None
    with pytest.raises(DoesNotExistError, match="Cached Test Shop 'Z' does not exist"):
        get_cached_doc(SHOP, "Z")
    with pytest.raises(DoesNotExistError, match="Rome"):
        get_cached_doc(SHOP, {"city": "Rome"})
    with pytest.raises(ValidationError, match="needs a name"):
        get_cached_doc(SHOP)
    with pytest.raises(UnknownFieldError, match="Did you mean 'city'"):
        get_cached_value(SHOP, "Z", "cty")
    with pytest.raises(ValidationError, match="a field is named by text, not 5"):
        get_cached_value(SHOP, "A", 5)
    CachedTestShop(code="Z", city="Oslo").insert()
    assert get_cached_value(SHOP, "Z", "city") == "Oslo"  # that it was missing is not remembered


def test_a_single_type():
    assert get_cached_value("Cached Test Settings", None, "limit") == 7
    doclife.get_single(CachedTestSettings).update({"limit": 8}).save()
    with capture_statements() as statements:
        assert get_cached_doc(CachedTestSettings).limit == 8
        assert get_cached_value("Cached Test Settings", "Cached Test Settings", "limit") == 8
    assert len(statements) == 1


@pytest.mark.parametrize(
    "clear",
    [clear_cache, lambda: clear_cache(doctype=SHOP), lambda: clear_document_cache(CachedTestShop, "A")],
    ids=["everything", "a type", "a document"],
)
def test_it_can_be_forgotten(clear):
    get_cached_doc(SHOP, "A")
    clear()
    with capture_statements() as statements:
        get_cached_doc(SHOP, "A")
    assert len(statements) == 2
