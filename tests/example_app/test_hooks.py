"""The chain that a submit sets off, as hooks.py declares it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import doclife
from tests.example_app.conftest import draft, submitted


def test_a_submit_runs_the_handlers_in_their_order(harbour: str) -> None:
    doc = draft("1", ("CUP", 1, "1")).insert()
    with doclife.trace() as trace:
        doc.submit()
    ran = [
        span.handler
        for span in trace.spans
        if span.handler and (span.doctype, span.event) == (doc.doctype, "on_submit")
    ]
    assert ran == [
        "example_app.events.royalties.create_royalty_entry",
        "example_app.events.summaries.update_franchise_sales_summary",
        "example_app.events.stock.ask_for_stock_update",
        "example_app.events.notices.ask_for_large_invoice_notice",
        "example_app.events.agreements.require_agreement",
        "example_app.events.audit.note",
    ]


def test_hooks_of_the_app_name_nothing_unknown(site: Any) -> None:
    assert site.registry.warnings == []


def test_submitting_and_cancelling_leave_a_trail(harbour: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "example_app.audit"):
        submitted("1", ("CUP", 1, "1")).cancel()
    assert caplog.messages == [
        "Sales Invoice 1 on_submit: Administrator",
        "Sales Invoice 1 on_cancel: Administrator",
    ]
