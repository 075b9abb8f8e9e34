"""What the daily tasks make of agreements: who is told when, what is expired, which outlets may sell."""

from __future__ import annotations

from typing import Any

import pytest

import doclife
from doclife.testing import make_user, run_due, travel_to
from example_app.tasks.agreements import review_agreements
from example_app.tasks.outlets import follow_agreements
from tests.example_app.conftest import add_agreement, add_outlet

pytestmark = pytest.mark.slow_on_servers

MANAGER = "manager@example.com"


def told(**filters: Any) -> list[tuple[str, str]]:
    """Returns (user, subject) of the notices, in the order of both."""
    found = doclife.get_all("Notification Log", filters=filters, fields=["for_user", "subject"], as_list=True)
    return sorted(found)


def statuses() -> dict[str, str]:
    return {row.name: row.status for row in doclife.get_all("SJ Outlet", fields=["name", "status"])}


def set_status(outlet: str, status: str) -> None:
    doclife.set_value("SJ Outlet", outlet, "status", status)


# The agreement of HARBOUR is in force from 2025-01-01 to 2025-12-31. Days left: from 1 November 60, from 2 November
# 59, from 1 December 30, from 24 December 7, from 25 December 6.
@pytest.mark.parametrize(
    ("day", "subject"),
    [
        ("2025-10-31", None),
        ("2025-11-01", "ends in 60 days, on 2025-12-31"),
        ("2025-12-01", "ends in 30 days, on 2025-12-31"),
        ("2025-12-24", "ends in 7 days, on 2025-12-31"),
        ("2025-12-30", "ends tomorrow, on 2025-12-31"),
        ("2025-12-31", "ends today, on 2025-12-31"),
        ("2026-01-01", None),
    ],
)
def test_people_are_told_of_an_agreement_that_ends_soon(harbour: str, day: str, subject: str | None) -> None:
    make_user(MANAGER, "Franchise Manager")
    make_user("auditor@example.com", "Franchise Auditor")
    with travel_to(day):
        review_agreements()
    expected = f"Agreement AGR-00001 of HARBOUR {subject}"
    assert told() == ([("Administrator", expected), (MANAGER, expected)] if subject else [])


def test_there_is_one_notice_for_each_threshold(harbour: str) -> None:
    days = ["2025-11-01", "2025-11-02", "2025-12-01", "2025-12-01", "2025-12-23", "2025-12-24", "2025-12-31"]
    found = []
    for day in days:
        with travel_to(day):
            found.append(len(review_agreements()["ending"]))
    assert found == [1, 0, 1, 0, 0, 1, 0]
    assert doclife.get_all("Notification Log", pluck="document_name") == ["AGR-00001"] * 3


def test_nobody_is_told_of_an_agreement_that_is_continued(harbour: str) -> None:
    add_agreement("HARBOUR", "2026-01-01", "2026-12-31")
    add_outlet("AIRPORT")
    add_agreement("AIRPORT", "2026-01-02", "2026-12-31")  # a day without
    with travel_to("2025-12-24"):
        assert review_agreements() == {"expired": [], "ending": ["AGR-00003"]}


def test_drafts_and_cancelled_agreements_do_not_count(harbour: str) -> None:
    doclife.get_doc("Franchise Agreement", "AGR-00001").cancel()
    doclife.new_doc(
        "Franchise Agreement", franchise_outlet="HARBOUR", start_date="2025-01-01", expiry_date="2025-12-31"
    ).insert()
    with travel_to("2026-06-01"):
        assert review_agreements() == {"expired": [], "ending": []}


def test_agreements_that_have_ended_are_marked(harbour: str) -> None:
    add_agreement("HARBOUR", "2026-01-01", "2026-12-31")
    held = doclife.get_doc("Franchise Agreement", "AGR-00001")
    with travel_to("2025-12-31"):
        assert review_agreements()["expired"] == []
    with travel_to("2026-01-01"):
        assert review_agreements()["expired"] == ["AGR-00001"]
        assert review_agreements()["expired"] == []
    assert doclife.db.get_value("Franchise Agreement", "AGR-00001", "status") == "Expired"
    assert doclife.db.get_value("Franchise Agreement", "AGR-00002", "status") == "Active"
    held.cancel()  # the mark is in nobody's way


def test_an_agreement_of_which_nobody_can_be_told_holds_up_none(harbour: str) -> None:
    add_outlet("AIRPORT")
    add_agreement("AIRPORT", "2024-01-01", "2024-12-31")

    def refuse(doc: Any) -> None:
        if "AGR-00001" in doc.subject:
            doclife.throw("no more of this")

    with travel_to("2025-12-24"), doclife.events.connected("Notification Log", "validate", refuse):
        assert review_agreements() == {"expired": ["AGR-00003"], "ending": ["AGR-00002"]}
    doclife.commit()
    assert doclife.get_all("Error Log", fields=["method", "reference_name"], as_list=True) == (
        ("Review of agreement AGR-00001", "AGR-00001"),
    )


def test_an_outlet_follows_its_agreements(harbour: str) -> None:
    make_user(MANAGER, "Franchise Manager")
    with travel_to("2025-12-31 23:59"):
        assert follow_agreements() == {"Inactive": [], "Active": []}
    with travel_to("2026-01-01"):
        assert follow_agreements() == {"Inactive": ["HARBOUR"], "Active": []}
        assert follow_agreements() == {"Inactive": [], "Active": []}
        add_agreement("HARBOUR", "2026-01-03", "2026-12-31")
        assert follow_agreements() == {"Inactive": [], "Active": []}
        assert str(doclife.db.get_value("SJ Outlet", "HARBOUR", "lapsed_on")) == "2026-01-01"
    with travel_to("2026-01-03"):
        assert follow_agreements() == {"Inactive": [], "Active": ["HARBOUR"]}
    assert doclife.db.get_value("SJ Outlet", "HARBOUR", ["status", "lapsed_on"]) == ("Active", None)
    assert told(for_user=MANAGER) == [
        (MANAGER, "Harbour (HARBOUR) is Active: its agreement AGR-00002 is in force until 2026-12-31"),
        (MANAGER, "Harbour (HARBOUR) is Inactive: its agreement AGR-00001 ended on 2025-12-31"),
    ]
    assert len(told(for_user="Administrator")) == 2


def test_the_notice_says_what_is_missing(site: Any) -> None:
    for code in ("NONE", "LATER"):
        doclife.new_doc("SJ Outlet", franchise_code=code, outlet_name=code.title()).insert()
    add_agreement("LATER", "2026-05-01", "2026-12-31")
    with travel_to("2026-04-01"):
        follow_agreements()
    assert [subject for _, subject in told()] == [
        "Later (LATER) is Inactive: its agreement AGR-00001 begins on 2026-05-01",
        "None (NONE) is Inactive: it has no submitted agreement",
    ]


def test_an_outlet_that_a_person_made_inactive_stays_so(harbour: str) -> None:
    set_status("HARBOUR", "Inactive")
    with travel_to("2025-06-01"):
        follow_agreements()
    assert (statuses(), told()) == ({"HARBOUR": "Inactive"}, [])


def test_an_outlet_that_a_person_made_active_needs_an_agreement_all_the_same(harbour: str) -> None:
    with travel_to("2026-01-01"):
        follow_agreements()
        set_status("HARBOUR", "Active")
    with travel_to("2026-01-02"):
        follow_agreements()
    assert statuses() == {"HARBOUR": "Inactive"}
    assert str(doclife.db.get_value("SJ Outlet", "HARBOUR", "lapsed_on")) == "2026-01-02"


def test_an_outlet_that_cannot_be_saved_holds_up_none(harbour: str) -> None:
    add_outlet("AIRPORT")
    # as an import by SQL may leave it: no save accepts such a rate
    doclife.db.sql("UPDATE `tabSJ Outlet` SET royalty_percentage = 200 WHERE name = %s", "AIRPORT")
    with travel_to("2026-01-01"):
        assert follow_agreements()["Inactive"] == ["HARBOUR"]
    assert statuses() == {"AIRPORT": "Active", "HARBOUR": "Inactive"}
    assert doclife.get_all("Notification Log", pluck="document_name") == ["HARBOUR"]
    doclife.commit()
    assert doclife.get_all("Error Log", fields=["method", "reference_name"], as_list=True) == (
        ("Status of outlet AIRPORT", "AIRPORT"),
    )


def test_an_outlet_of_which_nobody_can_be_told_stays_as_it_is(harbour: str) -> None:
    add_outlet("AIRPORT")

    def refuse(doc: Any) -> None:
        if "AIRPORT" in doc.subject:
            doclife.throw("no more of this")

    with travel_to("2026-01-01"), doclife.events.connected("Notification Log", "validate", refuse):
        assert follow_agreements() == {"Inactive": ["HARBOUR"], "Active": []}
    assert doclife.get_all("SJ Outlet", fields=["name", "status"], order_by="name", as_list=True) == (
        ("AIRPORT", "Active"),
        ("HARBOUR", "Inactive"),
    )


def test_both_run_every_night(harbour: str) -> None:
    with travel_to("2026-01-01 00:00"):
        ran = run_due(since="2025-12-31 23:30")
    assert {
        "example_app.tasks.outlets.follow_agreements",
        "example_app.tasks.agreements.review_agreements",
    } <= {job.method for job in ran}
    assert statuses() == {"HARBOUR": "Inactive"}
    assert doclife.db.get_value("Franchise Agreement", "AGR-00001", "status") == "Expired"
