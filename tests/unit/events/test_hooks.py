"""hooks.py: what loads, what is refused, and how apps' values merge."""

from __future__ import annotations

import re
import sys
from textwrap import dedent

import pytest

from doclife.core.errors import HookError, UnknownAppError
from doclife.events.hooks import as_paths, importable_apps, in_order, load_app, merged
from tests.unit.events.declared import app


@pytest.fixture
def make_app(tmp_path, monkeypatch):
    """Returns a function that writes an app as a package and makes it importable for the test."""
    monkeypatch.syspath_prepend(tmp_path)
    made = []

    def make(name, hooks="", doctypes=()):
        made.append(name)
        (tmp_path / name / "doctypes").mkdir(parents=True)
        (tmp_path / name / "__init__.py").touch()
        if hooks is not None:
            (tmp_path / name / "hooks.py").write_text(dedent(hooks))
        for module in doctypes:
            (tmp_path / name / "doctypes" / f"{module}.py").touch()
        return name

    yield make
    for module in list(sys.modules):
        if module.partition(".")[0] in made:
            del sys.modules[module]


def test_an_app_is_loaded_with_the_public_values_of_its_hooks(make_app):
    make_app(
        "hooks_shop",
        """
        import os
        from pathlib import Path
        app_title = "The Shop"
        website_theme = {"color": "red"}
        _private = 1
        def helper(): ...
        """,
    )
    loaded = load_app("hooks_shop")
    assert loaded.values == {"app_title": "The Shop", "website_theme": {"color": "red"}}
    assert loaded.title == "The Shop"
    assert loaded.package.__name__ == "hooks_shop"


def test_an_app_without_a_title_is_called_by_its_name(make_app):
    assert load_app(make_app("hooks_untitled")).title == "hooks_untitled"


def test_the_modules_of_the_doctypes_folder_are_imported(make_app):
    make_app("hooks_typed", "", ["__init__", "outlet", "invoice"])
    load_app("hooks_typed")
    assert {"hooks_typed.doctypes.outlet", "hooks_typed.doctypes.invoice"} <= sys.modules.keys()


@pytest.mark.parametrize("name", ["no_such_app_here", "not a name", ""])
def test_an_app_that_cannot_be_imported_is_unknown(name):
    with pytest.raises(UnknownAppError, match="no package of that name"):
        load_app(name)


def test_a_package_without_hooks_is_no_app(make_app):
    make_app("hooks_none", None)
    with pytest.raises(HookError, match=r"'hooks_none' is no app: it has no hooks\.py"):
        load_app("hooks_none")


def test_a_folder_that_is_no_package_is_no_app_and_is_told_what_it_lacks(make_app, tmp_path):
    make_app("hooks_bare")
    (tmp_path / "hooks_bare" / "__init__.py").unlink()
    with pytest.raises(HookError, match=re.escape(f"make an empty {tmp_path}/hooks_bare/__init__.py")):
        load_app("hooks_bare")


def test_a_failing_import_inside_hooks_is_not_taken_for_missing_hooks(make_app):
    make_app("hooks_broken", "import no_such_module_here")
    with pytest.raises(HookError, match=r"hooks_broken\.hooks does not import: No module named 'no_such_module_here'"):
        load_app("hooks_broken")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("doc_events = []", "doc_events must be a dict, not list"),
        ("scheduler_events = 'daily'", "scheduler_events must be a dict, not str"),
        ("before_job = 5", "before_job must be a str or list or tuple, not int"),
        ("custom_events = 'on_ripe'", "custom_events must be a list or tuple, not str"),
        ("required_apps = 'shop'", "required_apps must be a list or tuple, not str"),
    ],
)
def test_a_key_of_the_wrong_type_is_refused(make_app, line, expected):
    make_app("hooks_wrong", line)
    with pytest.raises(HookError) as caught:
        load_app("hooks_wrong")
    assert str(caught.value) == f"hooks_wrong.hooks: {expected}"


def test_apps_come_in_the_order_given_after_doclife(make_app):
    names = [make_app("hooks_b"), make_app("hooks_a", "required_apps = ['hooks_b']")]
    assert [each.name for each in in_order(names)] == ["doclife", "hooks_b", "hooks_a"]


def test_an_app_before_one_it_requires_is_refused(make_app):
    names = [make_app("hooks_a", "required_apps = ['doclife', 'hooks_b']"), make_app("hooks_b")]
    with pytest.raises(HookError, match="app 'hooks_a' requires 'hooks_b', which must be installed before it"):
        in_order(names)


def test_dicts_merge_by_key_and_everything_else_becomes_a_list():
    apps = [
        app("a", fixtures=["Role"], theme="red", jinja={"methods": ["one"], "colour": "blue"}),
        app("b", fixtures=["User"], theme="green", jinja={"methods": ["two"], "more": {"x": 1}}),
        app("c"),
    ]
    assert merged(apps, "fixtures") == ["Role", "User"]
    assert merged(apps, "theme") == ["red", "green"]
    assert merged(apps, "jinja") == {"methods": ["one", "two"], "colour": ["blue"], "more": {"x": [1]}}
    assert merged(apps, "nobody has this") == []


def test_merging_changes_nothing_that_an_app_declares():
    first, second = app("a", fixtures=["Role"]), app("b", fixtures=["User"])
    merged([first, second], "fixtures")
    assert first.values == {"fixtures": ["Role"]}


def test_paths_may_be_one_or_many():
    assert as_paths("a.b", "x") == ["a.b"]
    assert as_paths(("a.b", "c.d"), "x") == ["a.b", "c.d"]
    with pytest.raises(HookError, match="shop: before_job must be a dotted path or a list of dotted paths, not 5"):
        as_paths(5, "shop: before_job")


def test_a_misspelt_app_is_met_with_the_one_that_was_meant(tmp_path, monkeypatch):
    (tmp_path / "bookshop_of_ann").mkdir()
    (tmp_path / "bookshop_of_ann" / "hooks.py").write_text('app_name = "bookshop_of_ann"\n')
    (tmp_path / "no_app").mkdir()
    (tmp_path / "no_app" / "hooks.py").write_text("events = []\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "bookshop_of_ann" in importable_apps()
    assert "no_app" not in importable_apps()
    with pytest.raises(UnknownAppError, match="Did you mean 'bookshop_of_ann'"):
        load_app("bookshop_off_ann")
