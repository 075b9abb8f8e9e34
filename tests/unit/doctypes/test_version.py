"""Versions: what an operation has changed, for types that track changes; nothing where nothing has changed."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from doclife.core.context import current
from doclife.core.errors import ValidationError
from doclife.events.registry import connected
from doclife.model.access import copy_doc, get_doc
from doclife.model.explain import explain
from doclife.query.lists import get_all
from doclife.testing import as_user, make_user
from tests.unit.doctypes.versioned import (
    VersionTestOrder,
    VersionTestPlain,
    VersionTestQuiet,
    only_version,
    versions,
)

pytestmark = pytest.mark.usefixtures("tracked")


# what is recorded


def test_a_plain_insert_makes_none(order):
    assert versions() == []


def test_a_save_records_the_fields_that_differ_with_their_values_before_and_after(order):
    order.title, order.price = "Tables", "12.50"
    order.save()
    assert only_version() == {
        "changed": [["title", "Chairs", "Tables"], ["price", 10, 12.5]],
        "added": [],
        "removed": [],
        "row_changed": [],
    }
    (row,) = get_all("Version", fields=["ref_doctype", "docname", "owner", "docstatus"])
    assert row == {"ref_doctype": "Version Test Order", "docname": "O-1", "owner": "Administrator", "docstatus": 0}


def test_nothing_changed_is_no_version(order):
    order.save()
    get_doc("Version Test Order", "O-1").save()
    assert versions() == []


def test_every_kind_of_value_is_readable(order):
    values = {"weight": 0.5, "day": "2026-02-03", "at": "08:30:00", "paid": True, "details": {"a": [1, None]}}
    order.update(values)
    order.save()
    order.details = {"a": [2, None]}
    order.day = None
    order.save()
    first, second = versions()
    assert first["changed"] == [
        ["weight", 0, 0.5],
        ["day", None, "2026-02-03"],
        ["at", None, "08:30:00"],
        ["paid", 0, 1],
        ["details", None, {"a": [1, None]}],
    ]
    assert second["changed"] == [["day", "2026-02-03", None], ["details", {"a": [1, None]}, {"a": [2, None]}]]


def test_an_amount_that_json_would_round_is_text():
    from doclife.doctypes.version import _exact  # SQLite itself takes no more than 15 digits

    given = [("total", Decimal("123456789012345.678901"), Decimal("0.1")), ("rows", {"rate": Decimal("5.000000")})]
    assert _exact(given) == [["total", "123456789012345.678901", Decimal("0.1")], ["rows", {"rate": Decimal(5)}]]
    assert json.loads(current_json(given)) == [["total", "123456789012345.678901", 0.1], ["rows", {"rate": 5}]]


def current_json(value):
    from doclife.core.json import dumps
    from doclife.doctypes.version import _exact

    return dumps(_exact(value))


def test_rows_that_come_go_and_change(order):
    gone, kept = order.rows
    order.remove(gone)
    kept.qty = 7
    added = order.append("rows", {"code": "C", "qty": 3, "key": "hidden"})
    order.save()
    found = only_version()
    assert found["row_changed"] == [["rows", 0, kept.name, [["qty", 2, 7]]]]
    ((table, row),) = found["removed"]
    assert (table, row["name"], row["code"], row["qty"], row["idx"]) == ("rows", gone.name, "A", 1, 1)
    ((table, row),) = found["added"]
    assert (table, row["name"], row["code"], row["doctype"]) == ("rows", added.name, "C", "Version Test Row")
    assert "key" not in row
    assert found["changed"] == []


def test_rows_in_another_order_are_no_change(order):
    order.rows = list(reversed(order.rows))
    order.save()
    assert [row.code for row in get_doc("Version Test Order", "O-1").rows] == ["B", "A"]
    assert versions() == []


def test_passwords_are_never_recorded(order):
    order.secret = "open sesame"
    order.rows[0].key = "hidden"
    order.save()
    assert versions() == []
    order.secret, order.title = "new sesame", "Tables"
    order.save()
    assert only_version()["changed"] == [["title", "Chairs", "Tables"]]


def test_submit_cancel_and_discard_record_the_docstatus(order):
    order.submit()
    order.paid = 1
    order.save()
    order.cancel()
    draft = VersionTestOrder(number="O-2").insert()
    draft.discard()
    assert [found["changed"] for found in versions()] == [
        [["docstatus", 0, 1]],
        [["paid", 0, 1]],
        [["docstatus", 1, 2]],
    ]
    assert only_version("O-2")["changed"] == [["docstatus", 0, 2]]


def test_an_insert_as_submitted_makes_none():
    VersionTestOrder(number="O-3").submit()
    assert versions("O-3") == []


def test_an_amendment_is_compared_with_the_document_it_amends(order):
    order.submit()
    order.cancel()
    amended = copy_doc(order)
    amended.number, amended.amended_from = "O-1-1", "O-1"
    amended.rows[1].qty = 9
    amended.append("rows", {"code": "C", "qty": 3})
    amended.insert()
    found = only_version("O-1-1")
    assert found["changed"] == [
        ["number", "O-1", "O-1-1"],
        ["amended_from", None, "O-1"],
        ["name", "O-1", "O-1-1"],
        ["docstatus", 2, 0],
    ]
    assert found["row_changed"] == [["rows", 1, amended.rows[1].name, [["qty", 2, 9]]]]
    assert [row["code"] for _, row in found["added"]] == ["C"]
    assert found["removed"] == []


def test_an_amendment_with_fewer_rows_shows_those_that_are_gone(order):
    order.submit()
    order.cancel()
    amended = copy_doc(order)
    amended.number, amended.amended_from = "O-1-1", "O-1"
    amended.rows.pop()
    amended.insert()
    assert [row["code"] for _, row in only_version("O-1-1")["removed"]] == ["B"]


def test_who_changed_it_is_the_owner(order):
    user = make_user("clerk@example.com").name
    with as_user(user):
        order.title = "Tables"
        order.save(ignore_permissions=True)
    assert get_all("Version", pluck="owner") == [user]


# what is not recorded


def test_a_type_that_does_not_track_changes_has_none():
    plain = VersionTestPlain(title="a").insert()
    plain.title = "b"
    plain.save()
    assert get_all("Version") == []
    assert explain("Version Test Plain", "on_change")[0].reactions == (), "not even a step of its own"


def test_a_type_without_wildcards_that_tracks_changes_has_them():
    quiet = VersionTestQuiet(title="a").insert()
    quiet.title = "b"
    quiet.save()
    assert only_version(quiet.name, "Version Test Quiet")["changed"] == [["title", "a", "b"]]


def test_db_set_makes_none_and_its_change_belongs_to_no_later_save(order):
    order.db_set("title", "Tables")
    order.paid = 1
    order.save()
    assert only_version()["changed"] == [["paid", 0, 1]]


def test_db_set_inside_an_event_belongs_to_the_operation(order):
    with connected("Version Test Order", "on_submit", lambda doc: doc.db_set("title", "Sold")):
        order.submit()
    assert only_version()["changed"] == [["title", "Chairs", "Sold"], ["docstatus", 0, 1]]


def test_what_a_handler_leaves_in_memory_is_not_stored_and_not_recorded(order):
    with connected("Version Test Order", "on_update", lambda doc: doc.set("title", "never written")):
        order.paid = 1
        order.save()
    assert only_version()["changed"] == [["paid", 0, 1]]


def test_deleting_makes_none(order):
    order.delete()
    assert versions() == []


def test_the_argument_holds_for_one_save(order):
    order.title = "Tables"
    order.save(ignore_version=True)
    assert versions() == []
    order.title = "Lamps"
    order.save()
    assert only_version()["changed"] == [["title", "Tables", "Lamps"]]


def test_the_flag_holds_until_it_is_taken_back(order):
    order.flags.ignore_version = True
    order.title = "Tables"
    order.save()
    order.submit()
    assert versions() == []
    order.title = "Lamps"
    order.save(ignore_version=False)
    assert order.flags.ignore_version is True, "the argument beats the flag once"
    assert only_version()["changed"] == [["title", "Tables", "Lamps"]]


def test_a_refused_save_forgets_the_argument_too(order):
    with connected("Version Test Order", "validate", _refuse), pytest.raises(ValidationError):
        order.save(ignore_version=True)
    assert "ignore_version" not in order.flags


def _refuse(doc):
    raise ValidationError("no")


def test_none_while_an_app_is_installed(order):
    current().flags.in_install = True
    order.title = "Tables"
    order.save()
    assert versions() == []


def test_a_failed_operation_leaves_none(order):
    order.title = "Tables"
    with connected("Version Test Order", "on_change", _refuse), pytest.raises(ValidationError):
        order.save()
    assert get_all("Version") == []


# notes


def test_an_insert_with_a_reference_is_recorded():
    made = VersionTestOrder(number="O-4")
    made.flags.updater_reference = {"doctype": "Data Import", "docname": "IMP-1", "label": "import"}
    made.insert()
    assert only_version("O-4") == {
        "creation": made.creation.isoformat(" "),
        "created_by": "Administrator",
        "updater_reference": {"doctype": "Data Import", "docname": "IMP-1", "label": "import"},
    }


def test_flags_are_noted_beside_the_changes(order):
    order.flags.updater_reference, order.flags.via_data_import = {"doctype": "Role", "docname": "All"}, "IMP-2"
    order.flags.version_comment = "as agreed"
    order.title = "Tables"
    order.save()
    found = only_version()
    assert found["updater_reference"] == {"doctype": "Role", "docname": "All"}
    assert (found["data_import"], found["comment"]) == ("IMP-2", "as agreed")
    assert found["changed"] == [["title", "Chairs", "Tables"]]


def test_flags_alone_are_no_difference(order):
    order.flags.via_data_import = "IMP-2"
    order.save()
    assert versions() == []
