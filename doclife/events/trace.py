"""Traces: what ran, in which order, for how long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from doclife.core.context import current


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
    before, recorder = context.trace, Trace()
    context.trace = recorder
    try:
        yield recorder
    finally:
        context.trace = before
