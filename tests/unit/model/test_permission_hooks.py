"""What hooks say about permissions, in the operations of single documents."""

from __future__ import annotations

import pytest

from doclife.core.errors import DoesNotExistError, PermissionDenied
from doclife.model.access import delete_doc, get_doc, rename_doc
from doclife.model.bulk import insert_many
from doclife.model.lookup import has_permission, set_value
from doclife.query.db import db
from doclife.query.lists import get_list
from doclife.schema.meta import Permission
from doclife.testing import as_user, capture_statements, make_user
from tests.unit.model.ward import CLERK, ORDER, WardNote, WardOrder, guarded, load
from tests.unit.permissions import declared
from tests.unit.permissions.declared import HERE


@pytest.fixture(autouse=True)
def guarded_site(site):
    with guarded(site):
        yield site


@pytest.fixture
def pune():
    return WardOrder(city="Pune", rows=[{"label": "a"}]).insert().name


@pytest.fixture
def goa():
    return WardOrder(city="Goa").insert().name


def only_pune(doctype=ORDER):
    declared.conditions[doctype] = {"city": "Pune"}


OPERATIONS = {
    "write": lambda doc: doc.save(),
    "submit": lambda doc: doc.submit(),
    "delete": lambda doc: doc.delete(),
    "discard": lambda doc: doc.discard(),
    "delete_doc": lambda doc: delete_doc(ORDER, doc.name),
    "set_value": lambda doc: set_value(ORDER, doc.name, "note", "x"),
}


@pytest.mark.parametrize("user", [CLERK, "Administrator"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_on_a_document_that_is_left_out_is_refused(pune, goa, operation, user):
    only_pune()
    with as_user(user):
        doc = load(goa)
        with pytest.raises(PermissionDenied) as caught:
            OPERATIONS[operation](doc)
        right = {"delete_doc": "delete", "set_value": "write", "discard": "write"}.get(operation, operation)
        assert str(caught.value) == (
            f"{user} may not {right} Ward Order {goa}: the query conditions of {HERE}.said (guard) leave it out"
        )
        assert caught.value.context == {"doctype": ORDER, "name": goa, "user": user, "right": right}
        assert load(goa).docstatus == 0
        OPERATIONS[operation](load(pune))


@pytest.mark.parametrize("user", [CLERK, "Administrator"])
def test_the_same_documents_are_in_lists_and_permitted(pune, goa, user):
    only_pune()
    listed = get_list(ORDER, user=user, pluck="name")
    permitted = [name for name in (pune, goa) if load(name).has_permission("read", user)]
    assert listed == permitted == [pune]
    assert has_permission(ORDER, doc=pune, user=user)
    assert not has_permission(ORDER, doc=goa, user=user)
    assert has_permission(ORDER, user=user), "some of them"
    with pytest.raises(PermissionDenied, match=rf"{user} may not read Ward Order {goa}: the query conditions"):
        has_permission(ORDER, doc=goa, user=user, throw=True)


@pytest.mark.parametrize("user", [CLERK, "Administrator"])
def test_an_insert_that_would_be_left_out_is_undone(user):
    only_pune()
    ran = []
    declared.checks[ORDER] = lambda doc, ptype, user: ran.append(ptype) or True
    with as_user(user):
        for act in (lambda doc: doc.insert(), lambda doc: doc.submit()):
            doc = WardOrder(city="Goa", rows=[{"label": "a"}])
            with pytest.raises(PermissionDenied, match=r"may not create Ward Order WO-\d+: the query conditions of"):
                act(doc)
            assert (doc.is_new(), doc.name, doc.docstatus) == (True, None, 0)
            assert (db.count(ORDER), db.count("Shop Tax")) == (0, 0)
            doc.city = "Pune"
            act(doc)
            doc.delete(ignore_permissions=True) if doc.docstatus == 0 else doc.cancel().delete()
    assert (ran == []) is (user == "Administrator")


def test_events_after_the_write_do_not_see_what_is_refused(guarded_site):
    only_pune()
    seen = []
    for event in ("validate", "after_insert", "on_update"):
        guarded_site.registry.connect(ORDER, event, lambda doc, method: seen.append(method))
    with pytest.raises(PermissionDenied):
        WardOrder(city="Goa").insert()
    assert seen == ["validate"]


def test_a_change_that_takes_a_document_out_of_sight_is_undone(pune):
    only_pune()
    with as_user(CLERK):
        doc = load(pune)
        doc.city, doc.note = "Goa", "moved"
        with pytest.raises(PermissionDenied, match=f"may not write Ward Order {pune}: the query conditions"):
            doc.save()
        assert (load(pune).city, load(pune).note) == ("Pune", None)
        assert doc.city == "Goa", "field values stay as they were set"
        doc.city = "Pune"
        doc.save()
        assert load(pune).note == "moved"


def test_a_change_does_not_bring_a_document_into_sight(goa):
    only_pune()
    with as_user(CLERK):
        doc = load(goa)
        doc.city = "Pune"
        assert not doc.has_permission("write"), "the stored document counts"
        with pytest.raises(PermissionDenied):
            doc.save()
    assert load(goa).city == "Goa"


def test_a_condition_on_the_docstatus_holds_for_what_is_written(pune):
    declared.conditions[ORDER] = "docstatus < 2"
    with as_user(CLERK):
        doc = load(pune).submit()
        with pytest.raises(PermissionDenied, match=f"may not cancel Ward Order {pune}: the query conditions"):
            doc.cancel()
        assert doc.docstatus == load(pune).docstatus == 1


def test_ignored_permissions_skip_conditions_and_hooks(goa):
    only_pune()
    declared.checks[ORDER] = lambda doc, ptype, user: False
    declared.asked.clear()
    with as_user(CLERK):
        doc = load(goa)
        doc.save(ignore_permissions=True)
        assert doc.has_permission("delete")
        doc.submit()
        WardOrder(city="Goa").insert(ignore_permissions=True)
        insert_many([WardOrder(city="Goa")], ignore_permissions=True)
        assert (declared.asked, declared.checked) == ([], [])
        with pytest.raises(PermissionDenied):
            load(goa).cancel()


def test_db_set_and_set_value_of_the_database_ask_nothing(goa):
    only_pune()
    with as_user(CLERK):
        load(goa).db_set("note", "x")
        db.set_value(ORDER, goa, "note", "y")
    assert load(goa).note == "y"


def test_many_documents_are_asked_about_by_one_statement():
    only_pune()
    with capture_statements() as statements:
        insert_many([WardOrder(city="Pune") for _ in range(5)])
    assert len([text for text in statements if text.startswith("SELECT") and "CASE" in text]) == 1
    with pytest.raises(PermissionDenied, match=r"Administrator may not create Ward Order WO-\d+: the query conditions"):
        insert_many([WardOrder(city=city) for city in ("Pune", "Goa", "Pune")])
    assert db.count(ORDER) == 5


def test_what_the_conditions_cost(pune):
    def selects(work):
        with capture_statements() as statements:
            work()
        return len([text for text in statements if text.startswith("SELECT")])

    doc = load(pune)
    assert selects(doc.save) == 0, "the hook said nothing"
    only_pune()
    assert selects(lambda: doc.has_permission()) == 1
    assert selects(doc.save) == 2
    assert selects(doc.submit) == 2
    assert selects(WardOrder(city="Pune").insert) == 1


def test_a_document_that_is_gone_is_missed_and_not_forbidden(pune):
    only_pune()
    doc = load(pune)
    db.delete(ORDER, pune)
    with pytest.raises(DoesNotExistError):
        doc.save()


def test_rows_are_asked_as_their_documents(pune, goa):
    only_pune()
    row = load(pune).rows[0]
    assert row.has_permission("write", CLERK)
    alone = get_doc("Shop Tax", row.name)
    assert alone.parent_doc is None
    assert alone.has_permission("write", CLERK)
    assert not alone.has_permission("write", "nobody@example.com")
    db.set_value(ORDER, pune, "city", "Goa")
    for user in (CLERK, "Administrator"):
        assert not row.has_permission("read", user)
        assert not alone.has_permission("read", user)
        with as_user(user), pytest.raises(PermissionDenied, match=f"may not write Ward Order {pune}"):
            get_doc("Shop Tax", row.name).save()


def test_renaming_asks_before_and_after(goa, pune):
    declared.conditions[ORDER] = {"city": "Pune", "name": ["!=", "hidden"]}
    with as_user(CLERK):
        with pytest.raises(PermissionDenied, match=f"may not write Ward Order {goa}: the query conditions"):
            rename_doc(ORDER, goa, "new", force=True)
        with pytest.raises(PermissionDenied, match="may not write Ward Order hidden: the query conditions"):
            rename_doc(ORDER, pune, "hidden", force=True)
        with pytest.raises(PermissionDenied, match=f"may not write Ward Order {goa}: the query conditions"):
            rename_doc(ORDER, pune, goa, merge=True, force=True)
        assert rename_doc(ORDER, pune, "shown", force=True) == "shown"
        assert rename_doc(ORDER, "shown", "hidden", force=True, ignore_permissions=True) == "hidden"
    assert sorted(db.get_values(ORDER, {}, "name", pluck=True)) == sorted([goa, "hidden"])


def test_a_condition_over_another_type(pune, goa):
    declared.conditions["Ward Note"] = {"order.city": "Pune"}
    with as_user(CLERK):
        note = WardNote(order=pune).insert()
        with pytest.raises(PermissionDenied):
            WardNote(order=goa).insert()
        note.order = goa
        with pytest.raises(PermissionDenied):
            note.save()
        assert get_list("Ward Note", pluck="name") == [note.name]


# -- has_permission --------------------------------------------------------------------------------


def test_a_check_is_asked_with_the_right_of_the_operation(pune):
    with as_user(CLERK):
        doc = load(pune)
        doc.save()
        doc.submit()
        doc.cancel()
        doc.delete()
    assert [(ptype, user) for _, ptype, user in declared.checked] == [
        ("write", CLERK),
        ("write", CLERK),
        ("submit", CLERK),
        ("write", CLERK),
        ("cancel", CLERK),
        ("delete", CLERK),
    ]
    assert {name for name, _, _ in declared.checked} == {pune}


def test_a_check_can_refuse_single_rights(pune):
    declared.checks[ORDER] = lambda doc, ptype, user: ptype != "submit"
    with as_user(CLERK):
        doc = load(pune)
        doc.save()
        with pytest.raises(PermissionDenied, match=rf"may not submit Ward Order {pune}: {HERE}.may \(guard\)"):
            doc.submit()
        assert doc.docstatus == 0
    load(pune).submit()


def test_a_check_is_asked_about_the_stored_state_too(pune, goa):
    declared.checks[ORDER] = lambda doc, ptype, user: doc.city == "Pune"
    with as_user(CLERK):
        into, out_of = load(goa), load(pune)
        into.city, out_of.city = "Pune", "Goa"
        for doc in (into, out_of):
            with pytest.raises(PermissionDenied, match="does not allow it"):
                doc.save()
        same = load(pune)
        same.rows[0].label = "b"
        declared.checked.clear()
        same.save()
    assert declared.checked == [(pune, "write", CLERK)] * 2


def test_the_stored_state_has_the_flags_of_the_document(pune):
    seen = []
    declared.checks[ORDER] = lambda doc, ptype, user: seen.append((doc.note, doc.flags.why)) or True
    with as_user(CLERK):
        doc = load(pune)
        doc.flags.why, doc.note = "because", "x"
        doc.save()
    assert seen == [(None, "because"), ("x", "because")]


def test_import_is_called_by_its_name(pune):
    make_user("porter@example.com", "Porter")
    WardOrder.meta.permissions = [*WardOrder.meta.permissions, Permission("Porter", import_=True)]
    try:
        assert load(pune).has_permission("import", "porter@example.com")
        assert not load(pune).has_permission("export", "porter@example.com")
        assert declared.checked == [(pune, "import", "porter@example.com")]
        with pytest.raises(PermissionDenied, match=r"may not import Ward Order; Porter may$"):
            has_permission(ORDER, "import", user=CLERK, throw=True)
    finally:
        WardOrder.meta.permissions = WardOrder.meta.permissions[:-1]
