"""explain: reasons that hold also for overriding classes, run-time handlers, types without wildcards."""

from __future__ import annotations

import pytest

from doclife.events.handlers import SCRIPTS, Handler
from doclife.events.registry import connected
from doclife.model.document import Document
from doclife.model.explain import explain
from doclife.schema.fieldtypes import Data
from doclife.schema.meta import Meta


class ExplainTestBase(Document):
    meta = Meta(doctype="Explain Test")

    code = Data()

    def validate(self):
        pass


class ExplainTestMore(ExplainTestBase):
    pass


class ExplainTestQuiet(Document):
    meta = Meta(doctype="Explain Test Quiet", wildcard_events=False)


def late(doc):
    pass


@pytest.fixture(autouse=True)
def classes(site):
    site.use(ExplainTestBase, ExplainTestQuiet)
    return site


def _why(event: str, doctype: str = "Explain Test") -> list[tuple[str, str]]:
    (chain,) = explain(doctype, event)
    return [(reaction.band, reaction.why) for reaction in chain.reactions]


def test_a_method_that_is_inherited(site):
    site.doctypes["Explain Test"] = ExplainTestMore
    assert _why("validate") == [
        (
            "controller",
            "the controller's own method comes first; ExplainTestMore has it from ExplainTestBase",
        )
    ]
    (chain,) = explain("Explain Test", "validate")
    assert chain.reactions[0].path == f"{__name__}.ExplainTestBase.validate"


def test_a_handler_that_is_connected_at_run_time():
    with connected("Explain Test", "on_update", late):
        assert _why("on_update") == [
            (
                "Explain Test",
                "handlers of Explain Test come after the controller, connected at run time: after what hooks declare",
            )
        ]


def test_doclife_and_server_scripts_come_last(site):
    script = Handler(app="doclife", key="Explain Test", event="after_delete", fn=late, band=SCRIPTS)
    site.registry.signals.signal("after_delete").connect_handler(script)
    assert [band for band, _ in _why("after_delete")] == ["doclife", "doclife", "scripts"]


def test_a_type_without_wildcards_has_no_handlers_of_all_types():
    assert _why("after_delete", "Explain Test Quiet") == []
    assert explain("Explain Test Quiet") == []


def test_events_of_an_apps_own(site):
    site.use_hooks(
        "mine", {"custom_events": ["on_payment"], "doc_events": {"Explain Test": {"on_payment": f"{__name__}.late"}}}
    )
    assert [(chain.event, chain.operations) for chain in explain("Explain Test")][-1] == ("on_payment", ())
