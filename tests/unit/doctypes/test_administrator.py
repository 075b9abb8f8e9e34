"""The user Administrator is changed by Administrator alone, whatever rights others have; Guest never has a password."""

from __future__ import annotations

import pytest

from doclife.core.errors import PermissionDenied, ValidationError
from doclife.model.access import delete_doc, get_doc, rename_doc
from doclife.model.lookup import set_value
from doclife.testing import as_user, make_user
from tests.stored import stored

MANAGER = "manager@example.com"

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def manager(site):
    make_user(MANAGER, "System Manager")


def _set(doc, **values):
    for name, value in values.items():
        setattr(doc, name, value)
    return doc


def _flag(doc, flag):
    doc.flags[flag] = True
    return doc


def _from_dict(**values):
    return get_doc({"doctype": "User", "name": "Administrator", "email": "Administrator", **values})


#: what a System Manager tries on the user Administrator
WAYS = {
    "password": lambda doc: _set(doc, new_password="mine").save(),
    "password unvalidated": lambda doc: _flag(_set(doc, new_password="mine"), "ignore_validate").save(),
    "password from a form": lambda doc: _from_dict(new_password="mine").save(),
    "set_value": lambda doc: set_value("User", "Administrator", "new_password", "mine"),
    "db_set": lambda doc: doc.db_set("new_password", "mine"),
    "db_set as another": lambda doc: _set(doc, name=MANAGER).db_set("new_password", "mine"),
    "disable": lambda doc: _set(doc, enabled=0).save(),
    "disable by db_set": lambda doc: doc.db_set("enabled", 0),
    "roles": lambda doc: doc.add_roles("System Manager"),
    "delete": lambda doc: doc.delete(),
    "delete unasked": lambda doc: _flag(doc, "ignore_on_trash").delete(),
    "delete as another": lambda doc: _set(doc, name="x").delete(),
    "delete_doc": lambda doc: delete_doc("User", "Administrator", force=True, ignore_on_trash=True),
    "rename": lambda doc: doc.rename("other@example.com", force=True),
    "rename unasked": lambda doc: rename_doc("User", "Administrator", "x", force=True, validate=False),
    "merge away": lambda doc: rename_doc("User", "Administrator", MANAGER, merge=True, force=True),
    "become": lambda doc: rename_doc("User", MANAGER, "Administrator", merge=True, force=True),
    "become with blanks": lambda doc: rename_doc("User", MANAGER, " Administrator ", merge=True, force=True),
    "become unasked": lambda doc: rename_doc("User", MANAGER, "Administrator ", merge=True, ignore_permissions=True),
    "discard": lambda doc: doc.discard(),
}


def _everything():
    return [stored("User"), stored("Has Role")]


@pytest.mark.parametrize("way", WAYS)
def test_in_no_way_a_system_manager_changes_administrator(way):
    before = _everything()
    with as_user(MANAGER):
        doc = get_doc("User", "Administrator")
        with pytest.raises((PermissionDenied, ValidationError)):
            WAYS[way](doc)
    assert _everything() == before


def test_the_refusal_says_who_may():
    doc = get_doc("User", "Administrator")
    with as_user(MANAGER):
        with pytest.raises(
            PermissionDenied,
            match="manager@example.com may not write User Administrator: "
            r"doclife.doctypes.user.only_administrator_changes_administrator \(doclife\) does not allow it",
        ):
            doc.save()
        assert [right for right in ("read", "print", "write", "delete", "share") if doc.has_permission(right)] == [
            "read"
        ]
        assert get_doc("User", "Guest").has_permission("write")


def test_administrator_and_who_is_told_to_ask_nobody_do():
    doc = get_doc("User", "Administrator")
    _set(doc, first_name="Ann", new_password="ours").save()
    doc.db_set("last_name", "Admin")
    assert doc.check_password("ours")
    with as_user(MANAGER):
        _set(doc, first_name="Bea").save(ignore_permissions=True)
        doc.db_set("last_name", "Boss")
        get_doc("User", MANAGER).db_set("last_name", "Manager")
    assert stored("User", "first_name", "last_name") == [("Bea", "Boss"), ("Guest", None), ("manager", "Manager")]


@pytest.mark.parametrize("user", ["Administrator", MANAGER])
def test_nobody_gives_guest_a_password(user):
    before = _everything()
    with as_user(user):
        doc = get_doc("User", "Guest")
        with pytest.raises(ValidationError, match="the user Guest can have no password"):
            doc.db_set("new_password", "open")
        _set(doc, new_password="open").flags.ignore_validate = True
        with pytest.raises(ValidationError, match="the user Guest can have no password"):
            doc.save(ignore_permissions=True)
    assert _everything() == before
    doc.new_password = None
    doc.save()
