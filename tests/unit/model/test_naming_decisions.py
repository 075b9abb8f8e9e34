"""Who names a document, and in which order: the caller, amendments, events, the rule."""

from __future__ import annotations

import re
import uuid

import pytest

from doclife.core.context import current
from doclife.core.errors import (
    DuplicateEntryError,
    InvalidUUIDValue,
    NameError,
    ValidationError,
)
from doclife.core.ids import uuid7
from doclife.model.access import copy_doc, get_doc
from doclife.model.document import Document
from doclife.query.lists import get_all
from doclife.schema.fieldtypes import Data, Date, Select
from doclife.schema.meta import Meta
from doclife.testing import capture_events
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopOutlet, ShopSettings

HASH = re.compile(r"[0-9a-v]{10}")


class PromptThing(Document):
    meta = Meta(autoname="Prompt")
    title = Data()


@pytest.fixture(autouse=True)
def types(site):
    site.use(PromptThing)
    return site


def _naming_events(events, doctype):
    return [event for event in events.of(doctype) if event in ("before_naming", "autoname")]


# the caller


def test_a_name_that_the_caller_fixes_fires_no_naming_event():
    with capture_events() as events:
        ShopItem().insert(set_name="fixed")
        item = ShopItem(name="flagged")
        item.flags.name_set = True
        item.insert()
        PromptThing({"__newname": "form"}).insert()
    assert _naming_events(events, "Shop Item") == _naming_events(events, "Prompt Thing") == []
    assert get_all("Shop Item", pluck="name", order_by="name") == ["fixed", "flagged"]
    assert get_all("Prompt Thing", pluck="name") == ["form"]


def test_the_flag_keeps_a_name_that_an_event_has_set(site):
    def name_it(doc):
        doc.name, doc.flags.name_set = f"by-{doc.title}", True

    site.registry.connect("Shop Invoice", "before_insert", lambda doc: name_it(doc) if doc.remark else None)
    site.registry.connect("Shop Item", "before_insert", name_it)
    assert ShopItem(title="x").insert().name == "by-x"
    assert ShopInvoice().insert().name == "INV-0001"


def test_the_flag_alone_is_no_name():
    doc = ShopInvoice()
    doc.flags.name_set = True
    assert doc.insert().name == "INV-0001"


def test_a_new_name_means_something_to_prompt_types_only():
    assert ShopInvoice({"__newname": "form"}).insert().name == "INV-0001"
    with pytest.raises(
        ValidationError, match="Prompt Thing: please set the document's name; its naming rule is Prompt"
    ):
        PromptThing().insert()


def test_a_prompt_name_is_checked_like_any_other():
    with pytest.raises(NameError, match=r"Prompt Thing: the name 'a<b' has < or >"):
        PromptThing({"__newname": "a<b"}).insert()
    assert PromptThing({"__newname": "  blanks "}).insert().name == "blanks"


def test_an_import_keeps_the_names_it_brings(site):
    current().flags.in_import = True
    try:
        assert ShopInvoice(name="INV-0042").insert().name == "INV-0042"
        assert ShopInvoice().insert().name == "INV-0001"
    finally:
        current().flags.in_import = False


@pytest.mark.parametrize("name", [5, 5.0, True, b"x", ("a",)], ids=repr)
@pytest.mark.parametrize("way", ["set_name", "dict", "autoname"])
def test_what_is_no_text_names_nothing(site, name, way):
    doc = PromptThing() if way != "dict" else PromptThing(name=name)
    if way == "autoname":
        site.registry.connect("Prompt Thing", "autoname", lambda doc: doc.set("name", name))
    with pytest.raises(NameError, match=r"Prompt Thing: a name is text, not .*; whole numbers name documents of types"):
        doc.insert(**({"set_name": name} if way == "set_name" else {}))


@pytest.mark.parametrize("name", ["nul\0", "half\ud800"])
def test_a_name_that_no_database_keeps_is_refused(name):
    with pytest.raises(NameError, match="has a character that no database keeps"):
        PromptThing(name=name).insert()


def test_a_uuid_may_be_given_as_such_and_is_checked_wherever_it_comes_from(site):
    class UuidThing(Document):
        meta = Meta(autoname="uuid")

    site.use(UuidThing)
    given = uuid7()
    assert UuidThing(name=given).insert().name == str(given)
    chosen = uuid.uuid4()
    assert UuidThing().insert(set_name=str(chosen).upper()).name == str(chosen)
    with pytest.raises(InvalidUUIDValue, match="Uuid Thing: 'no' is not a UUID, and the naming rule is UUID"):
        UuidThing().insert(set_name="no")


# amendments and singles


def test_amended_names_beat_autoname_and_the_rule(site):
    site.registry.connect("Shop Invoice", "autoname", lambda doc: doc.set("name", f"auto-{doc.remark}"))
    first = ShopInvoice(remark="x").submit()
    first.cancel()
    names = [first.name]
    with capture_events() as events:
        for _ in range(3):
            amended = copy_doc(first)
            amended.amended_from = first.name
            amended.submit().cancel()
            names.append(amended.name)
            first = amended
    assert names == ["auto-x", "auto-x-1", "auto-x-2", "auto-x-3"]
    assert _naming_events(events, "Shop Invoice") == ["before_naming"] * 3


def test_the_caller_beats_the_amended_name():
    first = ShopInvoice().submit()
    first.cancel()
    amended = copy_doc(first)
    amended.amended_from = first.name
    assert amended.insert(set_name="INV-B").name == "INV-B"


def test_a_source_without_a_number_of_its_own_gets_one_behind_it(site):
    first = ShopInvoice().insert(set_name="INV-2026-7").submit()
    first.cancel()
    amended = copy_doc(first)
    amended.amended_from = first.name
    assert amended.insert().name == "INV-2026-7-1"


def test_a_second_amendment_of_one_document_is_refused():
    first = ShopInvoice().submit()
    first.cancel()
    for expected in (None, DuplicateEntryError):
        amended = copy_doc(first)
        amended.amended_from = first.name
        if expected is None:
            amended.insert()
        else:
            with pytest.raises(expected, match="'INV-0001-1' exists already"):
                amended.insert()


def test_a_single_keeps_its_name_whatever_is_asked(site):
    with capture_events() as events:
        assert ShopSettings().insert(set_name="other").name == "Shop Settings"
    assert "autoname" not in events.of("Shop Settings")


def test_a_rule_by_script_needs_the_script(site):
    class ScriptNamed(Document):
        meta = Meta(autoname="By script")
        title = Data()

        def autoname(self):
            self.name = self.title

    site.use(ScriptNamed)
    assert ScriptNamed(title="T").insert().name == "T"
    with pytest.raises(
        ValidationError, match=r"Script Named: its naming rule is 'By script', but autoname\(\) has set"
    ):
        ScriptNamed().insert()


# the field that names


def test_a_field_that_names_is_set_back_to_the_name():
    outlet = ShopOutlet(code="  Oslo ").insert()
    assert (outlet.name, outlet.code) == ("Oslo", "Oslo")
    outlet.code = "Bergen"
    outlet.save()
    assert (outlet.name, outlet.code) == ("Oslo", "Oslo")
    assert get_doc("Shop Outlet", "Oslo").code == "Oslo"
    assert ShopOutlet(code="other").insert(set_name="Rome").code == "Rome"


def test_a_field_is_set_back_after_events_have_changed_it(site):
    site.registry.connect("Shop Outlet", "before_save", lambda doc: doc.set("code", "changed"))
    outlet = ShopOutlet(code="Oslo").insert()
    assert get_doc("Shop Outlet", "Oslo").code == outlet.code == "Oslo"


def test_a_field_of_another_type_names_by_its_text(site):
    class DayThing(Document):
        meta = Meta(autoname="field:day", submittable=True)
        day = Date()

    site.use(DayThing)
    doc = DayThing(day="2026-03-09").insert()
    assert doc.name == "2026-03-09"
    doc.day = "2026-03-10"
    doc.save()
    assert get_doc("Day Thing", "2026-03-09").day.isoformat() == "2026-03-09"
    doc.submit()
    doc.cancel()
    amended = copy_doc(doc)
    amended.amended_from = doc.name
    amended.insert()
    assert (amended.name, amended.day.isoformat()) == ("2026-03-09-1", "2026-03-09")


def test_a_select_that_holds_a_series_takes_any(site):
    class Selected(Document):
        meta = Meta(autoname="naming_series:")
        naming_series = Select("", "A-", "B-")

    site.use(Selected)
    assert Selected().insert().name == "A-00001"
    assert Selected(naming_series="Z-.##").insert().name == "Z-01"
    assert get_doc("Selected", "A-00001").naming_series == "A-"
