"""The hook `fixtures`: what its entries mean, and which cannot be used."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from doclife.core.errors import HookError
from doclife.events.fixtures import FixtureEntry, fixture_entries, unknown_fixtures
from doclife.events.hooks import AppHooks


def _app(*entries):
    return AppHooks("shop", {"fixtures": list(entries)}, ModuleType("shop"))


def test_an_entry_is_a_document_type_or_one_with_filters():
    app = _app("Role", {"dt": "Box", "filters": {"a": 1}}, {"doctype": "Box", "or_filters": [["b", "=", 2]]})
    assert fixture_entries(app) == [
        FixtureEntry("Role"),
        FixtureEntry("Box", {"a": 1}),
        FixtureEntry("Box", None, [["b", "=", 2]]),
    ]
    assert fixture_entries(AppHooks("shop", {}, ModuleType("shop"))) == []


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (7, "must be a document type, or a dict with 'doctype' and 'filters', not 7"),
        ({"doctyp": "Box"}, "has the key 'doctyp'. Did you mean 'doctype'?"),
        ({"filters": {}}, "names no document type; give it a 'doctype'"),
        ({"dt": ["Box"]}, "names no document type; give it a 'doctype'"),
    ],
)
def test_what_is_no_entry_is_refused_naming_app_and_place(entry, message):
    with pytest.raises(HookError, match=re.escape(f"shop: fixtures[1] {message}")):
        fixture_entries(_app("Role", entry))


def test_a_type_that_no_installed_app_has_is_a_warning():
    assert list(unknown_fixtures([_app("Rolle", "Box")], ["Role", "Box"])) == [
        "shop: fixtures names the document type 'Rolle', which no installed app has. Did you mean 'Role'?"
    ]
