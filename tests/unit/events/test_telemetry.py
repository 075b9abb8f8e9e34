"""OpenTelemetry: with a tracer provider every event and handler is a span of it; without one nothing is."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from importlib import import_module
from types import ModuleType

import pytest
from opentelemetry import trace as otel
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from doclife.core.context import activate, current
from doclife.core.errors import ValidationError
from doclife.doctypes.error_log import log_error
from doclife.doctypes.user import Role
from doclife.events import telemetry
from doclife.events.registry import connected
from doclife.events.trace import trace
from doclife.model.access import get_doc
from doclife.model.engine import plan
from doclife.model.lifecycle import SAVE
from doclife.query.lists import get_all


@pytest.fixture
def exporter():
    """Sees every span of the one provider that a process may have."""
    made = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(made))
    before = otel._TRACER_PROVIDER
    otel._TRACER_PROVIDER = provider  # set_tracer_provider may be called once, and other tests have none
    yield made
    otel._TRACER_PROVIDER = before
    provider.shutdown()


@pytest.fixture
def spans(exporter, site):
    """A context that was opened after the provider was set; gives what was exported, in the order of beginning."""
    context = site.context()
    with activate(context):
        exporter.clear()
        try:
            yield lambda: sorted(exporter.get_finished_spans(), key=lambda span: span.start_time)
        finally:
            context.unit.close()


def greet(doc):
    doc.flags.greeted = True


def refuse(doc):
    raise ValidationError("not today")


def test_events_and_handlers_are_spans_inside_each_other(spans):
    with connected("Role", "on_update", greet):
        Role(role_name="Clerk").insert()
    found = {span.name: span for span in spans()}
    event, handler = found["on_update Role"], found[f"{__name__}.greet"]
    assert handler.parent.span_id == event.context.span_id
    assert event.parent is None
    common = {"doclife.site": "test", "doclife.doctype": "Role", "doclife.event": "on_update", "doclife.name": "Clerk"}
    assert dict(event.attributes) == common
    assert dict(handler.attributes) == {**common, "doclife.handler": f"{__name__}.greet"}
    assert event.instrumentation_scope.name == "doclife"


def test_the_spans_are_those_of_a_trace(spans):
    with connected("Role", "validate", greet), trace() as traced:
        Role(role_name="Clerk").insert()
    names = [span.handler or f"{span.event} {span.doctype}" for span in traced.spans]
    assert [span.name for span in spans()] == names
    assert names[0] == "before_insert Role"


def test_a_trace_inside_a_trace_gives_each_span_once(spans):
    with trace(), trace():
        Role(role_name="Clerk").insert()
    assert [span.name for span in spans()].count("validate Role") == 1


def test_outside_a_trace_and_after_it_they_go_on(spans):
    with trace():
        pass
    Role(role_name="Clerk").insert()
    assert "validate Role" in [span.name for span in spans()]


def test_what_a_handler_sets_off_is_inside_its_span(spans):
    def nest(doc):
        if doc.role_name == "Outer":
            Role(role_name="Inner").insert()

    with connected("Role", "on_update", nest):
        Role(role_name="Outer").insert()
    found = spans()
    (outer,) = [span for span in found if "nest" in span.name and span.attributes.get("doclife.name") == "Outer"]
    inner = [span for span in found if span.attributes.get("doclife.name") == "Inner"]
    (first,) = [span for span in inner if span.name == "validate Role"]
    assert first.parent.span_id == outer.context.span_id


def test_spans_lie_inside_that_of_the_caller(spans):
    with otel.get_tracer("shop").start_as_current_span("request") as request:
        Role(role_name="Clerk").insert()
    parents = {span.parent.span_id for span in spans() if span.name == "validate Role"}
    assert parents == {request.get_span_context().span_id}


@pytest.mark.parametrize("error", [ValidationError("not today"), KeyboardInterrupt("stop")], ids=type)
def test_what_fails_is_an_error_of_handler_and_event(spans, error):
    def fail(doc):
        raise error

    with connected("Role", "validate", fail), pytest.raises(type(error)):
        Role(role_name="Clerk").insert()
    failed = [span for span in spans() if span.status.status_code is StatusCode.ERROR]
    assert [span.name for span in failed] == ["validate Role", f"{fail.__module__}.{fail.__qualname__}"]
    assert {span.status.description for span in failed} == {f"{type(error).__name__}: {error}"}
    assert {span.events[0].name for span in failed} == {"exception"}


def test_an_error_log_knows_the_trace_it_was_written_in(spans):
    with otel.get_tracer("shop").start_as_current_span("request") as request:
        written = log_error("Odd", "details")
    assert log_error("Even", "details").name != written.name
    expected = f"{request.get_span_context().trace_id:032x}"
    assert get_all("Error Log", fields=["method", "trace_id"], order_by="method desc") == [
        {"method": "Odd", "trace_id": expected},
        {"method": "Even", "trace_id": None},
    ]


def test_loading_makes_no_span(spans):
    get_doc("User", "Administrator")
    assert spans() == []


@pytest.mark.doclife_settings(tracing=False)
def test_a_site_may_do_without(spans):
    Role(role_name="Clerk").insert()
    assert spans() == []


def test_without_a_provider_a_context_has_no_recorder_and_plans_stay_short(site):
    context = site.context()
    assert context.trace is None
    short = plan(context, Role, SAVE)
    with trace():
        assert len(plan(current(), Role, SAVE)) > len(short)


def test_nothing_of_opentelemetry_is_imported():
    """In a process that has it installed but does not use it."""
    text = "import sys, doclife; doclife.get_doc; doclife.trace; from doclife.site import runtime; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, timeout=60)
    assert not [name for name in done.stdout.split() if name.startswith("opentelemetry")]
    assert "doclife.events.telemetry" in done.stdout.split()


def test_a_provider_that_does_nothing_is_none(exporter):
    before = otel._TRACER_PROVIDER
    otel._TRACER_PROVIDER = otel.NoOpTracerProvider()
    try:
        assert telemetry.telemetry("test") is None
    finally:
        otel._TRACER_PROVIDER = before
    assert telemetry.telemetry("test") is not None


def test_a_thread_that_is_importing_the_api_is_waited_for(monkeypatch, tmp_path):
    """The driver of the broker imports it, perhaps while another request begins."""
    (tmp_path / "slow_api.py").write_text(
        "import gate\n"
        "gate.began.set()\n"
        "assert gate.go.wait(20)\n"
        "class ProxyTracerProvider: ...\n"
        "class NoOpTracerProvider: ...\n"
        "def get_tracer_provider(): return ProxyTracerProvider()\n"
    )
    gate = ModuleType("gate")
    gate.began, gate.go = threading.Event(), threading.Event()
    monkeypatch.setitem(sys.modules, "gate", gate)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(telemetry, "_API", "slow_api")
    with ThreadPoolExecutor(2) as pool:
        importing = pool.submit(import_module, "slow_api")
        assert gate.began.wait(20)
        asking = pool.submit(telemetry.telemetry, "test")
        assert not wait([asking], timeout=0.05).done
        gate.go.set()
        assert asking.result(20) is None
        assert importing.result(20) is sys.modules.pop("slow_api")
