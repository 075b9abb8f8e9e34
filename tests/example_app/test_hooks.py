"""The chain that a submit sets off, as hooks.py declares it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

import doclife
import example_app
from doclife.site.export import export_fixtures
from doclife.site.fixtures import load_fixtures
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
        "example_app.events.royalties.require_open_month",
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


def test_the_fixtures_are_what_an_export_writes(site: Any) -> None:
    path = Path(example_app.__file__).parent / "fixtures" / "role.json"
    before = path.read_text()
    try:
        assert export_fixtures(site, "example_app") == {path: 2}
        assert path.read_text() == before
    finally:
        path.write_text(before)
    assert load_fixtures(site, "example_app") == 0
    doclife.delete_doc("Role", "Franchise Auditor")
    assert load_fixtures(site, "example_app") == 1
    assert doclife.db.exists("Role", "Franchise Auditor")


def test_the_schedules_are_what_hooks_declares(site: Any) -> None:
    fields = ["method", "frequency", "cron_format", "queue", "timeout", "retries", "catch_up", "time_zone"]
    rows = doclife.get_all(
        "Scheduled Job Type", filters={"app": "example_app"}, fields=fields, order_by="method", as_list=True
    )
    assert [(row[0].removeprefix("example_app.tasks."), *row[1:]) for row in rows] == [
        ("agreements.review_agreements", "daily", None, "default", None, 0, None, None),
        ("dashboard.refresh_dashboard", "hourly", None, "default", None, 0, None, None),
        ("digest.send_weekly_digest", "weekly", None, "default", None, 0, None, None),
        ("failures.tell_of_failed_jobs", "cron", "0 8 * * *", "default", None, 0, "skip", "Europe/Berlin"),
        ("outlets.follow_agreements", "daily", None, "default", None, 0, None, None),
        ("reports.report_on_last_month", "monthly", None, "long", None, 0, None, None),
        ("royalty_invoices.invoice_royalties", "monthly", None, "long", 120, 3, "once", None),
        ("snapshots.forget_old_snapshots", "yearly", None, "default", None, 0, None, None),
        ("snapshots.sync_outlet_stock_levels", "cron", "0 */6 * * *", "default", None, 0, None, None),
    ]
