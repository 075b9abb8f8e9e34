"""The stored state of a document object: what it was as loaded, and how to put it back.

A document's values stand in its `__dict__`; beside them each object keeps its before-image as
rows (tuples). When an operation fails, everything that describes the *stored* document is put
back: name, docstatus, standard columns, before-image, for its child rows too. Field values that
the application has set stay as they are (design 3, "Every operation is atomic").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from doclife.core.context import AttrDict

Row = tuple[Any, ...]
#: table field -> name -> row, as stored; replaced as a whole, never changed in place
StoredRows = dict[str, dict[str, Row]]

_NO_ROWS: StoredRows = {}

_STANDARD = ("name", "owner", "creation", "modified", "modified_by", "docstatus")
_standard_of = itemgetter(*_STANDARD)
_CHILD_STANDARD = (*_STANDARD, "idx", "parent", "parenttype", "parentfield")
_child_standard_of = itemgetter(*_CHILD_STANDARD)


#: flags by which handlers tell where in an operation they are: see model.moments
MOMENTS = ("in_insert", "in_delete", "name_set")


class Before:
    """The document as it was before an operation; made into an object only when asked for."""

    __slots__ = ("during", "row", "stored_rows")

    def __init__(self, row: Row | None, stored_rows: StoredRows, during: str = "") -> None:
        """Keeps the rows; `row` None means the document was new.

        Args:
            row: of the document.
            stored_rows: of its tables.
            during: the operation in progress; "" when none is.
        """
        self.row = row
        self.stored_rows = stored_rows
        self.during = during


class State:
    """What a document object knows of itself beside its values."""

    __slots__ = ("action", "before", "flags", "given", "kept", "loaded_in", "parent", "row", "stored_rows")

    def __init__(self, row: Row | None = None) -> None:
        """Builds the state of a new document, or of one that was loaded as `row`."""
        #: as loaded or last written; None: not stored
        self.row = row
        #: the last save in Frappe's words, or None
        self.action: str | None = None
        #: the child rows as loaded or last written
        self.stored_rows = _NO_ROWS
        #: before the operation in progress or the last one
        self.before: Before | None = None
        #: field -> why its value could not be cast; the next operation refuses it
        self.kept: dict[str, str] | None = None
        #: fields that were set on purpose to an empty value, which no default may replace
        self.given: set[str] | None = None
        #: the document a row belongs to
        self.parent: Any = None
        self.flags: AttrDict | None = None
        #: serial of the unit's transaction in which it was loaded, or -1
        self.loaded_in = -1


def replace_stored(doc: Any, row: Row) -> Callable[[], None]:
    """Makes a row what is known to be stored of a document or child row; returns what undoes that."""
    state, before = doc._state, doc._state.row
    state.row = row
    parent: Any = state.parent._state if state.parent is not None else None
    stored: StoredRows = parent.stored_rows if parent is not None else _NO_ROWS
    rows = stored.get(doc.__dict__.get("parentfield"), {})
    if row[0] in rows:
        parent.stored_rows = stored | {doc.parentfield: rows | {row[0]: row}}

    def undo() -> None:
        state.row = before
        if row[0] in rows:
            parent.stored_rows = stored

    return undo


@contextmanager
def flag_during(flags: AttrDict, name: str, value: Any) -> Iterator[None]:
    """Sets a flag for the block."""
    missing = name not in flags
    before, flags[name] = flags.get(name), value
    try:
        yield
    finally:
        if missing:
            flags.pop(name, None)
        else:
            flags[name] = before


class Snapshot:
    """The stored state of a document and its rows before an operation."""

    __slots__ = ("before", "doc", "loaded_in", "moment", "row", "rows", "standard", "stored_rows")

    def __init__(self, doc: Any, children: list[Any]) -> None:
        """Remembers `doc` and its child rows."""
        state = doc._state
        self.doc = doc
        self.row, self.stored_rows = state.row, state.stored_rows
        # Of a stored document the row tells: memory may hold the docstatus that is being asked for.
        self.standard = state.row[: len(_STANDARD)] if state.row is not None else _standard_of(doc.__dict__)
        self.before, self.loaded_in = state.before, state.loaded_in
        flags = state.flags
        self.moment = {name: flags[name] for name in MOMENTS if name in flags} if flags else {}
        self.rows = [(child, _child_standard_of(child.__dict__), child._state.row) for child in children]

    def restore(self) -> None:
        """Puts the document and its rows back; rows that came later are new again."""
        doc, state = self.doc, self.doc._state
        doc.__dict__.update(zip(_STANDARD, self.standard, strict=True))
        state.row, state.stored_rows = self.row, self.stored_rows
        state.before, state.loaded_in = self.before, self.loaded_in
        if state.flags:
            for name in MOMENTS:
                state.flags.pop(name, None)
            state.flags.update(self.moment)
        known = set()
        for child, standard, row in self.rows:
            known.add(id(child))
            child.__dict__.update(zip(_CHILD_STANDARD, standard, strict=True))
            child._state.row = row
        for child in doc.get_all_children():
            if id(child) not in known:
                child.__dict__["name"] = None
                child._state.row = None
