"""Users of the open context."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.core.errors import PermissionDenied
from doclife.core.local import session
from doclife.permissions.users import get_roles, only_for, set_user
from doclife.testing import make_user

pytestmark = pytest.mark.usefixtures("site")


def test_roles_are_those_given_and_those_everybody_has():
    make_user("ana@example.com", "Outlet Clerk", "Franchise Manager")
    assert get_roles("ana@example.com") == ["All", "Franchise Manager", "Guest", "Outlet Clerk"]
    assert get_roles("Guest") == ["Guest"]
    set_user("ana@example.com")
    assert get_roles() == get_roles("ana@example.com")


def test_set_user_goes_on_as_somebody_else_without_their_arguments():
    current().form_dict.outlet = "SJ-1"
    set_user("Guest")
    assert session.user == "Guest"
    assert current().form_dict == {}


def test_only_for_lets_pass_who_has_one_of_the_roles():
    make_user("ana@example.com", "Outlet Clerk")
    only_for("Nobody Has This")  # as Administrator
    set_user("ana@example.com")
    only_for("Outlet Clerk")
    only_for(["Franchise Manager", "Outlet Clerk"])
    with pytest.raises(PermissionDenied, match=r"ana@example\.com has none .*: Franchise Manager, Auditor"):
        only_for(("Franchise Manager", "Auditor"))
