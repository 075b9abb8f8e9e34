"""Users and roles under another name."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.core.errors import ValidationError
from doclife.doctypes.error_log import ErrorLog
from doclife.jobs.enqueue import enqueue
from doclife.model.access import get_doc, rename_doc
from doclife.query.lists import get_all
from doclife.testing import as_user, make_user, run_jobs

ran = []


def _work():
    ran.append(current().user)


def test_what_a_user_owns_has_changed_and_has_asked_for_follows(site):
    make_user("ada@example.com", "System Manager")
    with as_user("ada@example.com"):
        log = ErrorLog(method="x").insert(ignore_permissions=True).name
        enqueue(_work)
        current().unit.commit()
    ran.clear()
    rename_doc("User", "ada@example.com", "ada@lovelace.example", force=True)
    assert get_all("Error Log", {"name": log}, ["owner", "modified_by"]) == [
        {"owner": "ada@lovelace.example", "modified_by": "ada@lovelace.example"}
    ]
    user = get_doc("User", "ada@lovelace.example")
    assert user.email == "ada@lovelace.example"
    assert [row.role for row in user.roles] == ["System Manager"]
    run_jobs()
    assert ran == ["ada@lovelace.example"]


def test_a_role_follows_to_the_users_who_have_it(site):
    make_user("ada@example.com", "Cashier")
    rename_doc("Role", "Cashier", "Teller", force=True)
    assert [row.role for row in get_doc("User", "ada@example.com").roles] == ["Teller"]


@pytest.mark.parametrize(
    ("doctype", "name"), [("User", "Administrator"), ("User", "Guest"), ("Role", "System Manager")]
)
def test_those_that_must_exist_keep_their_names(site, doctype, name):
    with pytest.raises(ValidationError, match=f"the {doctype.lower()} {name} cannot be renamed"):
        rename_doc(doctype, name, "somebody@example.com", force=True)
