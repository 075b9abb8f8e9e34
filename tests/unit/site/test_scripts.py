"""Contexts as programs and scripts open them: a block that commits, or init and destroy in Frappe's style."""

from __future__ import annotations

import pytest

import doclife
from doclife.core.context import current_or_none
from doclife.core.errors import NoUnitOfWork, UnknownSiteError


@pytest.fixture
def place(committed_site):
    return {"site": committed_site.name, "sites_dir": committed_site.sites_dir}


def roles():
    return set(doclife.get_all("Role", {"name": ["like", "Usher%"]}, pluck="name"))


def add(name):
    doclife.get_doc({"doctype": "Role", "role_name": name}).insert()


def test_a_block_commits_at_its_end_and_rolls_back_on_an_exception(place):
    with doclife.connect(**place) as context:
        add("Usher A")
        assert (context.user, doclife.session.user, doclife.local.site) == ("Administrator",) * 2 + (place["site"],)
    with pytest.raises(ZeroDivisionError), doclife.connect(**place):
        raise_after(lambda: add("Usher B"))
    with doclife.connect(**place, user="Guest"):
        assert (roles(), doclife.session.user) == ({"Usher A"}, "Guest")
    assert current_or_none() is None


def raise_after(work):
    work()
    raise ZeroDivisionError


def test_a_script_opens_and_closes_by_itself_and_keeps_what_it_has_committed(place):
    context = doclife.init(place["site"], place["sites_dir"])
    assert context is current_or_none()
    add("Usher A")
    doclife.commit()
    add("Usher B")
    doclife.rollback()
    add("Usher C")
    doclife.destroy()
    assert current_or_none() is None
    doclife.destroy()  # nothing is open
    with pytest.raises(NoUnitOfWork, match=r"doclife\.connect"):
        doclife.db.count("Role")
    doclife.init(**place)
    assert roles() == {"Usher A"}
    doclife.init(**place, user="Guest")  # closes the one before
    assert doclife.session.user == "Guest"
    doclife.destroy()


def test_a_site_that_is_not_there_is_named(place):
    with pytest.raises(UnknownSiteError, match=rf"Did you mean '{place['site']}'"):
        doclife.init(place["site"][:-1] + "x", place["sites_dir"])
