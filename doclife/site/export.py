"""Exporting fixtures: what an app's hook `fixtures` names, written to the files that `site.fixtures` loads."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from doclife.core import json
from doclife.core.errors import ConfigError
from doclife.events.fixtures import FixtureEntry, fixture_entries
from doclife.model.access import get_doc, get_docs
from doclife.query.lists import get_all
from doclife.schema import registry
from doclife.site.classes import requirements
from doclife.site.fixtures import folder_of
from doclife.site.runtime import Site


def export_fixtures(site: Site, app: str) -> dict[Path, int]:
    """Writes the fixture files of an app from what its site has; returns files with how many documents each holds.

    One file a document type. The same documents always give the same text: documents by name, keys sorted, rows
    by idx, without names of rows, times, users, passwords, `no_copy` fields, and fields that other apps have added.

    Raises:
        HookError, UnknownDoctypeError, ConfigError: an entry cannot be used, or the app has none.
    Order: inside a context on the site.
    """
    hooks = next(each for each in site.apps if each.name == app)
    folder = folder_of(hooks)
    entries = fixture_entries(hooks)
    if folder is None or not entries:
        raise ConfigError(f"app {app!r} names no fixtures; in its hooks.py: fixtures = ['Role', ...]")
    known = {app, "doclife", *requirements(site.apps)[app]}
    documents: dict[str, dict[str, Any]] = {}
    for entry in entries:
        of_type = documents.setdefault(entry.doctype, {})
        of_type |= {doc.name: _plain(doc, known) for doc in _documents(entry)}
    written = {}
    folder.mkdir(exist_ok=True)
    for doctype, by_name in documents.items():
        path = folder / f"{doctype.lower().replace(' ', '_')}.json"
        path.write_text(json.dumps([by_name[name] for name in sorted(by_name)], indent=1) + "\n", encoding="utf-8")
        written[path] = len(by_name)
    return written


def _documents(entry: FixtureEntry) -> Sequence[Any]:
    cls = registry.resolve(entry.doctype)
    if cls.meta.istable:
        raise ConfigError(f"rows of {entry.doctype!r} are fixtures of the document that they belong to")
    if cls.meta.issingle:
        single = get_doc(cls)
        return [] if single.is_new() else [single]
    names = get_all(entry.doctype, entry.filters, or_filters=entry.or_filters, order_by="name", pluck="name")
    return get_docs(cls, names)


def _plain(doc: Any, apps: set[str], *, row: bool = False) -> dict[str, Any]:
    blueprint = doc._blueprint
    values: dict[str, Any] = {} if row else {"doctype": doc.doctype, "name": doc.name}
    if doc.docstatus and not row:
        values["docstatus"] = doc.docstatus
    for field in doc.meta.fields:
        if field.no_copy or field.name in blueprint.format.password_fields:
            continue
        if blueprint.added_by.get(field.name, "doclife") in apps:
            value = doc.get(field.name)
            rows = field.name in blueprint.table_fields
            values[field.name] = [_plain(each, apps, row=True) for each in value] if rows else _value(value)
    return dict(sorted(values.items()))


def _value(value: Any) -> Any:
    """Returns a value for JSON; an amount with more digits than a number of JSON is sure to keep as text."""
    if isinstance(value, Decimal) and Decimal(repr(float(value))) != value:
        return str(value)
    return value
