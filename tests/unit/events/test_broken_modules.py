"""Modules of an app that raise something else than ImportError when they are imported."""

from __future__ import annotations

import pytest

from doclife.core.errors import HookError
from doclife.events.handlers import import_path
from doclife.events.hooks import load_app


@pytest.fixture
def app(tmp_path, monkeypatch):
    """Returns a function that makes an app of these files and returns its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name, **files):
        package = tmp_path / name
        (package / "doctypes").mkdir(parents=True)
        for path in ("__init__", "doctypes/__init__", "hooks"):
            (package / f"{path}.py").write_text("")
        for path, text in files.items():
            (package / f"{path.replace('__', '/')}.py").write_text(text)
        return name

    return make


@pytest.mark.parametrize(
    ("text", "reason"),
    [("def fn(doc:\n", "SyntaxError"), ("nothing_of_this_name", "NameError"), ("1 / 0", "ZeroDivisionError")],
    ids=["syntax", "name", "arithmetic"],
)
def test_a_handlers_module_that_raises_is_refused_with_who_names_it(app, text, reason):
    name = app(f"broken_{reason.lower()}", events=text)
    with pytest.raises(HookError) as caught:
        import_path(f"{name}.events.fn", "shop: doc_events['Invoice']['on_submit']")
    expected = f"shop: doc_events['Invoice']['on_submit']: '{name}.events.fn' does not import: {name}.events raised"
    assert str(caught.value).startswith(f"{expected} {reason}: ")


@pytest.mark.parametrize("module", ["hooks", "doctypes__outlet"])
def test_an_app_whose_declarations_raise_is_refused_with_the_module(app, module):
    name = app(f"broken_{module}", **{module: "1 / 0"})
    path = f"{name}.{module.replace('__', '.')}"
    with pytest.raises(HookError, match=rf"^{path} does not import: .*ZeroDivisionError: division by zero"):
        load_app(name)
