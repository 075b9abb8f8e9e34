"""Shorter ways to documents, and has_permission for types and names."""

from __future__ import annotations

import pytest

from doclife.core.errors import (
    DoesNotExistError,
    PermissionDenied,
    UnknownDoctypeError,
    UnknownFieldError,
    ValidationError,
)
from doclife.events.registry import connected
from doclife.model.access import get_doc, new_doc
from doclife.model.document import Document
from doclife.model.lookup import (
    delete_doc_if_exists,
    get_last_doc,
    get_meta,
    get_single,
    has_permission,
    set_value,
)
from doclife.schema.fieldtypes import Data, Int
from doclife.schema.meta import Meta, Permission
from doclife.testing import as_user, make_user


class LookupTestShop(Document):
    meta = Meta(
        doctype="Lookup Test Shop",
        autoname="field:code",
        permissions=[
            Permission("Shop Reader", read=True),
            Permission("Shop Owner", read=True, write=True, create=True, if_owner=True),
        ],
    )

    code = Data(reqd=True)
    city = Data()


class LookupTestSettings(Document):
    meta = Meta(doctype="Lookup Test Settings", issingle=True)

    limit = Int(default=7)


@pytest.fixture(autouse=True)
def shops(use_doctypes):
    use_doctypes(LookupTestShop, LookupTestSettings)
    for code, city in (("A", "Berlin"), ("B", "Oslo"), ("C", "Berlin")):
        new_doc(LookupTestShop, code=code, city=city).insert()


def test_get_meta_takes_a_name_a_class_or_a_document():
    meta = get_meta("Lookup Test Shop")
    assert (meta.name, meta.get_label("city"), meta.has_field("town")) == ("Lookup Test Shop", "City", False)
    assert get_meta(LookupTestShop) is get_meta(get_doc(LookupTestShop, "A")) is meta
    with pytest.raises(UnknownDoctypeError, match="Did you mean 'Lookup Test Shop'"):
        get_meta("Lookup Test Shops")


def test_get_last_doc():
    assert get_last_doc(LookupTestShop).name == "C"
    assert get_last_doc("Lookup Test Shop", {"city": "Oslo"}).name == "B"
    assert get_last_doc(LookupTestShop, order_by="code asc").name == "A"
    with pytest.raises(DoesNotExistError, match=r"no Lookup Test Shop that matches \{'city': 'Rome'\}"):
        get_last_doc(LookupTestShop, {"city": "Rome"})


def test_get_single_has_its_defaults_until_somebody_saves_it():
    settings = get_single(LookupTestSettings)
    assert (settings.limit, settings.is_new()) == (7, True)
    settings.limit = 8
    settings.save()
    assert get_single("Lookup Test Settings").limit == 8


def test_set_value_saves_with_events():
    seen = []
    with connected("Lookup Test Shop", "on_update", lambda doc: seen.append(doc.city)):
        doc = set_value(LookupTestShop, "A", "city", "Rome")
        set_value("Lookup Test Shop", "A", {"city": "Bonn"})
    assert (doc.city, seen) == ("Rome", ["Rome", "Bonn"])
    assert get_doc(LookupTestShop, "A").city == "Bonn"
    with pytest.raises(UnknownFieldError, match="town"):
        set_value(LookupTestShop, "A", "town", "Rome")


def test_delete_doc_if_exists():
    delete_doc_if_exists(LookupTestShop, "A")
    delete_doc_if_exists(LookupTestShop, "A")
    with pytest.raises(DoesNotExistError):
        get_doc(LookupTestShop, "A")


def test_has_permission_on_a_type_asks_whether_any_rule_gives_the_right():
    make_user("reader@example.com", "Shop Reader")
    make_user("owner@example.com", "Shop Owner")
    make_user("other@example.com")
    assert has_permission("Lookup Test Shop", "write")  # Administrator
    assert [
        (has_permission(LookupTestShop, "read", user=user), has_permission(LookupTestShop, "write", user=user))
        for user in ("reader@example.com", "owner@example.com", "other@example.com")
    ] == [(True, False), (True, True), (False, False)]


def test_has_permission_on_a_document_or_its_name():
    make_user("owner@example.com", "Shop Owner")
    with as_user("owner@example.com"):
        new_doc(LookupTestShop, code="MINE").insert()
        assert has_permission("Lookup Test Shop", "write", "MINE")
        assert not has_permission("Lookup Test Shop", "write", "A")
        assert not has_permission(doc=get_doc(LookupTestShop, "A"), ptype="read")


def test_has_permission_can_throw():
    make_user("other@example.com")
    with pytest.raises(PermissionDenied, match=r"other@example\.com may not write Lookup Test Shop A"):
        has_permission("Lookup Test Shop", "write", "A", user="other@example.com", throw=True)
    with pytest.raises(
        PermissionDenied, match=r"other@example\.com may not read Lookup Test Shop; Shop Owner, Shop Reader may$"
    ):
        has_permission("Lookup Test Shop", user="other@example.com", throw=True)
    with pytest.raises(ValidationError, match=r"no right 'wright'\. Did you mean 'write'\?"):
        has_permission("Lookup Test Shop", "wright")
