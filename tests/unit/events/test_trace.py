"""A trace lists events and handlers in the order in which they began, with depth and duration."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from doclife.core.context import Context, activate
from doclife.core.errors import NoUnitOfWork
from doclife.events.dispatch import fire
from doclife.events.handlers import Handler
from doclife.events.signals import Chain
from doclife.events.trace import trace


@pytest.fixture
def context():
    made = Context(None)
    with activate(made):
        yield made


def _doc(name="INV-1"):
    return SimpleNamespace(doctype="Invoice", name=name)


def _handler(fn, event="on_update"):
    return Handler(app="shop", key="Invoice", event=event, fn=fn, path=f"shop.{fn.__name__}")


def _seen(spans):
    return [(span.depth, span.event, span.handler.rpartition(".")[2]) for span in spans]


def test_the_method_and_each_handler_have_a_span_under_that_of_their_event(context):
    def validate(doc):
        return None

    def check(doc):
        return None

    with trace() as traced:
        fire(context, _doc(), "validate", validate, Chain([_handler(check, "validate")]))
    assert _seen(traced.spans) == [(0, "validate", ""), (1, "validate", "validate"), (1, "validate", "check")]
    assert {(span.doctype, span.name) for span in traced.spans} == {("Invoice", "INV-1")}


def test_what_a_handler_sets_off_is_deeper_than_the_handler(context):
    def inner(doc):
        return None

    def outer(doc):
        fire(context, doc, "on_change", None, Chain([_handler(inner, "on_change")]))

    with trace() as traced:
        fire(context, _doc(), "on_update", None, Chain([_handler(outer)]))
    assert _seen(traced.spans) == [
        (0, "on_update", ""),
        (1, "on_update", "outer"),
        (2, "on_change", ""),
        (3, "on_change", "inner"),
    ]


def test_a_span_lasts_at_least_as_long_as_what_happens_in_it(context):
    def work(doc):
        return sum(range(20_000))

    with trace() as traced:
        fire(context, _doc(), "on_update", None, Chain([_handler(work)]))
    event, handler = traced.spans
    assert event.seconds >= handler.seconds > 0


def test_a_document_that_is_named_meanwhile_shows_its_name(context):
    doc = _doc(name=None)

    def name_it(doc):
        doc.name = "INV-7"

    with trace() as traced:
        fire(context, doc, "autoname", name_it, Chain())
    assert {span.name for span in traced.spans} == {"INV-7"}


def test_a_failed_handler_has_its_span_and_ends_the_depth(context):
    def breaks(doc):
        raise ZeroDivisionError

    with trace() as traced:
        with pytest.raises(ZeroDivisionError):
            fire(context, _doc(), "on_update", None, Chain([_handler(breaks)]))
        fire(context, _doc(), "on_change", None, Chain())
    assert _seen(traced.spans) == [(0, "on_update", ""), (1, "on_update", "breaks"), (0, "on_change", "")]


def test_nothing_is_recorded_after_the_block(context):
    with trace() as traced:
        pass
    fire(context, _doc(), "on_update", None, Chain())
    assert traced.spans == []
    assert context.trace is None


def test_a_trace_inside_a_trace_takes_over_for_its_block(context):
    with trace() as outer:
        fire(context, _doc(), "validate", None, Chain())
        with trace() as inner:
            fire(context, _doc(), "on_update", None, Chain())
        fire(context, _doc(), "on_change", None, Chain())
    assert [span.event for span in outer.spans] == ["validate", "on_change"]
    assert [span.event for span in inner.spans] == ["on_update"]


def test_lines_show_events_with_their_document_and_handlers_below(context):
    def check(doc):
        return None

    with trace() as traced:
        fire(context, _doc(), "validate", None, Chain([_handler(check, "validate")]))
    first, second = traced.lines()
    assert first.startswith("validate  Invoice INV-1 ")
    assert second.startswith("  shop.check ")
    assert first.endswith(" ms")
    assert second.endswith(" ms")
    assert len(first) == len(second)


def test_a_trace_needs_a_context():
    with pytest.raises(NoUnitOfWork), trace():
        pass
