"""Who may do what: deny by default, roles, owners."""

from __future__ import annotations

import pytest

from doclife.core.errors import PermissionDenied, ValidationError
from doclife.model.access import delete_doc, get_doc
from doclife.testing import as_user, make_user
from tests.unit.model.shop import ShopItem, ShopSecretary

RIGHTS = {
    "Reader": {"read"},
    "Writer": {"read", "write", "create"},
    "Boss": {"read", "write", "create", "submit", "cancel", "delete"},
}


@pytest.fixture
def doc():
    return ShopSecretary(label="x").insert()


def _loaded(doc):
    return get_doc("Shop Secretary", doc.name)


OPERATIONS = {
    "write": lambda doc: doc.save(),
    "submit": lambda doc: doc.submit(),
    "delete": lambda doc: doc.delete(),
    "discard": lambda doc: doc.discard(),
}


@pytest.mark.parametrize("role", ["Reader", "Writer", "Boss"])
@pytest.mark.parametrize("right", ["read", "write", "create", "submit", "cancel", "delete"])
def test_a_role_has_the_rights_that_the_type_gives_it(doc, role, right):
    make_user("u@example.com", role)
    assert doc.has_permission(right, "u@example.com") is (right in RIGHTS[role])


def test_without_a_rule_nobody_but_administrator_may_do_anything(item):
    make_user("u@example.com", "Boss")
    for right in ("read", "write", "create", "delete", "submit"):
        assert not item.has_permission(right, "u@example.com")
        assert item.has_permission(right)


def test_a_user_without_roles_may_do_nothing(doc):
    make_user("u@example.com")
    assert not doc.has_permission("read", "u@example.com")
    assert not doc.has_permission("read", "Guest")
    assert not doc.has_permission("read", "nobody@example.com")


@pytest.mark.parametrize(
    ("operation", "role", "allowed"),
    [
        ("write", "Reader", False),
        ("write", "Writer", True),
        ("submit", "Writer", False),
        ("submit", "Boss", True),
        ("delete", "Writer", False),
        ("delete", "Boss", True),
        ("discard", "Reader", False),
        ("discard", "Writer", True),
    ],
)
def test_operations_ask_for_their_right(doc, operation, role, allowed):
    make_user("u@example.com", role)
    loaded = _loaded(doc)
    with as_user("u@example.com"):
        if allowed:
            OPERATIONS[operation](loaded)
        else:
            with pytest.raises(PermissionDenied):
                OPERATIONS[operation](loaded)
            assert loaded.docstatus == 0


def test_the_refusal_names_user_right_document_and_who_may(doc):
    make_user("u@example.com", "Reader")
    with as_user("u@example.com"), pytest.raises(PermissionDenied) as caught:
        _loaded(doc).submit()
    assert str(caught.value) == f"u@example.com may not write Shop Secretary {doc.name}; Author, Boss, Writer may"
    assert caught.value.context == {
        "doctype": "Shop Secretary",
        "name": doc.name,
        "user": "u@example.com",
        "right": "write",
    }


def test_an_insert_needs_create_and_one_as_submitted_submit_too():
    make_user("reader@example.com", "Reader")
    make_user("writer@example.com", "Writer")
    with as_user("reader@example.com"), pytest.raises(PermissionDenied, match="may not create Shop Secretary"):
        ShopSecretary(label="x").insert()
    with as_user("writer@example.com"):
        ShopSecretary(label="x").insert()
        with pytest.raises(PermissionDenied, match="may not submit"):
            ShopSecretary(label="x").submit()


def test_a_cancel_needs_its_right(doc):
    make_user("writer@example.com", "Writer")
    make_user("boss@example.com", "Boss")
    doc.submit()
    with as_user("writer@example.com"), pytest.raises(PermissionDenied, match="may not cancel"):
        _loaded(doc).cancel()
    with as_user("boss@example.com"):
        assert _loaded(doc).cancel().docstatus == 2


def test_a_save_of_a_submitted_document_needs_submit(doc):
    make_user("writer@example.com", "Writer")
    doc.submit()
    with as_user("writer@example.com"), pytest.raises(PermissionDenied, match="may not submit"):
        _loaded(doc).save()


def test_an_owner_may_do_what_is_for_owners_with_own_documents_only(doc):
    make_user("author@example.com", "Author")
    with as_user("author@example.com"):
        own = ShopSecretary(label="own").insert()
        own.label = "changed"
        own.save()
        other = _loaded(doc)
        assert not other.has_permission("read")
        with pytest.raises(PermissionDenied):
            other.save()
        own.delete()


def test_ownership_is_that_of_the_stored_document(doc):
    make_user("author@example.com", "Author")
    with as_user("author@example.com"):
        stolen = _loaded(doc)
        stolen.owner = "author@example.com"
        with pytest.raises((PermissionDenied, ValidationError)):
            stolen.save()
    assert _loaded(doc).owner == "Administrator"


def test_permissions_may_be_ignored_for_one_document(doc):
    make_user("u@example.com")
    with as_user("u@example.com"):
        loaded = _loaded(doc)
        loaded.save(ignore_permissions=True)
        loaded.submit()
        with pytest.raises(PermissionDenied):
            _loaded(doc).save()
        ShopSecretary(label="x").insert(ignore_permissions=True)
        ShopItem(title="x").insert(ignore_permissions=True).delete(ignore_permissions=True)


def test_delete_doc_asks_too(doc):
    make_user("u@example.com", "Writer")
    with as_user("u@example.com"):
        with pytest.raises(PermissionDenied):
            delete_doc("Shop Secretary", doc.name)
        assert delete_doc("Shop Secretary", doc.name, ignore_permissions=True)


def test_a_row_is_asked_as_its_document(doc):
    make_user("u@example.com", "Reader")
    row = doc.append("rows", {"label": "x"})
    assert row.has_permission("read", "u@example.com")
    assert not row.has_permission("write", "u@example.com")


def test_a_role_that_is_given_counts_with_the_next_look(doc):
    user = make_user("u@example.com")
    with as_user("u@example.com"):
        assert not doc.has_permission("read")
    user.add_roles("All")
    user.append("roles", {"role": make_user("v@example.com", "Reader").roles[0].role})
    user.save()
    with as_user("u@example.com"):
        assert doc.has_permission("read")


def test_check_permission_refuses_or_says_nothing(doc):
    make_user("u@example.com", "Reader")
    with as_user("u@example.com"):
        doc.check_permission()
        with pytest.raises(PermissionDenied):
            doc.check_permission("delete")


def test_a_right_that_does_not_exist_is_refused_with_the_nearest(doc):
    with pytest.raises(ValidationError, match=r"no right 'wirte'\. Did you mean 'write'"):
        doc.has_permission("wirte")
    assert doc.has_permission("import")


def test_permission_is_asked_before_handlers_run(site, doc):
    seen = []
    site.registry.connect("Shop Secretary", "before_validate", lambda doc: seen.append(1))
    make_user("u@example.com", "Reader")
    with as_user("u@example.com"), pytest.raises(PermissionDenied):
        _loaded(doc).save()
    assert seen == []
