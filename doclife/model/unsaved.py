"""What was set on an object and not saved: set aside where an operation must not write it.

Discarding takes no value from its caller: it asks only for the right to write, and checks nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from doclife.model.loading import materialise
from doclife.model.operation import Operation


def set_aside(op: Operation) -> None:
    """Sets document and rows to what is stored, so that what was set before and not saved is not written.

    A failure of the operation gives the objects their values again.
    """
    doc, state = op.doc, op.doc._state
    rows = {name: list(found.values()) for name, found in state.stored_rows.items()}
    stored = materialise(type(doc), state.row, rows)
    had = {name: doc.__dict__.get(name) for name in doc._blueprint.table_fields}
    undo = [_set_to(doc, stored)]
    for name, listed in had.items():
        own = {row._state.row[0]: row for row in listed or () if row._state.row is not None}
        fresh = stored.__dict__[name]
        for n, row in enumerate(fresh):
            row._state.parent = doc
            if row.name in own:  # whoever holds a row goes on holding the document's
                undo.append(_set_to(own[row.name], row))
                fresh[n] = own[row.name]
        doc.__dict__[name] = fresh

    def give_back() -> None:
        doc.__dict__.update(had)
        for each in undo:
            each()

    op.unit.frames[-1].add_restore(give_back)


def _set_to(doc: Any, stored: Any) -> Callable[[], None]:
    """Gives a document or row its stored values; returns what undoes that, but for values set since."""
    state, own = doc._state, doc.__dict__
    columns, kept, given = doc._blueprint.columns, state.kept, state.given
    had, now = {name: own[name] for name in columns}, {name: stored.__dict__[name] for name in columns}
    own.update(now)
    state.kept = state.given = None

    def undo() -> None:
        own.update({name: value for name, value in had.items() if own[name] is now[name]})
        state.kept, state.given = state.kept or kept, state.given or given

    return undo
