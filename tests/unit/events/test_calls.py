"""Hooks and functions by name."""

from __future__ import annotations

import pytest

from doclife.core.errors import AppNotInstalledError, HookError
from doclife.events.calls import call, get_attr, get_hooks, get_installed_apps

pytestmark = pytest.mark.usefixtures("site")


def test_hooks_are_merged_in_install_order(site):
    site.use_hooks("first", {"app_title": "First", "jinja": {"methods": ["first.a"]}})
    site.use_hooks("second", {"app_title": "Second", "jinja": {"methods": ["second.b"], "filters": "second.c"}})
    assert get_hooks("app_title") == ["First", "Second"]
    assert get_hooks("jinja") == {"methods": ["first.a", "second.b"], "filters": ["second.c"]}
    assert get_hooks("app_title", app_name="second") == ["Second"]
    assert get_hooks()["app_title"] == ["First", "Second"]
    assert get_installed_apps() == ["doclife", "first", "second"]


def test_a_key_nobody_declares_gives_the_default():
    assert get_hooks("nobody_has_this") == []
    assert get_hooks("nobody_has_this", default={}) == {}


def test_get_attr_finds_what_installed_apps_have():
    assert get_attr("doclife.events.calls.get_hooks") is get_hooks
    with pytest.raises(HookError, match=r"has no 'get_hook'\. Did you mean 'get_hooks'\?"):
        get_attr("doclife.events.calls.get_hook")
    with pytest.raises(AppNotInstalledError, match=r"of the app 'json', which is not installed on test\."):
        get_attr("json.dumps")


def test_call_passes_on_what_the_function_takes():
    def taken(a, b=2, *, c=3):
        return (a, b, c)

    assert call(taken, 1, c=30, d=40, ignore_permissions=True) == (1, 2, 30)
    assert call("doclife.events.calls.get_hooks", hook="nothing", default=7, flags={}) == 7


def test_call_never_passes_on_what_would_open_doors():
    assert call(lambda **kwargs: kwargs, a=1, ignore_permissions=True, flags={"x": 1}) == {"a": 1}
