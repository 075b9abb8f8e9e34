"""Fixtures: documents that an app brings along, as files in its folder `fixtures`.

A file is a list of documents as dicts with "doctype" and "name", child rows as lists of dicts. Every
installation and migration makes the stored documents say what the files say, as in Frappe: a change
that somebody has made to a field that stands in a file is overwritten.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from doclife.core import json
from doclife.core.context import current
from doclife.core.errors import ConfigError, DoclifeError, DoesNotExistError
from doclife.events.hooks import AppHooks
from doclife.model.access import get_doc, new_doc
from doclife.query.lists import get_all
from doclife.schema import registry
from doclife.schema.fieldtypes import AmountField, DynamicLink, Float, Link
from doclife.schema.tables import AMENDED_FROM, CHILD_COLUMNS, STANDARD_COLUMNS
from doclife.site.runtime import Site
from doclife.utils.errors import InvalidValue

#: the folder of an app that holds them
FOLDER = "fixtures"
#: what a file may hold, as Frappe's do, and what a site decides itself
_OF_THE_SITE = frozenset((*STANDARD_COLUMNS, *CHILD_COLUMNS, AMENDED_FROM, "doctype"))


class Entry(NamedTuple):
    """One document of a file."""

    #: file, number of the entry, document type and name: for messages
    where: str
    doctype: str
    name: str
    values: dict[str, Any]


class _LinkTo(NamedTuple):
    where: str
    #: the field that holds the link
    field: str
    #: document type and name that it names
    target: str
    name: str


def load_fixtures(site: Site, app: str, report: Callable[[str], None] | None = None) -> int:
    """Inserts and updates the documents of an app's fixtures; returns how many it had to write.

    Files come in the order of their names. Events and checks run as for any save, permissions are not
    asked for, `doclife.flags.in_import` is set. A document may link to one that comes later: links
    are checked at the end. A document that says already what the file says is not written.

    Raises:
        ConfigError: a document cannot be used; the message names file and entry.
    Order: inside a context on the site, whose unit of work all of them are.
    """
    hooks = next(each for each in site.apps if each.name == app)
    flags = current().flags
    before, flags.in_import = flags.in_import, True
    written = 0
    links: list[_LinkTo] = []
    try:
        for path in files_of(hooks):
            for entry in _entries(path):
                with _told(entry.where):
                    written += _load(entry, links)
    finally:
        flags.in_import = before
    _check_links(links)
    if written and report is not None:
        report(f"{app}: {written} fixture{'' if written == 1 else 's'} written")
    return written


def folder_of(app: AppHooks) -> Path | None:
    """Returns the folder of an app's fixtures, which need not exist; None for an app without a folder."""
    return Path(app.package.__file__).parent / FOLDER if app.package.__file__ else None


def files_of(app: AppHooks) -> list[Path]:
    """Returns the fixture files of an app in the order in which they are loaded."""
    folder = folder_of(app)
    return sorted(folder.glob("*.json")) if folder is not None else []


def _entries(path: Path) -> Iterator[Entry]:
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (DoclifeError, OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    for number, values in enumerate(data if isinstance(data, list) else [data], start=1):
        where = f"{path}: entry {number}"
        if not isinstance(values, dict) or not isinstance(values.get("doctype"), str):
            raise ConfigError(f"{where}: a fixture is an object with a 'doctype' and a 'name'")
        doctype = values["doctype"]
        name = values.get("name")
        with _told(where):
            cls = registry.resolve(doctype)
        if name is None and cls.meta.issingle:
            name = doctype
        if name is None and cls.meta.autoname.lower().startswith("field:"):
            name = values.get(cls.meta.autoname[6:])
        if not isinstance(name, str) or not name:
            raise ConfigError(f"{where}: a fixture needs the 'name' of its document, as text")
        yield Entry(f"{where} ({doctype} {name!r})", doctype, name, values)


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Turns an error in the block into one that begins with where it was met."""
    try:
        yield
    except (DoclifeError, InvalidValue) as error:
        raise ConfigError(f"{where}: {error}") from error


def _load(entry: Entry, links: list[_LinkTo]) -> bool:
    """Makes the stored document of an entry say what it says; returns whether anything had to be written."""
    cls = registry.resolve(entry.doctype)
    if cls.meta.istable:
        raise ConfigError("rows are fixtures of the document that they belong to, not by themselves")
    wanted = _checked(cls, entry.values)
    probe = cls(wanted)
    links += _links(entry.where, probe, wanted)
    doc = _stored(entry)
    if doc is None:
        doc = new_doc(entry.doctype)
        _save(doc, wanted, lambda: doc.insert(set_name=entry.name), entry.values.get("docstatus") or 0)
        return True
    if all(_same(doc, probe, name, value) for name, value in wanted.items()):
        return False
    doc = get_doc(entry.doctype, entry.name, for_update=True)
    _save(doc, {n: v for n, v in wanted.items() if not _same(doc, probe, n, v)}, doc.save, doc.docstatus)
    return True


def _stored(entry: Entry) -> Any:
    try:
        doc = get_doc(entry.doctype, entry.name)
    except DoesNotExistError:
        return None
    return None if doc.is_new() else doc  # a single type that nobody has saved


def _save(doc: Any, values: Mapping[str, Any], save: Callable[[], Any], docstatus: int) -> None:
    for name, value in values.items():
        doc.set(name, value)
    doc.docstatus = docstatus
    doc.flags.ignore_permissions = doc.flags.ignore_links = True
    save()


def _checked(cls: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields of an entry, rows without what only the site knows of them.

    Raises:
        UnknownFieldError, ConfigError.
    """
    wanted = {name: value for name, value in values.items() if name not in _OF_THE_SITE}
    for name in wanted:
        cls.meta.get_field(name)  # refuses an unknown one with the nearest
        if name in cls._blueprint.format.password_fields:
            raise ConfigError(f"{name} is a password, which no file should hold; take it out")
    for name, field in cls._blueprint.table_fields.items():
        if name in wanted:
            rows = wanted[name] or []
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise ConfigError(f"{name} holds rows: a list of objects")
            child = registry.resolve(field.options)
            wanted[name] = [_checked(child, row) for row in rows]
    return wanted


def _same(doc: Any, probe: Any, name: str, value: Any) -> bool:
    """Tells whether a stored document has in a field what the file says, cast and rounded as a save does it."""
    if name not in doc._blueprint.table_fields:
        return bool(_value(doc, name) == _value(probe, name))
    stored, wanted = doc.get(name), probe.get(name)
    return len(stored) == len(wanted) and all(
        _same(row, other, column, inner)
        for row, other, given in zip(stored, wanted, value, strict=True)
        for column, inner in given.items()
    )


def _value(doc: Any, name: str) -> Any:
    value, field = doc.__dict__[name], doc._blueprint.fields[name]
    fits = isinstance(field, (AmountField, Float)) and type(value) in field.clean and math.isfinite(value)
    return field.rounded(value) if fits else value


def _links(where: str, doc: Any, values: Mapping[str, Any]) -> Iterator[_LinkTo]:
    """Yields the links of an entry and of its rows."""
    for name in values:
        field, value = doc.meta.get_field(name), doc.get(name)
        if isinstance(field, (Link, DynamicLink)) and value:
            target = doc.get(field.options) if isinstance(field, DynamicLink) else field.options
            yield _LinkTo(where, name, target or "", value)
        elif name in doc._blueprint.table_fields:
            for number, (row, given) in enumerate(zip(value, values[name], strict=True), start=1):
                yield from _links(f"{where}: {name} row {number}", row, given)


def _check_links(links: Sequence[_LinkTo]) -> None:
    by_target: dict[str, set[str]] = {}
    for link in links:
        by_target.setdefault(link.target, set()).add(link.name)
    missing = set()
    for target, names in by_target.items():
        there = set(get_all(target, {"name": ["in", sorted(names)]}, pluck="name")) if target else set()
        missing |= {(target, name) for name in names - there}
    for link in links:
        if (link.target, link.name) in missing:
            what = f"no {link.target}" if link.target else "no document type for"
            raise ConfigError(f"{link.where}: {link.field}: there is {what} {link.name!r}")
