"""Traces: what ran, in which order, for how long.

While a context has a recorder, every event and every handler runs inside a span of it. There are two
kinds: `Trace` keeps the spans of a block, `telemetry.Telemetry` gives them to OpenTelemetry.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

from doclife.core import clock
from doclife.core.context import current


class Recorder(Protocol):
    """Who is told of spans."""

    def span(self, doc: Any, event: str, handler: str) -> AbstractContextManager[None]:
        """Returns a block: while it is open, the event runs, or the handler where one is named."""


@dataclass
class Span:
    """One event or one handler that ran."""

    doctype: str
    name: str | None
    event: str
    #: dotted path of the handler; "" for the event as a whole
    handler: str
    #: 0 for the outermost event; a handler is one deeper than its event
    depth: int
    seconds: float = 0.0


@dataclass
class Trace:
    """The spans of a block in the order in which they began."""

    spans: list[Span] = field(default_factory=list)
    depth: int = 0
    #: who is told too
    beside: Recorder | None = field(default=None, repr=False)

    @contextmanager
    def span(self, doc: Any, event: str, handler: str) -> Iterator[None]:
        """Records the block as a span."""
        span = Span(doc.doctype, doc.name, event, handler, self.depth)
        self.spans.append(span)
        self.depth += 1
        begun = clock.monotonic()
        try:
            with self.beside.span(doc, event, handler) if self.beside is not None else nullcontext():
                yield
        finally:
            self.depth -= 1
            span.seconds = clock.monotonic() - begun
            span.name = doc.name  # an insert has named the document meanwhile

    def lines(self) -> list[str]:
        """Returns one readable line per span."""
        result = []
        for span in self.spans:
            what = span.handler or f"{span.event}  {span.doctype} {span.name or '(new)'}"
            result.append(f"{'  ' * span.depth}{what:<{72 - 2 * span.depth}} {span.seconds * 1000:8.2f} ms")
        return result


@contextmanager
def trace() -> Iterator[Trace]:
    """Records every event and handler of the block; `.spans` lists them.

    Order: inside a context. A trace inside a trace takes over for its block.
    """
    context = current()
    before: Recorder | None = context.trace
    recorder = Trace(beside=before.beside if isinstance(before, Trace) else before)
    context.trace = recorder
    try:
        yield recorder
    finally:
        context.trace = before
