"""Before-images: the document as it was before an operation, for parent and rows alike."""

from __future__ import annotations

from typing import Any

from doclife.core.errors import UnknownFieldError, nearest
from doclife.model.loading import materialise
from doclife.model.state import Row


def _row_before(doc: Any) -> Row | None:
    """Returns the stored row before the operation, or None where there was none."""
    parent = doc._state.parent
    if parent is not None:
        before = parent._state.before
        if before is None:
            stored: Row | None = doc._state.row
            return stored
        return before.stored_rows.get(doc.parentfield, {}).get(doc.name)  # type: ignore[no-any-return]  # rows are tuples
    before = doc._state.before
    row: Row | None = before.row if before is not None else doc._state.row
    return row


def before(doc: Any) -> Any:
    """Returns a document with the values before the operation, or None."""
    row = _row_before(doc)
    if row is None or (doc._state.parent is None and doc._state.before is None):
        return None
    stored_rows = doc._state.before.stored_rows if doc._state.parent is None else {}
    return materialise(type(doc), row, {name: list(rows.values()) for name, rows in stored_rows.items()})


def has_value_changed(doc: Any, field: str) -> bool:
    """Tells whether a field differs from before the operation."""
    row = _row_before(doc)
    if row is None:
        return True
    if field in doc._blueprint.table_fields:
        return _rows_changed(doc, field)
    current = doc._blueprint.format.take(doc.__dict__)
    n = _index(doc, field)
    return bool(current[n] != row[n])


def value_before(doc: Any, field: str) -> Any:
    """Returns a field's value before the operation; None where there was no document."""
    row = _row_before(doc)
    if row is None:
        return None
    if field in doc._blueprint.table_fields:
        return before(doc).get(field)
    _index(doc, field)
    return doc._blueprint.format.values(row)[field]


def _index(doc: Any, field: str) -> int:
    index: dict[str, int] = doc._blueprint.format.index
    if field not in index:
        raise UnknownFieldError(f"{doc.doctype} has no field {field!r}.{nearest(field, index)}", doctype=doc.doctype)
    return index[field]


def _rows_changed(doc: Any, table_field: str) -> bool:
    was = doc._state.before.stored_rows if doc._state.before is not None else doc._state.stored_rows
    stored = was.get(table_field, {})
    rows = doc.get(table_field)
    if [row.name for row in rows] != list(stored):
        return True
    skip = {"modified", "modified_by"}
    for row in rows:
        columns = row._blueprint.columns
        pairs = zip(columns, row._blueprint.format.take(row.__dict__), stored[row.name], strict=True)
        if any(new != old for name, new, old in pairs if name not in skip):
            return True
    return False
