"""Versions of operations inside operations, what a version costs, and what becomes of it."""

from __future__ import annotations

import pytest

from doclife.core.errors import ValidationError
from doclife.doctypes.version import Version
from doclife.events.registry import connected
from doclife.model.access import rename_doc
from doclife.model.bulk import insert_many
from doclife.query.lists import get_all
from doclife.testing import as_user, capture_events, capture_statements, make_user
from tests.unit.doctypes.versioned import VersionTestOrder, VersionTestPlain, only_version, versions

pytestmark = pytest.mark.usefixtures("tracked")


# nested operations


def test_a_document_that_saves_itself_has_a_version_of_each_operation(order):
    def pay(doc):
        if not doc.paid:
            doc.paid = 1
            doc.save()

    with connected("Version Test Order", "on_update", pay):
        order.title = "Tables"
        order.save()
    inner, outer = sorted((found["changed"] for found in versions()), key=len)
    assert inner == [["paid", 0, 1]]
    assert outer == [["title", "Chairs", "Tables"], ["paid", 0, 1]], "all that differs from before the outer save"


def test_a_save_inside_an_insert_is_recorded_alone():
    def name_it(doc):
        doc.title = "named"
        doc.save()

    with connected("Version Test Order", "after_insert", name_it):
        VersionTestOrder(number="O-5").insert()
    assert only_version("O-5")["changed"] == [["title", None, "named"]]


def test_what_is_changed_in_another_document_is_its_own_version(order):
    other = VersionTestOrder(number="O-6").insert()

    def follow(doc):
        if doc.number == "O-1":
            other.title = doc.title
            other.save()

    with connected("Version Test Order", "on_update", follow):
        order.title = "Tables"
        order.save()
    assert only_version()["changed"] == [["title", "Chairs", "Tables"]]
    assert only_version("O-6")["changed"] == [["title", None, "Tables"]]


# what becomes of them


def test_versions_outlive_their_document_as_its_copy_does(order):
    order.title = "Tables"
    order.save()
    order.delete()
    assert len(versions()) == 1
    assert get_all("Deleted Document", pluck="deleted_name") == ["O-1"]


def test_deleted_permanently_nothing_is_left(order):
    other = VersionTestOrder(number="O-7").insert()
    for each in (order, other):
        each.title = "Tables"
        each.save()
    order.delete(delete_permanently=True)
    assert versions() == []
    assert get_all("Deleted Document") == []
    assert len(versions("O-7")) == 1


def test_a_rename_takes_the_versions_along_and_is_recorded(order):
    other = VersionTestOrder(number="O-8", title="x").insert()
    for each in (order, other):
        each.title = "Tables"
        each.save()
    rename_doc("Version Test Order", "O-1", "O-9", force=True)
    assert versions() == []
    assert [found["changed"] for found in versions("O-9")] == [
        [["title", "Chairs", "Tables"]],
        [["name", "O-1", "O-9"]],
    ]
    assert len(versions("O-8")) == 1


def test_a_merge_unites_the_versions_too(order):
    other = VersionTestOrder(number="O-8", title="x").insert()
    for each in (order, other):
        each.title = "Tables"
        each.save()
    rename_doc("Version Test Order", "O-1", "O-8", merge=True, force=True)
    assert versions() == []
    assert sorted(found["changed"][0] for found in versions("O-8")) == [
        ["name", "O-1", "O-8"],
        ["title", "Chairs", "Tables"],
        ["title", "x", "Tables"],
    ]


def test_a_rename_that_fails_moves_nothing(order):
    order.title = "Tables"
    order.save()
    with connected("Version Test Order", "after_rename", _refuse), pytest.raises(ValidationError):
        rename_doc("Version Test Order", "O-1", "O-9", force=True)
    assert len(versions()) == 1
    assert versions("O-9") == []


def _refuse(doc):
    raise ValidationError("no")


def test_a_rename_of_a_type_without_versions_records_nothing():
    VersionTestPlain(title="a").insert(set_name="P-1")
    rename_doc("Version Test Plain", "P-1", "P-2", force=True)
    assert get_all("Version") == []


# cost, permission


def test_a_version_costs_one_statement_and_no_savepoint(order):
    plain = VersionTestPlain(title="a").insert()  # begins the transaction

    def costs(doc):
        doc.title = f"{doc.title}!"
        with capture_statements() as texts:
            doc.save()
        return [text.split()[0] for text in texts if not text.startswith("RELEASE")]  # MariaDB needs none

    assert costs(plain) == ["SAVEPOINT", "UPDATE"]
    assert costs(order) == ["SAVEPOINT", "UPDATE", "INSERT"]


def test_many_inserts_make_none():
    with capture_statements() as texts:
        insert_many([VersionTestOrder(number=f"M-{n}") for n in range(5)])
    assert [text.split()[0] for text in texts if text.startswith("INSERT")] == ["INSERT"]
    assert get_all("Version") == []


def test_its_own_handlers_run_and_those_of_every_type_do_not(order):
    seen = []
    with (
        connected("Version", "after_insert", lambda doc: seen.append(doc.docname)),
        connected("*", "after_insert", lambda doc: seen.append(doc.doctype)),
    ):
        order.title = "Tables"
        order.save()
    assert seen == ["O-1"]


def test_its_events_are_traced_inside_the_save(order):
    order.title = "Tables"
    with capture_events() as events:
        order.save()
    assert events.of("Version")[0] == "before_insert"
    assert events.of("Version Test Order")[-1] == "on_change"


def test_a_user_who_may_not_create_versions_makes_them_all_the_same(order):
    with as_user(make_user("clerk@example.com").name):
        assert not Version().has_permission("create")
        order.title = "Tables"
        order.save(ignore_permissions=True)
    assert len(versions()) == 1
