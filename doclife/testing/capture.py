"""What happens in a block: its events and its SQL, for tests that look at their order and number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, overload

from sqlalchemy import event

from doclife.events.trace import Trace, trace
from doclife.uow.unit import current_unit

#: document type, name of the document at the end of the event, event
Event = tuple[str, str | None, str]


class CapturedEvents(Sequence[Event]):
    """The events of a block in the order in which they began; equal to a list of the same tuples."""

    def __init__(self, recorder: Trace) -> None:
        """Shows what `recorder` has."""
        self._recorder = recorder

    def _all(self) -> list[Event]:
        return [(span.doctype, span.name, span.event) for span in self._recorder.spans if not span.handler]

    def of(self, doctype: str) -> list[str]:
        """Returns the names of the events of one document type."""
        return [event for found, _, event in self._all() if found == doctype]

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return self._all() == (list(other) if isinstance(other, Sequence) else other)

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return repr(self._all())


@contextmanager
def capture_events() -> Iterator[CapturedEvents]:
    """Lists every event of every document in the block as (doctype, name, event), whether or not anything reacts."""
    with trace() as recorder:
        yield CapturedEvents(recorder)


@contextmanager
def capture_statements() -> Iterator[list[str]]:
    """Lists the SQL texts that the open unit of work runs in the block, those of transaction control included."""
    texts: list[str] = []

    def note(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        texts.append(text)

    connection = current_unit().link.observe()
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield texts
    finally:
        event.remove(connection, "before_cursor_execute", note)
