"""OpenTelemetry: events and handlers as its spans.

Nothing of it is imported here. A process that uses OpenTelemetry has imported its API and set a
tracer provider; every context that opens from then on gives its spans to it. In any other process this
costs one look into `sys.modules` per context, and nothing per event.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from typing import Any

_API = "opentelemetry.trace"
#: what its spans say they come from
_INSTRUMENTATION = "doclife"


class Telemetry:
    """Gives spans to a tracer: events are named "on_submit Sales Invoice", handlers by their path."""

    def __init__(self, api: Any, provider: Any, site: str) -> None:
        """Keeps where spans go.

        Args:
            api: the module `opentelemetry.trace`.
            provider: its tracer provider.
            site: name of the site, an attribute of each span.
        """
        self._api = api
        self._tracer = _tracer(provider)
        self._site = site

    @contextmanager
    def span(self, doc: Any, event: str, handler: str) -> Iterator[None]:
        """Makes a span of the block; what passes through it is recorded on it as an exception."""
        attributes = {"doclife.site": self._site, "doclife.doctype": doc.doctype, "doclife.event": event}
        if handler:
            attributes["doclife.handler"] = handler
        with self._tracer.start_as_current_span(
            handler or f"{event} {doc.doctype}",
            attributes=attributes,
            record_exception=False,  # it records no BaseException, such as the timeout of a job
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.record_exception(error)
                span.set_status(self._api.Status(self._api.StatusCode.ERROR, f"{type(error).__name__}: {error}"))
                raise
            finally:
                if doc.name is not None:  # an insert names the document meanwhile
                    span.set_attribute("doclife.name", str(doc.name))


def _api() -> Any:
    """Returns the API if this process has imported it; waits for a thread that is just doing so (redis does)."""
    return import_module(_API) if _API in sys.modules else None


@lru_cache(maxsize=4)
def _tracer(provider: Any) -> Any:
    return provider.get_tracer(_INSTRUMENTATION)


def telemetry(site: str) -> Telemetry | None:
    """Returns what gives the spans of a site to OpenTelemetry; None where this process has no tracer provider."""
    api = _api()
    if api is None:
        return None
    provider = api.get_tracer_provider()
    if isinstance(provider, (api.ProxyTracerProvider, api.NoOpTracerProvider)):
        return None
    return Telemetry(api, provider, site)


def current_trace_id() -> str | None:
    """Returns the id of the OpenTelemetry trace that is running, 32 hexadecimal digits, or None."""
    api = _api()
    if api is None:
        return None
    found = api.get_current_span().get_span_context()
    return f"{found.trace_id:032x}" if found.is_valid else None
