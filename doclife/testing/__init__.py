"""The testing kit: a pytest plugin with fixtures, and helpers to import in tests.

Fixtures: `site`, `committed_site`, `use_doctypes`, `doclife_apps`. Loaded lazily, because pytest
imports the plugin of every installed package at its start.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from doclife.testing.capture import capture_events as capture_events
    from doclife.testing.capture import capture_statements as capture_statements
    from doclife.testing.due import due_times as due_times
    from doclife.testing.due import run_due as run_due
    from doclife.testing.inline import jobs_inline as jobs_inline
    from doclife.testing.jobs import assert_enqueued as assert_enqueued
    from doclife.testing.jobs import captured_jobs as captured_jobs
    from doclife.testing.jobs import refute_enqueued as refute_enqueued
    from doclife.testing.running import run_jobs as run_jobs
    from doclife.testing.sandbox import SandboxSite as SandboxSite
    from doclife.testing.world import as_user as as_user
    from doclife.testing.world import make_user as make_user
    from doclife.testing.world import travel_to as travel_to

_NAMES = {
    "SandboxSite": "sandbox",
    "as_user": "world",
    "assert_enqueued": "jobs",
    "capture_events": "capture",
    "capture_statements": "capture",
    "captured_jobs": "jobs",
    "due_times": "due",
    "jobs_inline": "inline",
    "make_user": "world",
    "refute_enqueued": "jobs",
    "run_due": "due",
    "run_jobs": "running",
    "travel_to": "world",
}

__all__ = list(_NAMES)


def __getattr__(name: str) -> Any:
    module = _NAMES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_NAMES])
