"""docs events: the page is current, and says what the contract says."""

from __future__ import annotations

from doclife.cli.docs import events_page
from doclife.model.steps import STEPS
from tests.architecture.project import ROOT


def test_the_page_in_docs_is_current(fresh):
    written = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    assert fresh.ok("docs", "events") == written, "run: make docs"


def test_the_order_of_a_submit_stands_in_one_line():
    assert (
        "| submit | before_validate, validate, before_submit ║ on_update, on_submit, on_change |"
        in events_page().splitlines()
    )
    assert "| db_set | before_change ║ on_change |" in events_page().splitlines()


def test_every_step_is_explained():
    rows = dict(line.strip("| ").split(" | ") for line in events_page().splitlines() if line.endswith(". |"))
    assert {f"<{name}>" for name in rows} == STEPS.keys()
    assert rows["permit_submit"] == "Refuses a user who may not submit the document."
