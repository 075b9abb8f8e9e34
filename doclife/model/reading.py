"""Reading a document's stored state again."""

from __future__ import annotations

from typing import Any

from doclife.core.context import current
from doclife.core.errors import DoesNotExistError, UnknownFieldError, nearest
from doclife.model.loading import load


def reload(doc: Any) -> None:
    """Loads a document over the object it is in; flags, before-image and attributes that are no fields stay.

    Raises:
        DoesNotExistError: it is not stored.
    """
    fresh = load(current().unit, type(doc), doc.name)
    values, state = doc.__dict__, doc._state
    values.update(fresh.__dict__)
    for rows in (values[name] for name in doc._blueprint.table_fields):
        for row in rows:
            row._state.parent = doc
    state.row, state.stored_rows, state.loaded_in = fresh._state.row, fresh._state.stored_rows, fresh._state.loaded_in
    state.kept = state.given = None


def latest(doc: Any) -> Any:
    """Returns another object of the document, as it is stored.

    Raises:
        DoesNotExistError: it is not stored.
    """
    return load(current().unit, type(doc), doc.name)


def stored_value(doc: Any, field: str) -> Any:
    """Returns a column's stored value.

    Raises:
        UnknownFieldError: there is no such column. DoesNotExistError: the document is not stored.
    """
    if field not in doc._blueprint.format.index:
        hint = nearest(field, doc._blueprint.columns)
        raise UnknownFieldError(f"{doc.doctype} has no column {field!r}.{hint}", doctype=doc.doctype, field=field)
    unit = current().unit
    statements = doc._blueprint.statements(unit.database.engine.dialect)
    found = statements.lookup(unit.link.rows, (field,), [doc.name])
    if not found:
        raise DoesNotExistError(f"{doc.doctype} {doc.name!r} does not exist", doctype=doc.doctype, name=doc.name)
    return found[0][field]
