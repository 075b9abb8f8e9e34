"""One running operation: what its steps share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from doclife.core import clock
from doclife.core.context import Context
from doclife.model.children import all_rows
from doclife.model.state import Row
from doclife.uow.unit import UnitOfWork

_MICROSECOND = timedelta(microseconds=1)


class Operation:
    """An operation on one document, from its first step to its last."""

    __slots__ = (
        "answer",
        "args",
        "child_rows",
        "context",
        "doc",
        "fetched",
        "given_name",
        "hash_named",
        "inserting",
        "kind",
        "now",
        "options",
        "row",
        "unit",
    )

    def __init__(self, context: Context, doc: Any, kind: str, options: dict[str, Any]) -> None:
        """Begins an operation.

        Args:
            context: the open context.
            doc: the document.
            kind: a key of the lifecycle table.
            options: arguments of the call that steps read.
        """
        self.context = context
        self.unit: UnitOfWork = context.unit
        self.doc = doc
        self.kind = kind
        self.options = options
        #: further arguments of the events
        self.args: tuple[Any, ...] = ()
        #: what the last event answered
        self.answer: Any = None
        self.inserting = False
        #: naive site time of the operation
        self.now: datetime | None = None
        #: name the caller had set before naming began
        self.given_name: str | None = None
        #: whether the document's name is a hash that could as well be another one
        self.hash_named = False
        #: the row to write, and rows by table field, once collected
        self.row: Row | None = None
        self.child_rows: dict[str, list[tuple[Any, Row]]] = {}
        #: (id of document or row, link field) -> value over which values were fetched
        self.fetched: dict[tuple[int, str], str] = {}

    def rows(self) -> list[Any]:
        """Returns the document's child rows as they are now."""
        return all_rows(self.doc)

    def next_modified(self) -> datetime:
        """Returns the time of this operation: now, but always later than the stored `modified`."""
        if self.now is None:
            now = clock.now(self.context.site.settings.time_zone)
            before = self.doc.__dict__["modified"]
            if isinstance(before, datetime) and self.doc._state.row is not None and before >= now:
                now = before + _MICROSECOND
            self.now = now
        return self.now
