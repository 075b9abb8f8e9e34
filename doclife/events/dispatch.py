"""Dispatch: the controller's method, then the handlers of the chain, one after the other.

What they return is joined: dicts are merged, otherwise the last answer that is not None counts. Only
rename reads it, and who fires an event of an app's own. An exception passes on unchanged, with a note
that names the handler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from doclife.core.context import Context
from doclife.events.handlers import Handler, dotted_path
from doclife.events.signals import Chain
from doclife.events.trace import Recorder

Method = Callable[..., Any]

_NOTHING: Mapping[str, Any] = {}


def fire(
    context: Context,
    doc: Any,
    event: str,
    method: Method | None,
    chain: Chain,
    args: tuple[Any, ...] = (),
    named: Mapping[str, Any] = _NOTHING,
) -> Any:
    """Runs an event of a document.

    Args:
        context: the open context.
        doc: the document.
        event: the event's name.
        method: the controller's own function of that name, if it has one.
        chain: the handlers in order.
        args: the event's further arguments.
        named: those that are passed by name; each handler is given the ones it takes.
    """
    if context.trace is not None or named:
        return _fire_one_by_one(context, doc, event, method, chain, args, named)
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
                result = answer if result is None else joined(result, answer)
    except BaseException as error:
        error.add_note(f"in {context.handler or dotted_path(method or fire)}: {event} of {doc.doctype} {doc.name}")
        raise
    finally:
        context.handler = running
    return result


def joined(result: Any, answer: Any) -> Any:
    """Returns what an event answers after one more answer (reference 3.4)."""
    if isinstance(result, dict) and isinstance(answer, dict):
        return {**result, **answer}
    return result if answer is None else answer


def _fire_one_by_one(
    context: Context,
    doc: Any,
    event: str,
    method: Method | None,
    chain: Chain,
    args: tuple[Any, ...],
    named: Mapping[str, Any],
) -> Any:
    """Runs the event handler by handler; under a trace with a span around each."""
    recorder: Recorder | None = context.trace
    with recorder.span(doc, event, "") if recorder is not None else nullcontext():
        result = None
        if method is not None:
            result = _fire_step(context, doc, event, method, None, args, named)
        for handler in chain:
            result = joined(result, _fire_step(context, doc, event, None, handler, args, named))
    return result


def _fire_step(
    context: Context,
    doc: Any,
    event: str,
    method: Method | None,
    handler: Handler | None,
    args: tuple[Any, ...],
    named: Mapping[str, Any],
) -> Any:
    """Runs the controller's method or one handler inside a span of its own."""
    recorder: Recorder | None = context.trace
    path = handler.path if handler is not None else dotted_path(method or fire)
    with recorder.span(doc, event, path) if recorder is not None else nullcontext():
        running = context.handler
        context.handler = path if handler is not None else ""
        try:
            if handler is not None:
                return handler.run(doc, args, named)
            return method(doc, *args, **named) if method is not None else None
        except BaseException as error:
            error.add_note(f"in {path}: {event} of {doc.doctype} {doc.name}")
            raise
        finally:
            context.handler = running
