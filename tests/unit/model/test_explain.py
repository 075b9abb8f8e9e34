"""explain: reasons that hold also for overriding classes, run-time handlers, types without wildcards."""

from __future__ import annotations

import pytest

from doclife.core.context import no_context
from doclife.events import registry
from doclife.events.handlers import SCRIPTS, Handler, dotted_path, source_location
from doclife.events.registry import connected, on
from doclife.model.document import RESERVED, Document
from doclife.model.explain import explain, lineage
from doclife.schema.extend import Extension, extended
from doclife.schema.fieldtypes import Data
from doclife.schema.meta import Meta


class ExplainTestBase(Document):
    meta = Meta(doctype="Explain Test")

    code = Data()

    def validate(self):
        pass


class ExplainTestMore(ExplainTestBase):
    pass


class ExplainTestMixin:
    def validate(self):
        super().validate()


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


def test_a_method_that_is_switched_off_does_not_react(site):
    class Off(ExplainTestBase):
        validate = None

    site.doctypes["Explain Test"] = Off
    assert _why("validate") == []
    Off(code="x").insert()


def test_a_type_is_made_of_the_classes_that_override_and_extend_it(site):
    assert lineage("Explain Test") == [_named(ExplainTestBase)]
    mixin = Extension("tests", ExplainTestMixin, "tests: extend_doctype_class")
    site.doctypes["Explain Test"] = extended(ExplainTestMore, [mixin], RESERVED)
    assert lineage("Explain Test") == [_named(each) for each in (ExplainTestMixin, ExplainTestMore, ExplainTestBase)]
    (chain,) = explain("Explain Test", "validate")
    assert [(each.path, each.location) for each in chain.reactions] == [
        _named(ExplainTestMixin.validate),
        _named(ExplainTestBase.validate),
    ]
    assert chain.reactions[1].why == "runs if ExplainTestMixin.validate calls super()"


def _named(thing):
    return dotted_path(thing), source_location(thing)


def test_handlers_for_an_option_say_why_they_are_there(site):
    class ExplainTestTracked(Document):
        meta = Meta(track_changes=True)

    site.use(ExplainTestTracked)
    ((band, why),) = _why("on_discard", "Explain Test Tracked")
    assert (band, why) == (
        "doclife",
        "doclife's own reactions come after those of all apps; the type says Meta(track_changes=True)",
    )
    assert _why("on_discard") == []


def test_what_an_app_records_says_its_place_and_not_that_it_came_late(site):
    site.use_hooks("mine", {"doc_events": {"Explain Test": {"on_update": f"{__name__}.late"}}})
    site.use_hooks("tests", {})
    with no_context():
        on("Explain Test", "on_update")(late)
    try:
        assert [why for _, why in _why("on_update")] == [
            "handlers of Explain Test come after the controller, app 1 of 2 in install order",
            "handlers of Explain Test come after the controller, app 2 of 2 in install order",
        ]
    finally:
        registry._recorded["tests"].remove(("Explain Test", "on_update", late))


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
