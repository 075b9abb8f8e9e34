"""Single types, passwords, deleted documents, bulk, and db_set."""

from __future__ import annotations

import pytest

from doclife.core import json
from doclife.core.context import current
from doclife.core.errors import (
    DocstatusTransitionError,
    DoesNotExistError,
    DuplicateEntryError,
    UnknownFieldError,
    ValidationError,
)
from doclife.model import passwords
from doclife.model.access import delete_doc, get_doc
from doclife.model.bulk import insert_many
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data, Password, Table
from doclife.schema.meta import Meta
from doclife.testing import capture_events, capture_statements
from tests.stored import plain, stored
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopOutlet, ShopSettings, ShopThing

# single types


def test_a_single_that_nobody_has_saved_has_its_defaults():
    settings = get_doc("Shop Settings")
    assert (settings.name, settings.currency, settings.limit, settings.is_new()) == ("Shop Settings", "EUR", 0, True)


def test_a_single_is_saved_and_found_without_a_name():
    settings = get_doc("Shop Settings")
    settings.limit = 5
    settings.save()
    again = get_doc(ShopSettings)
    assert (again.name, again.limit, again.is_new()) == ("Shop Settings", 5, False)
    again.limit = 6
    again.save()
    assert get_doc("Shop Settings", "Shop Settings").limit == 6
    assert stored("Shop Settings", "name") == [("Shop Settings",)]


# passwords


def test_a_password_is_stored_as_a_hash_and_compared():
    thing = ShopThing(secret="open sesame").insert()
    ((kept,),) = stored("Shop Thing", "secret")
    assert kept.startswith("$argon2")
    assert "sesame" not in kept
    loaded = get_doc("Shop Thing", thing.name)
    assert passwords.verify(loaded, "secret", "open sesame")
    assert not passwords.verify(loaded, "secret", "open sesam")
    assert not passwords.verify(loaded, "secret", kept)


def test_a_password_that_is_saved_again_is_not_hashed_again():
    thing = ShopThing(secret="open sesame").insert()
    thing.label = "x"
    thing.save()
    loaded = get_doc("Shop Thing", thing.name)
    loaded.save()
    assert passwords.verify(get_doc("Shop Thing", thing.name), "secret", "open sesame")


def test_a_password_may_be_changed_and_removed():
    thing = ShopThing(secret="old").insert()
    thing.secret = "new"
    thing.save()
    assert passwords.verify(thing, "secret", "new")
    assert not passwords.verify(thing, "secret", "old")
    thing.secret = None
    thing.save()
    assert not passwords.verify(get_doc("Shop Thing", thing.name), "secret", "new")


def test_a_password_set_by_db_set_is_hashed_too():
    thing = ShopThing().insert()
    thing.db_set("secret", "by db_set")
    assert passwords.verify(get_doc("Shop Thing", thing.name), "secret", "by db_set")


def test_a_password_of_a_row_is_hashed_too(site):
    class KeyRow(Document):
        meta = Meta(istable=True)
        label = Data()
        secret = Password()

    class KeyRing(Document):
        keys = Table(KeyRow)

    site.use(KeyRing)
    ring = KeyRing(keys=[{"label": "a", "secret": "open"}]).insert()
    ring.keys[0].label = "b"
    ring.save()
    assert passwords.verify(get_doc("Key Ring", ring.name).keys[0], "secret", "open")
    assert "secret" not in ring.as_dict()["keys"][0]


def test_a_password_whose_operation_failed_is_not_hashed_twice(site):
    def refuse(doc):
        raise ZeroDivisionError

    handler = site.registry.connect("Shop Thing", "on_update", refuse)
    thing = ShopThing(secret="open sesame")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            thing.insert()
    site.registry.disconnect(handler)
    thing.insert()
    assert passwords.verify(get_doc("Shop Thing", thing.name), "secret", "open sesame")


def test_a_field_that_is_no_password_is_not_compared():
    with pytest.raises(UnknownFieldError, match="has no password field 'label'"):
        passwords.verify(ShopThing(label="x"), "label", "x")


# deleted documents


def _deleted():
    rows = stored("Deleted Document", "deleted_doctype", "deleted_name", "data")
    return [(doctype, name, json.loads(data)) for doctype, name, data in rows]


def test_a_copy_of_what_is_deleted_is_kept_with_its_rows(invoice):
    name = invoice.name
    invoice.delete()
    ((doctype, deleted, data),) = _deleted()
    assert (doctype, deleted, data["total"]) == ("Shop Invoice", name, 30)
    assert [row["code"] for row in data["rows"]] == ["A", "B"]


def test_what_is_deleted_permanently_leaves_no_copy(item, outlet):
    item.delete(delete_permanently=True)
    delete_doc("Shop Outlet", "Berlin", delete_permanently=True)
    assert _deleted() == []


def test_delete_doc_deletes_one_or_many_and_tells_whether_they_were_there():
    for code in "ABC":
        ShopOutlet(code=code).insert()
    assert delete_doc("Shop Outlet", "A") is True
    assert delete_doc(ShopOutlet, ["B", "Z", "C"]) is False
    assert stored("Shop Outlet") == []
    with pytest.raises(DoesNotExistError):
        delete_doc("Shop Outlet", "A", ignore_missing=False)


# db_set


def test_db_set_writes_columns_at_once_and_moves_modified(outlet):
    before = outlet.modified
    with capture_statements() as statements:
        outlet.db_set("city", "Bonn")
    assert [plain(text) for text in statements if text.startswith("UPDATE")] == [
        'UPDATE "tabShop Outlet" SET city=?, modified=?, modified_by=? WHERE "tabShop Outlet".name = ?'
    ]
    loaded = get_doc("Shop Outlet", "Berlin")
    assert loaded.city == outlet.city == "Bonn"
    assert loaded.modified == outlet.modified > before
    outlet.save()


def test_db_set_takes_many_and_may_leave_modified(outlet):
    before = outlet.modified
    outlet.db_set({"city": "Bonn", "level": "3"}, update_modified=False)
    loaded = get_doc("Shop Outlet", "Berlin")
    assert (loaded.city, loaded.level, loaded.modified) == ("Bonn", 3, before)


def test_db_set_writes_nothing_else_that_was_changed_in_memory(outlet):
    outlet.manager = "Grace"
    outlet.db_set("city", "Bonn")
    assert get_doc("Shop Outlet", "Berlin").manager == "Ada"
    outlet.save()
    assert get_doc("Shop Outlet", "Berlin").manager == "Grace"


def test_db_set_makes_other_copies_stale(outlet):
    copy = get_doc("Shop Outlet", "Berlin")
    outlet.db_set("city", "Bonn")
    with pytest.raises(Exception, match="was changed at"):
        copy.save()


def test_db_set_refuses_unknown_columns_and_the_name(outlet):
    with pytest.raises(UnknownFieldError, match=r"Shop Outlet has no column 'citi' to set\. Did you mean 'city'"):
        outlet.db_set("citi", "x")
    with pytest.raises(UnknownFieldError, match="'name'"):
        outlet.db_set("name", "x")


def test_db_set_refuses_what_cannot_be_cast_and_leaves_everything(outlet):
    with pytest.raises(ValidationError, match=r"Level \(level\): 'high' is not valid"):
        outlet.db_set({"city": "Bonn", "level": "high"})
    assert (outlet.city, outlet.level) == ("Berlin", 0)
    outlet.save()


def test_a_value_that_could_not_be_cast_before_a_failing_db_set_is_still_refused_after_it(outlet):
    outlet.level = "high"
    with pytest.raises(ValidationError, match="level"):
        outlet.db_set("level", "higher")
    assert outlet.level == "high"
    with pytest.raises(ValidationError, match="'high' is not valid"):
        outlet.save()


def test_db_set_minds_only_the_fields_it_sets(outlet):
    outlet.level = "high"
    outlet.db_set("city", "Bonn")
    assert get_doc("Shop Outlet", "Berlin").city == "Bonn"
    with pytest.raises(ValidationError, match="'high' is not valid"):
        outlet.save()


def test_db_set_with_commit_commits(outlet):
    current().unit.commit()
    outlet.db_set("city", "Bonn", commit=True)
    current().unit.rollback()
    assert get_doc("Shop Outlet", "Berlin").city == "Bonn"


def test_db_set_of_a_deleted_document_is_refused(outlet):
    copy = get_doc("Shop Outlet", "Berlin")
    outlet.delete()
    with pytest.raises(DoesNotExistError, match="does not exist any more"):
        copy.db_set("city", "x")
    assert copy.city == "Berlin"


# bulk


def test_insert_many_is_one_operation_with_one_write_per_table():
    docs = [ShopInvoice(rows=[{"code": "A"}, {"code": "B"}]) for _ in range(20)]
    with capture_statements() as statements:
        assert insert_many(docs) == docs
    written = [plain(text).split('"')[1] for text in statements if text.startswith("INSERT")]
    assert [table for table in written if table != "tabSeries"] == ["tabShop Invoice", "tabShop Row"]
    assert [doc.name for doc in docs] == [f"INV-{n:04}" for n in range(1, 21)]
    assert len(stored("Shop Row")) == 40
    assert not any(doc.is_new() for doc in docs)


def test_insert_many_fires_each_event_for_all_documents_before_the_next():
    docs = [ShopItem(title=title) for title in "ab"]
    with capture_events() as events:
        insert_many(docs)
    names = events.of("Shop Item")
    assert names == [event for event in names[::2] for _ in range(2)]
    assert names[::2] == [
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


def test_insert_many_leaves_nothing_when_one_fails(site):
    docs = [ShopInvoice(remark=remark, rows=[{"code": "A"}]) for remark in ("ok", "ok", "bad")]

    def refuse(doc):
        if doc.remark == "bad":
            raise ZeroDivisionError

    site.registry.connect("Shop Invoice", "on_update", refuse)
    with pytest.raises(ZeroDivisionError):
        insert_many(docs)
    assert stored("Shop Invoice") == []
    assert all(doc.is_new() and doc.name is None for doc in docs)
    assert all(row.name is None for doc in docs for row in doc.rows)
    assert current().operations == []


def test_insert_many_names_the_duplicate(outlet):
    docs = [ShopOutlet(code=code) for code in ("A", "Berlin", "C")]
    with pytest.raises(DuplicateEntryError, match="Shop Outlet 'Berlin' exists already"):
        insert_many(docs)
    with pytest.raises(DuplicateEntryError, match="Shop Outlet 'A' exists already"):
        insert_many([ShopOutlet(code="A"), ShopOutlet(code="A")])


def test_insert_many_may_submit_and_takes_one_kind_only():
    docs = insert_many([ShopInvoice(docstatus=1) for _ in range(3)])
    assert {doc.docstatus for doc in docs} == {1}
    with pytest.raises(ValidationError, match="documents of one type and docstatus"):
        insert_many([ShopInvoice(), ShopInvoice(docstatus=1)])
    with pytest.raises(ValidationError, match="documents of one type and docstatus"):
        insert_many([ShopInvoice(), ShopItem()])
    with pytest.raises(DocstatusTransitionError):
        insert_many([ShopInvoice(docstatus=2)])
    assert insert_many([]) == []
