"""What Frappe's tutorials write of jobs runs with the import line changed: rows B6, and the decisions C1 to C6.

The names of the tests begin with the numbers of the rows of the API surface that they are about.
"""

from __future__ import annotations

import inspect

import pytest

import doclife as frappe
from doclife.core import json
from doclife.testing import as_user, assert_enqueued, make_user, refute_enqueued, run_jobs
from tests.stored import stored
from tests.unit.jobs import bodies

NOTE = "tests.unit.jobs.bodies.note"

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def calls(site):
    bodies.calls.clear()
    return bodies.calls


def test_72_a_whitelisted_function_with_defaults_enqueues(calls):
    @frappe.whitelist()
    def start_report(month=None):
        frappe.enqueue(NOTE, month=month)
        frappe.msgprint("Report queued")
        return {"queued": True}

    assert start_report() == {"queued": True}
    assert [message["message"] for message in frappe.get_message_log()] == ["Report queued"]  # row 92
    run_jobs()
    assert calls == [{"month": None}]


def test_73_the_method_by_name_with_all_its_terms(calls):
    frappe.enqueue(method=NOTE, queue="long", timeout=1800, job_id="report", enqueue_after_commit=True, month=1)
    assert_enqueued(NOTE, queue="long", timeout=1800, month=1)
    run_jobs()
    assert calls == [{"month": 1}]


def test_74_a_function_object(calls):
    frappe.enqueue(bodies.note, queue="short", param1="A", param2="B")
    run_jobs("short")
    assert calls == [{"param1": "A", "param2": "B"}]


def test_75_76_and_85_a_path_first_and_arguments_as_a_dict(calls):
    kw = {"outlet": "SJ-1", "month": 2}
    frappe.enqueue(NOTE, queue="default", **kw)
    run_jobs()
    assert calls == [kw]


def test_77_and_88_the_three_queues_and_an_unknown_one(calls):
    timeouts = {queue: frappe.enqueue(NOTE, queue=queue)._staged.timeout for queue in ("short", "default", "long")}
    assert timeouts == {"short": 300, "default": 300, "long": 1500}  # C1
    assert inspect.signature(frappe.enqueue).parameters["queue"].default == "default"
    with pytest.raises(frappe.UnknownQueueError, match="Queues: short, default, long"):
        frappe.enqueue(NOTE, queue="longer")


@pytest.mark.doclife_settings(workers={"myqueue": {"timeout": 5000, "background_workers": 4}, "mails": {}})
def test_78_and_89_the_timeout_of_a_queue_of_the_settings(calls):
    jobs = [frappe.enqueue(NOTE, **terms) for terms in ({"queue": "myqueue"}, {"queue": "mails"}, {"timeout": 12})]
    assert [job._staged.timeout for job in jobs] == [5000, 300, 12]


def test_79_and_80_now_and_is_async_false_run_here(calls):
    assert frappe.enqueue(NOTE, is_async=False, a=1) == "noted"
    assert frappe.enqueue(bodies.note, now=True, enqueue_after_commit=True, a=2) == "noted"  # C6: now wins
    assert frappe.enqueue(NOTE, a=3, **{"async": False}) == "noted"
    assert calls == [{"a": 1}, {"a": 2}, {"a": 3}]
    refute_enqueued(NOTE)


def test_81_82_and_86_a_second_job_of_that_name_or_id_is_dropped():
    assert frappe.enqueue(NOTE, job_name="import") is not None
    assert frappe.enqueue(NOTE, job_id="import") is None  # C3: either is the key
    assert frappe.enqueue(NOTE, job_name="import", deduplicate=True) is None
    assert frappe.enqueue(NOTE, job_name="import", deduplicate=False) is not None
    frappe.db.commit()
    assert frappe.enqueue(NOTE, job_id="import") is None
    run_jobs()
    assert frappe.enqueue(NOTE, job_name="import") is not None


def test_83_a_job_comes_with_the_commit_and_goes_with_a_rollback(calls):
    frappe.get_doc({"doctype": "Role", "role_name": "Buyer"}).insert()
    frappe.enqueue(NOTE, enqueue_after_commit=True, n=1)
    frappe.db.rollback()
    run_jobs()
    assert calls == []
    frappe.enqueue(NOTE, enqueue_after_commit=True, n=2)
    assert calls == []
    run_jobs()
    assert calls == [{"n": 2}]


def test_84_at_the_head_of_its_queue(calls):
    for n in (1, 2):
        frappe.enqueue(NOTE, n=n)
    frappe.enqueue(NOTE, at_front=True, n=3)
    run_jobs()
    assert calls == [{"n": 3}, {"n": 1}, {"n": 2}]


def test_87_a_method_of_a_document():
    make_user("a@example.com")
    frappe.enqueue_doc("User", "a@example.com", "db_set", queue="long", timeout=4000, field="last_name", value="R")
    assert_enqueued("db_set", queue="long", timeout=4000, value="R")
    run_jobs()
    assert stored("User", "last_name", name="a@example.com") == [("R",)]


def test_90_and_91_a_job_tells_how_far_it_is(site):
    frappe.enqueue("tests.unit.jobs.bodies.tell", text="half")
    run_jobs()
    progress, message = (json.loads(payload) for _, payload in site.broker.published)
    assert (progress["event"], progress["message"]["percent"]) == ("progress", 50)
    assert (message["event"], message["message"], message["room"]) == ("told", {"text": "half"}, "user:a@example.com")


def test_93_one_item_that_fails_does_not_sink_the_run():
    frappe.enqueue("tests.unit.jobs.bodies.add_roles", names=["Buyer", "Buyer", "Seller"])
    run_jobs()
    assert stored("Background Job", "result") == [('"2 of 3"',)]
    assert [name for (name,) in stored("Role", "name") if name in ("Buyer", "Seller")] == ["Buyer", "Seller"]
    assert len(stored("Error Log")) == 1


def test_94_and_95_a_job_that_looks_before_it_writes_may_run_twice():
    for _ in range(2):
        frappe.enqueue("tests.unit.jobs.bodies.add_role_once", name="Buyer")
        run_jobs()
    assert stored("Role", "name", name="Buyer") == [("Buyer",)]


def test_99_a_private_function_and_its_result(calls):
    job = frappe.enqueue(bodies._private, queue="long", timeout=3600, job_name="second step", rows=3)
    (ran,) = run_jobs()
    assert (ran.id, calls) == (job.id, [{"rows": 3}])


def test_101_the_states_of_a_job():
    states = [frappe.enqueue("tests.unit.jobs.bodies.own_status"), frappe.enqueue("tests.unit.jobs.bodies.refuse")]
    frappe.db.commit()
    assert [job.status() for job in states] == ["queued", "queued"]
    run_jobs(allow_failures=True)
    assert stored("Background Job", "result", name=states[0].id) == [('"started"',)]
    assert [job.status() for job in states] == ["finished", "failed"]


def test_the_user_of_a_job_is_who_enqueued_it(calls):
    make_user("clerk@example.com")
    with as_user("clerk@example.com"):
        frappe.enqueue("tests.unit.jobs.bodies.note_user")
    run_jobs()
    assert calls == ["clerk@example.com"]


def test_frappes_tag_for_purging_reaches_only_a_function_that_takes_it(calls):
    frappe.enqueue("tests.unit.jobs.bodies.without_event", event="monthly", n=1)
    frappe.enqueue(bodies.with_event, event="monthly")
    run_jobs()
    assert calls == [1, "monthly"]
    frappe.enqueue("app_of_workers.tasks.run", event="monthly")
    assert_enqueued("app_of_workers.tasks.run", event="monthly")
