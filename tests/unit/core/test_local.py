"""What the open context holds, under Frappe's names."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from doclife.core.context import Context, activate
from doclife.core.errors import NoUnitOfWork
from doclife.core.local import conf, flags, form_dict, local, response, session
from doclife.core.settings import Settings

SITE = SimpleNamespace(name="one", settings=Settings(time_zone="Europe/Berlin"))


@pytest.fixture
def context():
    with activate(Context(site=SITE, user="ana@example.com")) as opened:
        yield opened


def test_each_answers_for_the_context_that_is_open(context):
    flags.quiet = True
    form_dict["outlet"] = "SJ-1"
    response.update(message=3)
    assert (context.flags, context.form_dict, context.response) == ({"quiet": True}, {"outlet": "SJ-1"}, {"message": 3})
    with activate(Context(site=SITE, user="bo@example.com")):
        assert (session.user, flags.quiet, form_dict.get("outlet"), dict(response)) == (
            "bo@example.com",
            None,
            None,
            {},
        )
    assert (session.user, flags.quiet, form_dict.outlet) == ("ana@example.com", True, "SJ-1")


def test_a_context_dict_does_what_a_dict_does(context):
    form_dict.update({"a": 1, "b": 2})
    assert (len(form_dict), sorted(form_dict), "a" in form_dict, form_dict.pop("a")) == (2, ["a", "b"], True, 1)
    del form_dict.b
    assert form_dict.setdefault("c", 3) == 3
    assert repr(form_dict) == "{'c': 3}"
    with pytest.raises(KeyError):
        form_dict["gone"]


def test_local_keeps_what_an_application_puts_there_apart_from_what_doclife_keeps(context):
    context.local["roles"] = {"ana@example.com": frozenset()}
    local.roles = "mine"
    assert local.roles == "mine"
    assert context.local["roles"] == {"ana@example.com": frozenset()}
    del local.roles
    for act in (lambda: local.roles, lambda: delattr(local, "roles")):
        with pytest.raises(AttributeError, match=r"doclife\.local\.roles"):
            act()


def test_local_has_what_the_context_has(context):
    assert (local.site, local.session.user, local.flags is context.flags) == ("one", "ana@example.com", True)
    local.message_log.append({"message": "x"})
    assert context.messages == [{"message": "x"}]
    with pytest.raises(AttributeError, match="belongs to the context"):
        local.site = "two"


def test_settings_are_read_from_conf(context):
    assert conf.time_zone == "Europe/Berlin"
    assert (conf.get("time_zone"), conf.get("developer_mode"), conf.get("developer_mode", 0)) == (
        "Europe/Berlin",
        None,
        0,
    )


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda: session.user, id="session"),
        pytest.param(lambda: flags.x, id="flags"),
        pytest.param(lambda: local.x, id="local"),
        pytest.param(lambda: conf.time_zone, id="conf"),
    ],
)
def test_without_a_context_there_is_an_error_that_says_so(ask):
    with pytest.raises(NoUnitOfWork, match=r"doclife\.connect"):
        ask()
