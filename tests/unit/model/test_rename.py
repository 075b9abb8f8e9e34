"""Renaming: what follows a new name, and what the events find."""

from __future__ import annotations

import pytest

from doclife.core.errors import (
    DoesNotExistError,
    ValidationError,
)
from doclife.doctypes.error_log import ErrorLog
from doclife.doctypes.notification_log import NotificationLog
from doclife.model.access import get_doc, rename_doc
from doclife.model.document import Document
from doclife.query.lists import get_all
from doclife.schema.fieldtypes import Data
from doclife.schema.meta import Meta
from doclife.testing import capture_events, capture_statements
from tests.stored import plain
from tests.unit.model.parties import RenOrder, RenParty, RenProfile, RenSettings
from tests.unit.model.shop import ShopInvoice


@pytest.fixture(autouse=True)
def types(site):
    site.use(RenParty, RenOrder, RenProfile, RenSettings)
    return site


@pytest.fixture
def party():
    return RenParty(title="Ada", rows=[{"kind": "a"}, {"kind": "b"}]).insert()


def _value(doctype, name, column):
    return get_doc(doctype, name).get(column)


# what follows


def test_the_name_its_field_and_the_parent_of_its_rows_follow(party):
    RenOrder(name="Ada", rows=[{"kind": "of an order with the same name"}]).insert()
    before = party.modified
    rows = [row.name for row in party.rows]
    assert party.rename("Grace") is party
    stored = get_doc(RenParty, "Grace")
    assert (stored.title, stored.modified, stored.creation) == ("Grace", before, party.creation)
    assert [(row.name, row.parent, row.parenttype) for row in stored.rows] == [
        (name, "Grace", "Ren Party") for name in rows
    ]
    assert len(get_doc(RenOrder, "Ada").rows) == 1, "rows of another type's document of this name stay"
    with pytest.raises(DoesNotExistError):
        get_doc(RenParty, "Ada")


def test_the_object_follows_and_is_used_on(party):
    party.rename("Grace")
    assert (party.name, party.title, party.is_new()) == ("Grace", "Grace", False)
    assert [row.parent for row in party.rows] == ["Grace", "Grace"]
    assert all(row.parent_doc is party for row in party.rows)
    party.rows[0].kind = "c"
    party.save()
    assert get_doc(RenParty, "Grace").rows[0].kind == "c"


def test_what_was_not_saved_is_gone_as_by_reload_but_flags_and_attributes_stay(party):
    party.above, party.flags.mine, party.note = "nobody", 1, "an attribute"
    party.rename("Grace")
    assert (party.above, party.flags.mine, party.note) == (None, 1, "an attribute")


def test_links_of_every_kind_follow(party):
    RenParty(title="Bob", above="Ada").insert()
    order = RenOrder(buyer="Ada", payer="Bob", kind="Ren Party", other="Ada")
    order.append("rows", {"party": "Ada", "kind": "Ren Party", "other": "Ada"})
    order.append("rows", {"party": "Bob", "kind": "Ren Party", "other": "Bob"})
    order.submit()
    settings = get_doc("Ren Settings")
    settings.party = "Ada"
    settings.save()
    RenProfile(party="Ada").insert()
    times = order.modified

    rename_doc("Ren Party", "Ada", "Grace")

    stored = get_doc(RenOrder, order.name)
    assert (stored.buyer, stored.payer, stored.other, stored.docstatus) == ("Grace", "Bob", "Grace", 1)
    assert [(row.party, row.other) for row in stored.rows] == [("Grace", "Grace"), ("Bob", "Bob")]
    assert stored.modified == times, "a link that follows is no change of the document"
    assert _value(RenParty, "Bob", "above") == "Grace"
    assert get_doc("Ren Settings").party == "Grace"
    assert _value(RenProfile, "Ada", "party") == "Grace"


def test_a_document_named_by_a_link_keeps_its_name_and_the_link_that_followed(party):
    RenProfile(party="Ada").insert()
    party.rename("Grace")
    profile = get_doc(RenProfile, "Ada")
    profile.note = "x"
    profile.save()
    assert (profile.name, profile.party) == ("Ada", "Grace")
    assert _value(RenProfile, "Ada", "party") == "Grace"


def test_a_dynamic_link_to_another_type_with_the_same_name_stays(party):
    RenOrder(name="Ada").insert()
    order = RenOrder(kind="Ren Order", other="Ada").insert()
    party.rename("Grace")
    assert _value(RenOrder, order.name, "other") == "Ada"


def test_a_document_that_links_itself_follows_itself(party):
    party.above = "Ada"
    party.save()
    party.rename("Grace")
    assert party.above == "Grace"
    assert _value(RenParty, "Grace", "above") == "Grace"


def test_amended_from_follows():
    first = ShopInvoice().submit()
    first.cancel()
    second = ShopInvoice(amended_from=first.name).insert()
    first.rename("INV-OLD", force=True)
    assert _value(ShopInvoice, second.name, "amended_from") == "INV-OLD"


def test_a_child_row_is_renamed_with_the_links_to_it(party):
    row = party.rows[0].name
    order = RenOrder(first_row=row).insert()
    assert rename_doc("Ren Row", row, "FIRST", force=True) == "FIRST"
    assert _value(RenOrder, order.name, "first_row") == "FIRST"
    assert party.reload().rows[0].name == "FIRST"
    assert party.rows[0].parent == "Ada"


def test_what_doclife_keeps_about_a_document_follows(party):
    """As plain text, so that a log keeps nothing from being deleted; but it follows."""
    ErrorLog(method="x", error="y", reference_doctype="Ren Party", reference_name="Ada").insert()
    ErrorLog(method="x", error="y", reference_doctype="Ren Order", reference_name="Ada").insert()
    NotificationLog(subject="x", for_user="Administrator", document_type="Ren Party", document_name="Ada").insert(
        ignore_links=True
    )
    party.rename("Grace")
    assert sorted(get_all("Error Log", pluck="reference_name")) == ["Ada", "Grace"]
    assert get_all("Notification Log", pluck="document_name") == ["Grace"]


def test_it_costs_one_update_for_each_place(party):
    RenOrder(buyer="Ada").insert()
    with capture_statements() as statements:
        party.rename("Grace")
    updates = sorted(plain(text).split(" WHERE ")[0] for text in statements if text.startswith("UPDATE"))
    assert [text for text in updates if text.startswith('UPDATE "tabRen')] == [
        'UPDATE "tabRen Order" SET buyer=?',
        'UPDATE "tabRen Order" SET other=?',
        'UPDATE "tabRen Order" SET payer=?',
        'UPDATE "tabRen Party" SET above=?',
        'UPDATE "tabRen Party" SET name=?, title=?',
        'UPDATE "tabRen Profile" SET party=?',
        'UPDATE "tabRen Row" SET other=?',
        'UPDATE "tabRen Row" SET parent=?',
        'UPDATE "tabRen Row" SET party=?',
        'UPDATE "tabRen Settings" SET party=?',
    ]
    assert len(updates) == len(set(updates)), "no column twice"


def test_a_name_that_was_verified_is_asked_for_again(party):
    """Found in this transaction already: the new name is known, the old one is not any more."""
    RenOrder(buyer="Ada").insert()
    party.rename("Grace")
    with pytest.raises(ValidationError, match="could not find"):
        RenOrder(buyer="Ada").insert()
    RenOrder(buyer="Grace").insert()


def test_a_change_of_case_alone_is_a_rename(party):
    party.rename("ADA")
    assert get_doc(RenParty, "ADA").title == "ADA"


def test_a_submitted_document_may_be_renamed():
    invoice = ShopInvoice().submit()
    invoice.rename("INV-X", force=True)
    assert (invoice.name, invoice.docstatus) == ("INV-X", 1)
    invoice.cancel()


def test_other_copies_of_a_linking_document_are_saved_on_and_keep_the_new_link(party):
    order = RenOrder(buyer="Ada").insert()
    copy = get_doc(RenOrder, order.name)
    party.rename("Grace")
    copy.kind = "x"
    copy.save()
    assert _value(RenOrder, order.name, "buyer") == "Grace"


def test_another_copy_of_the_renamed_document_is_gone(party):
    copy = get_doc(RenParty, "Ada")
    party.rename("Grace")
    with pytest.raises(DoesNotExistError, match="does not exist any more"):
        copy.save()


# events


def test_only_the_two_events_fire_and_get_their_arguments(site, party):
    order = RenOrder(buyer="Ada").insert()
    seen = []

    def before(doc, method, old, new, merge):
        seen.append((method, doc.name, old, new, merge))

    site.registry.connect("Ren Party", "before_rename", before)
    site.registry.connect("Ren Party", "after_rename", before)
    with capture_events() as events:
        party.rename("Grace")
    assert events.of("Ren Party") == ["before_rename", "after_rename"]
    assert events.of("Ren Order") == []
    assert seen == [("before_rename", "Ada", "Ada", "Grace", False), ("after_rename", "Grace", "Ada", "Grace", False)]
    assert order.reload().buyer == "Grace"


def test_after_rename_gets_a_document_that_was_loaded_again_with_the_flags(site, party):
    party.flags.mine = 1
    party.title = "not saved"
    found = []
    site.registry.connect("Ren Party", "after_rename", lambda doc: found.append((doc, doc.title, doc.flags.mine)))
    party.rename("Grace")
    ((doc, title, flag),) = found
    assert doc is not party
    assert (title, flag) == ("Grace", 1)


def test_what_after_rename_saves_the_object_has(site, party):
    def save(doc):
        doc.above = "Grace"
        doc.save()

    site.registry.connect("Ren Party", "after_rename", save)
    party.rename("Grace")
    assert party.above == "Grace"
    party.save()


@pytest.mark.parametrize("answer", ["Hopper", {"new": "Hopper"}])
def test_before_rename_may_choose_the_name(site, party, answer):
    seen = []

    def after(doc, method, old, new, merge):
        seen.append(new)

    site.registry.connect("Ren Party", "before_rename", lambda doc: answer)
    site.registry.connect("Ren Party", "after_rename", after)
    assert rename_doc("Ren Party", "Ada", "Grace") == "Hopper"
    assert seen == ["Hopper"]
    assert get_doc(RenParty, "Hopper").title == "Hopper"


@pytest.mark.parametrize("answer", [None, {}, {"new": None}])
def test_before_rename_may_answer_nothing(site, party, answer):
    site.registry.connect("Ren Party", "before_rename", lambda doc: answer)
    assert rename_doc("Ren Party", "Ada", "Grace") == "Grace"


def test_another_answer_of_before_rename_is_refused(site, party):
    site.registry.connect("Ren Party", "before_rename", lambda doc: True)
    with pytest.raises(ValidationError, match=r"may return a name or \{'new': name\}, not True"):
        party.rename("Grace")


def test_the_controller_takes_part(site):
    class RenNumbered(Document):
        meta = Meta(allow_rename=True)
        note = Data()

        def before_rename(self, old, new, merge=False):
            return new.upper()

        def after_rename(self, old, new, merge=False):
            self.db_set("note", f"{old} -> {new}")

    site.use(RenNumbered)
    doc = RenNumbered().insert(set_name="one")
    doc.rename("two")
    assert (doc.name, doc.note) == ("TWO", "one -> TWO")


@pytest.mark.parametrize("event", ["after_insert", "on_update"])
def test_a_document_may_rename_itself_once_it_is_written(site, event):
    seen = []

    def rename(doc):
        if doc.name != "Grace":
            doc.rename("Grace")

    site.registry.connect("Ren Party", event, rename)
    site.registry.connect("Ren Party", "on_change", lambda doc: seen.append((doc.name, doc.title, len(doc.rows))))
    doc = RenParty(title="Ada", rows=[{"kind": "a"}]).insert()
    assert seen == [("Grace", "Grace", 1)]
    assert (doc.name, doc.is_new(), doc.rows[0].parent) == ("Grace", False, "Grace")
    doc.rows[0].kind = "b"
    doc.save()
    assert get_doc(RenParty, "Grace").rows[0].kind == "b"


def test_a_document_that_renamed_itself_is_new_again_when_its_insert_fails(site):
    def rename(doc):
        doc.rename("Grace")

    def fail(doc):
        raise ZeroDivisionError

    site.registry.connect("Ren Party", "after_insert", rename)
    site.registry.connect("Ren Party", "on_change", fail)
    doc = RenParty(title="Ada", rows=[{"kind": "a"}])
    with pytest.raises(ZeroDivisionError):
        doc.insert()
    assert (doc.is_new(), doc.name, doc.title, doc.rows[0].name, doc.rows[0].kind) == (True, None, "Ada", None, "a")
    assert get_all("Ren Party") == []
