"""Rights that depend on whose a document is, on the amended one, and on what a type can have at all."""

from __future__ import annotations

import pytest

from doclife.core.errors import PermissionDenied, ValidationError
from doclife.model.access import copy_doc, get_doc
from doclife.model.lookup import has_permission
from doclife.query.db import db
from doclife.query.lists import get_list
from doclife.schema.meta import Permission
from doclife.testing import as_user, make_user
from tests.unit.model.ward import BOSS, CLERK, ORDER, WardNote, WardOrder, guarded, load
from tests.unit.permissions import declared


@pytest.fixture(autouse=True)
def guarded_site(site):
    with guarded(site):
        yield site


@pytest.fixture
def pune():
    return WardOrder(city="Pune").insert().name


def _cancelled(user=None, **values):
    doc = WardOrder(city="Pune", **values).insert()
    if user:
        doc.db_set("owner", user)
    return get_doc(ORDER, doc.name).submit().cancel()


def _amended(source):
    doc = copy_doc(source)
    doc.amended_from = source.name
    return doc


def test_an_amendment_needs_its_right():
    source = _cancelled()
    with as_user(CLERK), pytest.raises(PermissionDenied) as caught:
        _amended(source).insert()
    assert str(caught.value) == f"{CLERK} may not amend Ward Order {source.name}; Author, Boss may"
    with as_user(BOSS):
        assert _amended(source).insert().name == f"{source.name}-1"
    with as_user(CLERK):
        _amended(_cancelled_by_clerk()).insert(ignore_permissions=True)


def _cancelled_by_clerk():
    return WardOrder(city="Pune").submit().cancel()


def test_owners_amend_what_is_theirs():
    author = make_user("author@example.com", "Author").name
    own, other = _cancelled(author), _cancelled()
    with as_user(author):
        assert _amended(own).insert().amended_from == own.name
        with pytest.raises(PermissionDenied, match=f"may not amend Ward Order {other.name}.* It is Administrator's"):
            _amended(other).insert()


@pytest.mark.parametrize("user", [BOSS, "Administrator"])
def test_what_is_left_out_is_not_amended(user):
    source = _cancelled()
    declared.conditions[ORDER] = {"docstatus": 0}
    with as_user(user), pytest.raises(PermissionDenied, match=f"may not amend Ward Order {source.name}: the query"):
        _amended(source).insert()


def test_an_assigned_owner_does_not_count():
    author = make_user("author@example.com", "Author").name
    doc = WardOrder(city="Pune").insert().submit()
    with as_user(author):
        stolen = load(doc.name)
        stolen.owner = author
        assert not stolen.has_permission("read")
        with pytest.raises(PermissionDenied) as caught:
            stolen.cancel()
    assert str(caught.value) == (
        f"{author} may not write Ward Order {doc.name}; Author, Boss, Clerk may. It is Administrator's, and {author} "
        "may only with own documents"
    )


def test_a_disabled_user_may_do_nothing_and_the_refusal_says_so(pune):
    db.set_value("User", CLERK, "enabled", 0)
    assert not load(pune).has_permission("read", CLERK)
    with pytest.raises(PermissionDenied, match="has no role at all: a disabled user, or none of this site"):
        has_permission(doc=load(pune), user=CLERK, throw=True)
    with pytest.raises(PermissionDenied, match=f"{CLERK} may not read Ward Order"):
        get_list(ORDER, user=CLERK)


def test_rights_that_a_type_cannot_have_are_not_given():
    WardNote.meta.permissions = [Permission("Clerk", read=True, submit=True, cancel=True, amend=True)]
    try:
        for right in ("submit", "cancel", "amend"):
            assert not has_permission("Ward Note", right, user=CLERK)
        assert has_permission("Ward Note", "select", user=CLERK), "who reads may select"
    finally:
        WardNote.meta.permissions = [Permission("Clerk", read=True, write=True, create=True)]


def test_types_of_rows_are_asked_with_the_type_that_holds_them():
    with pytest.raises(PermissionDenied, match=r"has_permission\('Shop Tax', parent_doctype=\.\.\.\)"):
        has_permission("Shop Tax", user=CLERK)
    assert has_permission("Shop Tax", "write", user=CLERK, parent_doctype=ORDER)
    assert not has_permission("Shop Tax", "share", user=CLERK, parent_doctype=WardOrder)
    with pytest.raises(ValidationError, match="Ward Note has no rows of Shop Tax"):
        has_permission("Shop Tax", user=CLERK, parent_doctype="Ward Note")
    with pytest.raises(ValidationError, match="needs a document type or a document"):
        has_permission(user=CLERK)
