"""Documents as plain data."""

from __future__ import annotations

from typing import Any

from doclife.core import json
from doclife.core.context import AttrDict
from doclife.model.plain import as_text
from doclife.schema.tables import CHILD_COLUMNS, STANDARD_COLUMNS

_DEFAULT_FIELDS = frozenset((*STANDARD_COLUMNS, *CHILD_COLUMNS)) - {"name"}


def as_dict(
    doc: Any,
    *,
    no_nulls: bool = False,
    no_default_fields: bool = False,
    dates_as_text: bool = False,
    rows: bool = True,
    onload: bool = True,
) -> AttrDict:
    """Returns a document's values, rows as lists of dicts; passwords are left out.

    Args:
        doc: the document.
        no_nulls: leave out what is None.
        no_default_fields: leave out the standard columns but the name.
        dates_as_text: dates and times as text.
        rows: whether the rows come along.
        onload: whether `__onload` comes along where there is one.
    """
    blueprint = doc._blueprint
    hidden = blueprint.format.password_fields
    values = AttrDict(doctype=doc.meta.doctype)
    for name in blueprint.columns:
        if name in hidden or (no_default_fields and name in _DEFAULT_FIELDS):
            continue
        value = doc.__dict__[name]
        if value is not None or not no_nulls:
            values[name] = as_text(value) if dates_as_text else value
    for name in blueprint.table_fields if rows else ():
        values[name] = [
            as_dict(row, no_nulls=no_nulls, no_default_fields=no_default_fields, dates_as_text=dates_as_text)
            for row in doc.get(name) or ()
        ]
    if onload and doc.__dict__.get("__onload"):
        values["__onload"] = doc.__dict__["__onload"]
    return values


def as_json(doc: Any, *, indent: int | None = 1) -> str:
    """Returns a document as JSON text."""
    return json.dumps(as_dict(doc, onload=False), indent=indent)
