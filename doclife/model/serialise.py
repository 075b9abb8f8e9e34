"""Documents as plain data."""

from __future__ import annotations

from typing import Any

from doclife.core import json
from doclife.core.context import AttrDict
from doclife.schema.tables import CHILD_COLUMNS, STANDARD_COLUMNS

_DEFAULT_FIELDS = frozenset((*STANDARD_COLUMNS, *CHILD_COLUMNS)) - {"name"}


def as_dict(doc: Any, *, no_nulls: bool = False, no_default_fields: bool = False) -> AttrDict:
    """Returns a document's values, rows as lists of dicts; passwords are left out.

    Args:
        doc: the document.
        no_nulls: leave out what is None.
        no_default_fields: leave out the standard columns but the name.
    """
    blueprint = doc._blueprint
    hidden = blueprint.format.password_fields
    values = AttrDict(doctype=doc.meta.doctype)
    for name in blueprint.columns:
        if name in hidden or (no_default_fields and name in _DEFAULT_FIELDS):
            continue
        value = doc.__dict__[name]
        if value is not None or not no_nulls:
            values[name] = value
    for name in blueprint.table_fields:
        values[name] = [
            as_dict(row, no_nulls=no_nulls, no_default_fields=no_default_fields) for row in doc.get(name) or ()
        ]
    return values


def as_json(doc: Any, *, indent: int | None = 1) -> str:
    """Returns a document as JSON text."""
    return json.dumps(as_dict(doc), indent=indent)
