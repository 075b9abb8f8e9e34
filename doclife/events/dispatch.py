"""Dispatch: the controller's method, then the handlers of the chain, one after the other.

Return values are ignored but for the last that is not None, which only rename reads. An exception
passes on unchanged, with a note that names the handler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from doclife.core import clock
from doclife.core.context import Context
from doclife.events.handlers import Handler, dotted_path
from doclife.events.signals import Chain
from doclife.events.trace import Span, Trace

Method = Callable[..., Any]


def fire(
    context: Context, doc: Any, event: str, method: Method | None, chain: Chain, args: tuple[Any, ...] = ()
) -> Any:
    """Runs an event of a document.

    Args:
        context: the open context.
        doc: the document.
        event: the event's name.
        method: the controller's own function of that name, if it has one.
        chain: the handlers in order.
        args: the event's further arguments.
    """
    if context.trace is not None:
        return _fire_traced(context, doc, event, method, chain, args)
    result = None
    running = context.handler
    try:
        if method is not None:
            context.handler = ""
            answer = method(doc, *args)
            if answer is not None:
                result = answer
        for path, fn, takes in chain.calls:
            context.handler = path
            answer = fn(doc, event) if takes == 2 else fn(doc) if takes == 1 else fn(doc, event, *args[: takes - 2])
            if answer is not None:
                result = answer
    except BaseException as error:
        error.add_note(f"in {context.handler or dotted_path(method or fire)}: {event} of {doc.doctype} {doc.name}")
        raise
    finally:
        context.handler = running
    return result


def _fire_traced(
    context: Context, doc: Any, event: str, method: Method | None, chain: Chain, args: tuple[Any, ...]
) -> Any:
    """Runs the event handler by handler, a span around each."""
    recorder = context.trace
    with _span(recorder, doc, event, ""):
        result = None
        if method is not None:
            result = _fire_step(context, recorder, doc, event, method, None, args)
        for handler in chain:
            answer = _fire_step(context, recorder, doc, event, None, handler, args)
            result = answer if answer is not None else result
    return result


def _fire_step(
    context: Context,
    recorder: Trace,
    doc: Any,
    event: str,
    method: Method | None,
    handler: Handler | None,
    args: tuple[Any, ...],
) -> Any:
    """Runs the controller's method or one handler inside a span of its own."""
    path = handler.path if handler is not None else dotted_path(method or fire)
    with _span(recorder, doc, event, path):
        running = context.handler
        context.handler = path if handler is not None else ""
        try:
            if handler is not None:
                return handler.run(doc, args)
            return method(doc, *args) if method is not None else None
        except BaseException as error:
            error.add_note(f"in {path}: {event} of {doc.doctype} {doc.name}")
            raise
        finally:
            context.handler = running


@contextmanager
def _span(recorder: Trace, doc: Any, event: str, handler: str) -> Iterator[None]:
    span = Span(doc.doctype, doc.name, event, handler, recorder.depth)
    recorder.spans.append(span)
    recorder.depth += 1
    begun = clock.monotonic()
    try:
        yield
    finally:
        recorder.depth -= 1
        span.seconds = clock.monotonic() - begun
        span.name = doc.name  # an insert has named the document meanwhile
