"""Names as such: which are allowed, and those that amended documents get."""

from __future__ import annotations

import uuid
from typing import Any

from doclife.core.errors import InvalidUUIDValue, NameError, ValidationError
from doclife.database.types import is_name_number
from doclife.model.checks import describe
from doclife.schema import autoname
from doclife.schema.tables import AMENDED_FROM
from doclife.uow.unit import UnitOfWork

#: characters of the column `name`
MAX_NAME = 140


def where(doc: Any) -> str:
    """Returns what a message calls a document that has no name yet, or a row."""
    return describe(doc) if doc._state.parent is not None else str(doc.doctype)


def check_name(doc: Any) -> None:
    """Refuses names that are not allowed (reference 2.4); blanks around the others are taken off.

    Raises:
        ValidationError: it is empty.
        NameError: it is no text, has markup, is too long or reserved, or does not fit the naming rule.
    """
    name = doc.__dict__["name"]
    if name is None or name == "":
        raise ValidationError(f"{where(doc)}: the document has no name", doctype=doc.doctype)
    kind = doc._blueprint.naming.kind
    if not isinstance(name, str):
        name = _text(doc, name, kind)
    name = doc.__dict__["name"] = name.strip()
    if not name:
        raise ValidationError(f"{where(doc)}: the document has no name", doctype=doc.doctype)
    problem = _problem(doc, name, kind)
    if problem:
        raise NameError(f"{where(doc)}: the name {name!r} {problem}", doctype=doc.doctype, name=name)


def _text(doc: Any, name: Any, kind: str) -> str:
    whole = isinstance(name, int) and not isinstance(name, bool)
    if (whole and kind == autoname.AUTOINCREMENT) or isinstance(name, uuid.UUID):
        return str(name)
    raise NameError(
        f"{where(doc)}: a name is text, not {name!r} ({type(name).__name__}); whole numbers name documents of types "
        'with autoname="autoincrement" only',
        doctype=doc.doctype,
        name=name,
    )


def _problem(doc: Any, name: str, kind: str) -> str:
    meta = doc.meta
    if "<" in name or ">" in name:
        return "has < or >"
    if len(name) > MAX_NAME:
        return f"is longer than {MAX_NAME} characters"
    if name.startswith(f"New {meta.doctype}"):
        return "is what a form calls a document without a name"
    if name == meta.doctype and not meta.issingle:
        return "is the name of the document type"
    if kind == autoname.AUTOINCREMENT and not is_name_number(name):
        return 'is no whole number from 1 on, as autoname="autoincrement" has them'
    if "\0" in name or not _is_encodable(name):
        return "has a character that no database keeps"
    return ""


def _is_encodable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def uuid_text(doc: Any, given: Any) -> str:
    """Returns a UUID as it is stored.

    Raises:
        InvalidUUIDValue: it is none.
    """
    try:
        return str(uuid.UUID(str(given)))
    except ValueError:
        raise InvalidUUIDValue(
            f"{where(doc)}: {given!r} is not a UUID, and the naming rule is UUID", doctype=doc.doctype, name=given
        ) from None


def amended_name(unit: UnitOfWork, doc: Any) -> str:
    """Returns `<source>-1`, or the source's own number plus one when it is an amendment itself."""
    source: str = doc.__dict__[AMENDED_FROM]
    statements = type(doc)._blueprint.statements(unit.database.engine.dialect)
    found = statements.lookup(unit.link.rows, (AMENDED_FROM,), [source])
    base, _, number = source.rpartition("-")
    if found and found[0][AMENDED_FROM] and base and number.isdigit():
        return f"{base}-{int(number) + 1}"
    return f"{source}-1"
