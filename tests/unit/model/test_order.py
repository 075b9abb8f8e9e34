"""The order of events of every operation, and what each of them finds."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.core.errors import HookError, SchemaError
from doclife.model import lifecycle
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data
from doclife.testing import capture_events
from tests.stored import stored
from tests.unit.model.shop import ShopInvoice, ShopItem

INSERT = [
    "before_insert",
    "before_naming",
    "autoname",
    "before_validate",
    "validate",
    "before_save",
    "after_insert",
    "on_update",
    "on_change",
]


def _events(work):
    with capture_events() as events:
        work()
    return events.of("Shop Invoice")


def test_insert():
    assert _events(ShopInvoice().insert) == INSERT


def test_saving_a_new_document_inserts_it():
    assert _events(ShopInvoice().save) == INSERT


def test_insert_as_submitted():
    expected = [*INSERT[:5], "before_submit", "after_insert", "on_update", "on_submit", "on_change"]
    assert _events(ShopInvoice(docstatus=1).insert) == expected
    assert _events(ShopInvoice().submit) == expected


def test_save(invoice):
    assert _events(invoice.save) == ["before_validate", "validate", "before_save", "on_update", "on_change"]


def test_submit(invoice):
    assert _events(invoice.submit) == [
        "before_validate",
        "validate",
        "before_submit",
        "on_update",
        "on_submit",
        "on_change",
    ]


def test_save_of_a_submitted_document(invoice):
    invoice.submit()
    assert _events(invoice.save) == ["before_update_after_submit", "on_update_after_submit", "on_change"]


def test_submitting_what_is_submitted_is_an_update(invoice):
    invoice.submit()
    assert _events(invoice.submit) == ["before_update_after_submit", "on_update_after_submit", "on_change"]


def test_cancel(invoice):
    invoice.submit()
    assert _events(invoice.cancel) == ["before_cancel", "on_cancel", "on_change"]


def test_discard(invoice):
    assert _events(invoice.discard) == ["before_discard", "on_discard"]


def test_delete(invoice):
    assert _events(invoice.delete) == ["on_trash", "on_change", "after_delete"]


def test_rename(invoice):
    assert _events(lambda: invoice.rename("INV-X", force=True)) == ["before_rename", "after_rename"]


def test_merge_renames_and_then_deletes(invoice):
    ShopInvoice().insert(set_name="INV-X")
    events = _events(lambda: invoice.rename("INV-X", merge=True, force=True))
    assert events == ["before_rename", "after_rename", "on_trash", "on_change", "after_delete"]


def test_db_set(invoice):
    assert _events(lambda: invoice.db_set("remark", "x")) == ["before_change", "on_change"]


def test_db_set_of_a_new_document_fires_nothing():
    assert _events(lambda: ShopInvoice().db_set("remark", "x")) == []


def test_loading_and_reloading_fire_nothing(invoice):
    assert _events(lambda: get_doc("Shop Invoice", invoice.name).reload()) == []


def test_rows_get_no_events_of_their_own(invoice):
    with capture_events() as events:
        invoice.save()
        invoice.delete()
    assert events.of("Shop Row") == []


def test_the_table_of_events_shows_the_write():
    assert lifecycle.events_of(lifecycle.CANCEL) == ["before_cancel", "║", "on_cancel", "on_change"]
    assert lifecycle.events_of(lifecycle.DELETE) == ["on_trash", "on_change", "║", "after_delete"]
    assert lifecycle.events_of(lifecycle.RENAME) == ["before_rename", "║", "after_rename"]
    assert lifecycle.events_of(lifecycle.DB_SET) == ["before_change", "║", "on_change"]
    for kind in lifecycle.LIFECYCLE:
        assert lifecycle.events_of(kind).count("║") == 1


@pytest.mark.parametrize("kind", lifecycle.LIFECYCLE)
def test_every_step_of_the_table_exists(kind):
    from doclife.model.steps import STEPS

    assert {word for word in lifecycle.LIFECYCLE[kind] if lifecycle.is_step(word)} <= STEPS.keys()


# what events find


class Seen:
    """What each event of a document finds."""

    def __init__(self, site, question):
        self.answers = {}
        for event in (*INSERT, "before_submit", "on_submit", "on_trash", "after_delete", "before_change"):
            site.registry.connect("Shop Item", event, self._asking(event, question))

    def _asking(self, event, question):
        def ask(doc):
            self.answers[event] = question(doc)

        return ask


def test_a_document_is_new_until_it_is_written(site):
    seen = Seen(site, lambda doc: doc.is_new())
    ShopItem(title="x").insert()
    new = {"before_insert", "before_naming", "autoname", "before_validate", "validate", "before_save"}
    assert {event for event, answer in seen.answers.items() if answer} == new


def test_only_autoname_finds_no_name(site):
    """What the caller has set is put aside for it, so that what it sets itself can be told from that."""
    seen = Seen(site, lambda doc: doc.name)
    ShopItem(title="x", name="X").insert()
    assert seen.answers.pop("autoname") is None
    assert set(seen.answers.values()) == {"X"}


def test_the_row_is_in_the_table_after_the_write_only(site):
    def is_stored(doc):
        return bool(stored("Shop Item", title=doc.title))

    seen = Seen(site, is_stored)
    item = ShopItem(title="x").insert()
    assert {event for event, answer in seen.answers.items() if answer} == {"after_insert", "on_update", "on_change"}
    seen.answers.clear()
    item.delete()
    assert seen.answers == {"on_trash": True, "on_change": True, "after_delete": False}


def test_the_operation_in_progress_is_known_to_its_events(site):
    seen = Seen(site, lambda doc: current().operations[:])
    ShopItem(title="x", name="X").insert()
    assert seen.answers["validate"] == [("Shop Item", "X", "insert")]
    assert current().operations == []


def test_what_a_handler_changes_before_the_write_is_stored(site):
    site.registry.connect("Shop Item", "validate", lambda doc: doc.set("title", doc.title.upper()))
    item = ShopItem(title="lamp").insert()
    assert get_doc("Shop Item", item.name).title == "LAMP"


def test_what_a_handler_changes_after_the_write_is_not_stored(site):
    site.registry.connect("Shop Item", "on_update", lambda doc: doc.set("title", doc.title.upper()))
    item = ShopItem(title="lamp").insert()
    assert item.title == "LAMP"
    assert get_doc("Shop Item", item.name).title == "lamp"


# run_method


def test_run_method_fires_an_event_with_its_handlers(site):
    answers = []
    site.registry.connect("Shop Item", "validate", lambda doc, method: answers.append(method))
    ShopItem().run_method("validate")
    assert answers == ["validate"]


def test_an_own_event_passes_its_arguments_to_handlers_and_returns_their_answer(site):
    site.use_hooks("shop", {"custom_events": ["on_ripe"]})
    site.registry.connect("Shop Item", "on_ripe", lambda doc, method, colour, degree: f"{colour} {degree}")
    assert ShopItem().run_method("on_ripe", "red", 3) == "red 3"


def test_arguments_may_be_given_by_name(site):
    site.use_hooks("shop", {"custom_events": ["on_ripe"]})
    site.registry.connect("Shop Item", "on_ripe", lambda doc, method, colour, degree=0: {"colour": colour})
    site.registry.connect("Shop Item", "on_ripe", lambda doc: {"title": doc.title})
    assert ShopItem(title="Lamp").run_method("on_ripe", colour="red", unknown=5) == {"colour": "red", "title": "Lamp"}


def test_a_method_that_is_no_event_is_called_with_what_is_given(site):
    class OrderTestItem(ShopItem):
        def shine(self, degree, *, colour):
            return f"{self.title} shines {colour} at {degree}"

    assert OrderTestItem(title="Lamp").run_method("shine", 3, colour="red") == "Lamp shines red at 3"


def test_before_print_gets_the_settings_and_onload_nothing(site):
    seen = []
    site.registry.connect("Shop Item", "before_print", lambda doc, method, settings: seen.append(settings))
    site.registry.connect("Shop Item", "onload", lambda doc, method: seen.append(method))
    item = ShopItem()
    item.run_method("before_print", {"letterhead": 1})
    item.run_method("before_print", settings={"letterhead": 2})
    item.run_method("onload")
    assert seen == [{"letterhead": 1}, {"letterhead": 2}, "onload"]


@pytest.mark.parametrize("kind", ["rename", "print"])
def test_a_before_event_answers_whoever_fires_it(site, kind):
    """Rename asks for the new name; the answers of all who were asked are joined."""
    event, args = {"rename": ("before_rename", ("A", "B", False)), "print": ("before_print", ({},))}[kind]
    site.registry.connect("Shop Item", event, lambda doc: {"new": "C"})
    site.registry.connect("Shop Item", event, lambda doc: None)
    site.registry.connect("*", event, lambda doc: {"seen": 1})
    assert ShopItem().run_method(event, *args) == {"new": "C", "seen": 1}


def test_what_is_no_method_cannot_be_an_event(site):
    class OrderTestStrange(ShopItem):
        validate = "always"

    with pytest.raises(HookError, match=r"OrderTestStrange\.validate is no method, so the event 'validate' cannot"):
        OrderTestStrange(title="x").insert()


def test_a_field_cannot_have_the_name_of_an_event():
    with pytest.raises(SchemaError, match=r"OrderTestNamed\.on_update: this name is taken by Document"):

        class OrderTestNamed(Document):
            on_update = Data()


def test_an_event_nobody_declares_is_refused():
    with pytest.raises(Exception, match="no event 'on_rpie'"):
        ShopItem().run_method("on_rpie")
