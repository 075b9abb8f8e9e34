"""Roles: who has which, and that they are right after every way of changing them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from doclife.core.context import current
from doclife.core.errors import ValidationError
from doclife.doctypes.user import HasRole, Role, User
from doclife.model.access import delete_doc, get_doc
from doclife.permissions.roles import roles_of
from doclife.permissions.users import get_roles, set_user
from doclife.query.db import db
from doclife.testing import capture_statements, make_user

pytestmark = pytest.mark.usefixtures("site")
ANA = "ana@example.com"
AUTOMATIC = ["All", "Guest"]


@pytest.fixture
def ana():
    return make_user(ANA, "Clerk", "Auditor")


def test_a_user_has_the_roles_given_and_the_automatic_ones(ana):
    assert get_roles(ANA) == ["All", "Auditor", "Clerk", "Guest"]


def test_nobody_has_less_than_all():
    assert get_roles("Guest") == ["Guest"]
    assert get_roles("nobody@example.com") == []


def test_administrator_has_every_role(ana):
    assert {"Clerk", "Auditor", "System Manager", "All", "Guest", "Script Manager"} <= set(get_roles("Administrator"))
    assert get_roles() == get_roles("Administrator")


def test_a_disabled_role_gives_nothing_until_it_is_enabled(ana):
    role = get_doc("Role", "Clerk")
    role.disabled = 1
    role.save()
    assert get_roles(ANA) == ["All", "Auditor", "Guest"]
    assert "Clerk" not in get_roles("Administrator")
    role.disabled = 0
    role.save()
    assert get_roles(ANA) == ["All", "Auditor", "Clerk", "Guest"]


def test_a_disabled_user_has_none(ana):
    ana.enabled = 0
    ana.save()
    assert get_roles(ANA) == []


CHANGES = {
    "save": lambda user: _drop_clerk(user).save(),
    "row": lambda user: user.roles[0].delete(),
    "delete": lambda user: user.delete(),
    "delete_doc": lambda user: delete_doc("User", ANA),
    "db_set": lambda user: user.db_set("enabled", 0),
    "set_value": lambda user: db.set_value("User", ANA, "enabled", 0),
    "set_value of a row": lambda user: db.set_value("Has Role", {"role": "Clerk"}, "role", "Auditor"),
    "bulk_update": lambda user: db.bulk_update("User", {ANA: {"enabled": 0}}),
    "db.delete": lambda user: db.delete("Has Role", {"role": "Clerk"}),
    "sql": lambda user: db.sql("DELETE FROM `tabHas Role` WHERE role = 'Clerk'"),
    "role": lambda user: db.set_value("Role", "Clerk", "disabled", 1),
    "session": lambda user: _with_session(),
}


def _drop_clerk(user):
    user.remove(user.roles[0])
    return user


def _with_session():
    with db.session() as session:
        session.execute(sa.delete(HasRole.__table__).where(HasRole.role == "Clerk"))


@pytest.mark.parametrize("change", CHANGES)
def test_roles_are_right_after_a_change_however_it_was_written(ana, change):
    assert ana.roles[0].role == "Clerk"
    assert "Clerk" in get_roles(ANA)
    CHANGES[change](ana)
    assert "Clerk" not in get_roles(ANA)


def test_roles_given_by_bulk_insert_count_at_once(ana):
    Role(role_name="Chief").insert()
    assert "Chief" not in get_roles(ANA)
    db.bulk_insert("Has Role", ["parent", "parenttype", "parentfield", "role"], [[ANA, "User", "roles", "Chief"]])
    assert "Chief" in get_roles(ANA)


def test_a_change_that_is_undone_is_undone_for_permissions_too(ana):
    seen = []

    def change():
        with db.savepoint():
            _drop_clerk(ana).save()
            seen.extend(get_roles(ANA))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert seen == ["All", "Auditor", "Guest"]
    assert "Clerk" in get_roles(ANA)
    db.commit()
    db.set_value("User", ANA, "enabled", 0)
    assert get_roles(ANA) == []
    db.rollback()
    assert "Clerk" in get_roles(ANA)


def test_each_user_has_the_own_ones_in_one_context(ana):
    make_user("ben@example.com", "Chief")
    for _ in range(2):
        set_user(ANA)
        assert get_roles() == ["All", "Auditor", "Clerk", "Guest"]
        set_user("ben@example.com")
        assert get_roles() == ["All", "Chief", "Guest"]


def test_one_statement_reads_them_once_in_a_transaction(ana):
    with capture_statements() as statements:
        for _ in range(3):
            roles_of(current(), ANA)
    assert len(statements) == 1


def test_writing_other_tables_does_not_forget_them(ana):
    roles_of(current(), ANA)
    user = User(email="carl@example.com", first_name="Carl")
    with capture_statements() as statements:
        db.set_value("Deleted Document", {"name": "absent"}, "owner", "x")
        roles_of(current(), ANA)
    assert [text for text in statements if text.startswith("SELECT")] == []
    with capture_statements() as statements:
        user.insert()
        roles_of(current(), ANA)
    assert len([text for text in statements if text.startswith("SELECT")]) == 1


def test_another_context_sees_a_change_with_its_next_transaction(committed_site):
    with committed_site.work():
        make_user(ANA, "Clerk")
    with committed_site.work() as reader:
        assert "Clerk" in get_roles(ANA)
        other = committed_site.unit()
        other.before_write()
        other.link.execute(sa.update(User.__table__).where(User.name == ANA).values(enabled=0))
        other.commit()
        other.close()
        assert "Clerk" in roles_of(reader, ANA)
        reader.unit.commit()
        assert roles_of(reader, ANA) == frozenset()


@pytest.mark.parametrize("name", ["System Manager", "All", "Guest"])
def test_roles_that_must_exist_stay_in_force(name):
    role = get_doc("Role", name)
    with pytest.raises(ValidationError, match=f"the role {name} cannot be deleted"):
        role.delete()
    role.disabled = 1
    with pytest.raises(ValidationError, match=f"the role {name} cannot be disabled"):
        role.save()
    with pytest.raises(ValidationError, match=f"Role {name} cannot be discarded"):
        role.discard()


@pytest.mark.parametrize("name", ["Administrator", "Guest"])
def test_users_that_must_exist_stay_in_force(name):
    user = get_doc("User", name)
    with pytest.raises(ValidationError, match=f"the user {name} cannot be deleted"):
        user.delete()
    user.enabled = 0
    with pytest.raises(ValidationError, match=f"the user {name} cannot be disabled"):
        user.save()
    with pytest.raises(ValidationError, match=f"User {name} cannot be discarded"):
        user.discard()
