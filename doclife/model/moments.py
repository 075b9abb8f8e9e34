"""Moments: flags by which handlers tell where in an operation they are (reference 1.9).

`doc.flags.in_insert` is true from before_validate to before_save and again from on_update on, false
in after_insert; `in_delete` from the on_change of a deletion on; `name_set` once an insert has named
the document. Only events can ask, so an operation without any does not set them.
"""

from __future__ import annotations

from doclife.model.operation import Operation


def begin_insert(op: Operation) -> None:
    """Marks that the document is named and being inserted."""
    op.doc.flags.update(in_insert=True, name_set=True)


def pause_insert(op: Operation) -> None:
    """Marks the time of the write and of after_insert."""
    op.doc.flags.in_insert = False


def go_on_inserting(op: Operation) -> None:
    """Marks the events after after_insert."""
    op.doc.flags.in_insert = True


def end_insert(op: Operation) -> None:
    """Marks the end; another insert of the object names it anew."""
    flags = op.doc.flags
    flags.in_insert = False
    flags.pop("name_set", None)


def begin_delete(op: Operation) -> None:
    """Marks that the document is being deleted."""
    op.doc.flags.in_delete = True
