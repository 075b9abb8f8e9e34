"""Flags: what each does, one test per row of the table in docs/documents.md; and what leaves them as they were."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.core.errors import (
    LifecycleRecursionError,
    LinkExistsError,
    LinkValidationError,
    MandatoryError,
    PermissionDenied,
    UpdateAfterSubmitError,
    ValidationError,
)
from doclife.model import passwords
from doclife.model.access import delete_doc, get_doc
from doclife.model.bulk import insert_many
from doclife.model.document import Document
from doclife.schema.fieldtypes import Password, Table
from doclife.schema.meta import Meta
from doclife.testing import as_user, capture_events, capture_statements, make_user
from tests.stored import stored
from tests.unit.model.shop import ShopDefaults, ShopInvoice, ShopItem, ShopOutlet, ShopSecretary, ShopThing

BEFORE = {
    "before_insert",
    "before_naming",
    "autoname",
    "before_validate",
    "validate",
    "before_save",
    "before_submit",
    "before_cancel",
    "before_update_after_submit",
}


def _events(work):
    with capture_events() as events:
        work()
    return events.of("Shop Invoice")


# ignore_permissions


def test_ignore_permissions_of_the_document_holds_for_all_that_follows():
    make_user("nobody@example.com")
    with as_user("nobody@example.com"):
        doc = ShopSecretary(label="x")
        with pytest.raises(PermissionDenied):
            doc.insert()
        doc.insert(ignore_permissions=True)
        doc.submit()
        doc.cancel()
        doc.delete()
        with pytest.raises(PermissionDenied):
            ShopSecretary(label="y").insert()


# ignore_validate


def test_ignore_validate_leaves_out_the_checks_of_apps_but_before_validate(invoice):
    invoice.flags.ignore_validate = True
    assert _events(invoice.save) == ["before_validate", "on_update", "on_change"]
    assert _events(invoice.submit) == ["before_validate", "on_update", "on_submit", "on_change"]
    assert _events(invoice.save) == ["on_update_after_submit", "on_change"]
    assert _events(invoice.cancel) == ["on_cancel", "on_change"]
    new = ShopInvoice()
    new.flags.ignore_validate = True
    assert BEFORE & set(_events(new.insert)) == {"before_insert", "before_naming", "autoname", "before_validate"}


def test_ignore_validate_leaves_out_no_check_of_the_framework(invoice):
    invoice.flags.ignore_validate = True
    invoice.rows[0].code = ""
    with pytest.raises(MandatoryError):
        invoice.save()


def test_ignore_validate_may_be_set_by_before_validate(site, invoice):
    def skip(doc):
        doc.flags.ignore_validate = True

    def refuse(doc):
        raise ZeroDivisionError

    site.registry.connect("Shop Invoice", "before_validate", skip)
    site.registry.connect("Shop Invoice", "validate", refuse)
    invoice.save()


def test_ignore_validate_holds_in_a_batch_for_its_documents_only(site):
    validated = []
    site.registry.connect("Shop Item", "validate", lambda doc: validated.append(doc.title))
    docs = [ShopItem(title=title) for title in "abc"]
    docs[1].flags.ignore_validate = True
    insert_many(docs)
    assert validated == ["a", "c"]


# ignore_mandatory, ignore_links, ignore_validate_update_after_submit


def test_ignore_mandatory_lets_empty_fields_pass_in_rows_too(invoice):
    invoice.append("rows", {"qty": 1})
    invoice.flags.ignore_mandatory = True
    invoice.save()
    assert get_doc("Shop Invoice", invoice.name).rows[2].code is None


def test_ignore_links_neither_checks_nor_fetches():
    outlet = ShopOutlet(code="Bonn", city="Bonn am Rhein").insert()
    doc = ShopInvoice(outlet="nowhere")
    doc.flags.ignore_links = True
    doc.insert()
    doc.outlet = outlet.name
    doc.save()
    assert doc.city is None
    doc.flags.ignore_links = False
    doc.outlet = "nowhere"
    with pytest.raises(LinkValidationError):
        doc.save()


def test_ignore_validate_update_after_submit_lets_fixed_fields_change(invoice):
    invoice.submit()
    invoice.status = "Paid"
    with pytest.raises(UpdateAfterSubmitError):
        invoice.save()
    invoice.flags.ignore_validate_update_after_submit = True
    invoice.save()
    assert get_doc("Shop Invoice", invoice.name).status == "Paid"


# ignore_on_trash


def test_ignore_on_trash_leaves_out_both_events_before_the_deletion(invoice):
    assert _events(lambda: delete_doc("Shop Invoice", invoice.name, ignore_on_trash=True)) == ["after_delete"]


# ignore_children_type


def test_ignore_children_type_keeps_rows_that_are_not_in_memory(invoice):
    invoice.append("taxes", {"label": "t"})
    invoice.save()
    invoice.rows, invoice.taxes = invoice.rows[:1], []
    invoice.flags.ignore_children_type = ["Shop Row"]
    invoice.save()
    stored = get_doc("Shop Invoice", invoice.name)
    assert [row.code for row in stored.rows] == ["A", "B"]
    assert stored.taxes == []
    invoice.flags.ignore_children_type = None
    invoice.save()
    assert [row.code for row in get_doc("Shop Invoice", invoice.name).rows] == ["A"]


# ignore_save_passwords


@pytest.mark.parametrize("ignored", [True, ["secret"]])
def test_ignore_save_passwords_keeps_the_stored_one(ignored):
    thing = ShopThing(secret="open sesame").insert()
    thing.secret, thing.label = "*****", "changed"
    thing.flags.ignore_save_passwords = ignored
    thing.save()
    stored = get_doc("Shop Thing", thing.name)
    assert stored.label == "changed"
    assert passwords.verify(stored, "secret", "open sesame")
    new = ShopThing(secret="*****")
    new.flags.ignore_save_passwords = ignored
    new.insert()
    assert get_doc("Shop Thing", new.name).secret is None


def test_ignore_save_passwords_of_other_fields_ignores_no_more_than_those(site):
    class KeyChain(Document):
        one = Password()
        two = Password()
        rows = Table["KeyLink"]("Key Link")

    class KeyLink(Document):
        meta = Meta(istable=True)
        three = Password()

    site.use(KeyChain)
    doc = KeyChain(one="1", two="2", rows=[{"three": "3"}]).insert()
    doc.one, doc.two, doc.rows[0].three = "a", "b", "c"
    doc.flags.ignore_save_passwords = ["one", "three"]
    doc.save()
    stored = get_doc("Key Chain", doc.name)
    assert passwords.verify(stored, "one", "1")
    assert passwords.verify(stored, "two", "b")
    assert passwords.verify(stored.rows[0], "three", "3")


# in_insert, in_delete, name_set, in_print


class Moments:
    """What each event of an item finds in a flag."""

    def __init__(self, site, flag):
        self.found = {}
        for event in (*BEFORE, "after_insert", "on_update", "on_change", "on_trash", "after_delete"):
            site.registry.connect("Shop Item", event, self._ask(event, flag))

    def _ask(self, event, flag):
        def ask(doc):
            self.found[event] = doc.flags.get(flag)

        return ask

    def of(self, *events):
        return [self.found[event] for event in events]


def test_in_insert_tells_an_insert_from_a_save(site):
    moments = Moments(site, "in_insert")
    doc = ShopItem(title="x").insert()
    assert moments.of("before_insert", "before_naming", "autoname") == [None] * 3
    assert moments.of("before_validate", "validate", "before_save") == [True] * 3
    assert moments.of("after_insert") == [False]
    assert moments.of("on_update", "on_change") == [True, True]
    assert doc.flags.in_insert is False
    doc.save()
    assert not any(moments.of("before_validate", "validate", "before_save", "on_update", "on_change"))


def test_in_delete_is_set_from_on_change_on(site, item):
    moments = Moments(site, "in_delete")
    item.delete()
    assert moments.of("on_trash", "on_change", "after_delete") == [None, True, True]
    assert "in_delete" not in item.flags, "the object may be inserted again"


def test_name_set_tells_that_the_insert_has_named_the_document(site):
    moments = Moments(site, "name_set")
    ShopItem(title="x").insert()
    assert moments.of("before_insert", "autoname") == [None, None]
    assert moments.of("validate", "after_insert", "on_change") == [True] * 3
    invoice = ShopInvoice().insert()
    invoice.delete()
    assert invoice.insert().name == "INV-0002", "another insert names it anew"


def test_name_set_by_the_caller_takes_the_name_as_it_is():
    doc = ShopInvoice(name="MINE")
    doc.flags.name_set = True
    events = _events(doc.insert)
    assert doc.name == "MINE"
    assert not {"before_naming", "autoname"} & set(events)
    nameless = ShopInvoice()
    nameless.flags.name_set = True
    assert nameless.insert().name == "INV-0001"


def test_a_failed_operation_leaves_the_moments_as_they_were(site):
    def refuse(doc):
        raise ZeroDivisionError

    handlers = [site.registry.connect("Shop Item", event, refuse) for event in ("on_update", "after_delete")]
    doc = ShopItem(name="MINE", title="x")
    doc.flags.name_set = True
    with pytest.raises(ZeroDivisionError):
        doc.insert()
    assert dict(doc.flags) == {"name_set": True}
    site.registry.disconnect(handlers[0])
    doc.insert()
    with pytest.raises(ZeroDivisionError):
        doc.delete()
    assert doc.flags.in_delete is None
    assert doc.name == "MINE"


def test_without_events_no_flag_is_set():
    """They would cost every insert what only handlers can notice."""
    doc = ShopDefaults().insert()
    assert doc._state.flags is None


def test_in_print_stores_nothing(invoice):
    invoice.flags.in_print = True
    invoice.remark = "only printed"
    new = ShopInvoice()
    new.flags.in_print = True
    with capture_statements() as statements:
        assert invoice.save() is invoice
        assert new.insert() is new
        invoice.submit()
    assert statements == []
    assert new.is_new()


# flags of the context


def test_in_import_sets_no_defaults_asks_for_no_option_and_keeps_names():
    current().flags.in_import = True
    doc = ShopDefaults(name="GIVEN").insert()
    assert (doc.word, doc.number, doc.day) == (None, 0, None)
    thing = ShopThing(choice="Blue").insert()
    assert get_doc("Shop Thing", thing.name).choice == "Blue"
    assert ShopInvoice(name="OLD-7").insert().name == "OLD-7"
    assert ShopInvoice().insert().name == "INV-0001"
    current().flags.in_import = False
    with pytest.raises(ValidationError, match="is not one of"):
        ShopThing(choice="Blue").insert()


def test_in_import_gives_rows_no_defaults():
    current().flags.in_import = True
    doc = ShopInvoice(rows=[{"code": "A"}]).insert()
    assert doc.rows[0].qty == 0
    doc.append("rows", {"code": "B"})
    doc.save()
    assert doc.rows[1].qty == 0


@pytest.mark.parametrize("flag", ["in_install", "in_migrate", "in_patch"])
def test_while_apps_are_set_up_owner_and_creation_are_kept(flag):
    given = {"owner": "ada@example.com", "creation": "2020-02-29 12:00:00"}
    assert ShopItem(title="x", **given).insert().owner == "Administrator"
    current().flags[flag] = "an app"
    doc = ShopItem(title="x", **given).insert()
    stored = get_doc("Shop Item", doc.name)
    assert (stored.owner, stored.creation.isoformat()) == ("ada@example.com", "2020-02-29T12:00:00")
    assert stored.modified.year > 2020
    assert ShopItem(title="x").insert().owner == "Administrator"


def test_in_test_is_set_in_tests(site):
    assert current().flags.in_test is True
    with site.work() as context:
        assert context.flags.in_test is True


# inserting twice


@pytest.mark.parametrize("event", ["before_insert", "validate", "after_insert"])
def test_an_event_cannot_insert_its_own_document_again(site, event):
    def insert(doc):
        if not doc.flags.once:
            doc.flags.once = True
            doc.insert()

    site.registry.connect("Shop Item", event, insert)
    doc = ShopItem(title="x")
    with pytest.raises(LifecycleRecursionError, match=r"Shop Item .* is being inserted, and an event of that insert"):
        doc.insert()
    assert stored("Shop Item") == []
    assert doc.is_new()


def test_saving_before_the_insert_is_written_is_refused_and_after_it_is_a_save(site):
    def save(doc):
        doc.save()

    handler = site.registry.connect("Shop Item", "before_insert", save)
    with pytest.raises(LifecycleRecursionError):
        ShopItem(title="x", name="NAMED").insert()
    site.registry.disconnect(handler)
    site.registry.connect("Shop Item", "after_insert", save)
    ShopItem(title="x").insert()
    assert len(stored("Shop Item")) == 1


def test_a_batch_takes_each_object_once():
    doc = ShopItem(title="x")
    with pytest.raises(ValidationError, match="one document object twice"):
        insert_many([doc, ShopItem(), doc])


def test_the_link_check_of_a_deletion_is_left_out_by_force_only(outlet):
    """ignore_links is about what a document names, not about what names it."""
    ShopInvoice(outlet="Berlin").insert()
    outlet.flags.ignore_links = True
    with pytest.raises(LinkExistsError):
        outlet.delete()
    outlet.delete(force=True)
