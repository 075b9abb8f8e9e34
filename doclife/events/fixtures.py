"""The hook `fixtures`: which documents an app brings along, for `doclife export-fixtures`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from doclife.core.errors import HookError, nearest
from doclife.events.hooks import AppHooks

_KEYS = ("dt", "doctype", "filters", "or_filters")


class FixtureEntry(NamedTuple):
    """One entry of the hook `fixtures`."""

    doctype: str
    filters: Any = None
    or_filters: Any = None


def fixture_entries(app: AppHooks) -> list[FixtureEntry]:
    """Returns the entries of an app's hook `fixtures`: a document type, or a dict with one and filters.

    Raises:
        HookError: an entry is neither; the message names app and entry.
    """
    found = []
    for number, entry in enumerate(app.values.get("fixtures", ())):
        where = f"{app.name}: fixtures[{number}]"
        if isinstance(entry, str):
            found.append(FixtureEntry(entry))
            continue
        if not isinstance(entry, Mapping):
            raise HookError(f"{where} must be a document type, or a dict with 'doctype' and 'filters', not {entry!r}")
        unknown = sorted(entry.keys() - set(_KEYS))
        if unknown:
            raise HookError(f"{where} has the key {unknown[0]!r}.{nearest(str(unknown[0]), _KEYS)}")
        doctype = entry.get("doctype") or entry.get("dt")
        if not isinstance(doctype, str):
            raise HookError(f"{where} names no document type; give it a 'doctype'")
        found.append(FixtureEntry(doctype, entry.get("filters"), entry.get("or_filters")))
    return found


def unknown_fixtures(apps: Iterable[AppHooks], doctypes: Collection[str]) -> Iterator[str]:
    """Yields a warning for each entry whose document type no installed app has.

    Raises:
        HookError: an entry cannot be understood.
    """
    for app in apps:
        for entry in fixture_entries(app):
            if entry.doctype not in doctypes:
                yield (
                    f"{app.name}: fixtures names the document type {entry.doctype!r}, which no installed app has."
                    f"{nearest(entry.doctype, doctypes)}"
                )
