"""enqueue: what is staged, on which terms, and what is refused at the call."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from doclife.core import json
from doclife.core.errors import HookError, JobArgumentError, UnknownDoctypeError, UnknownQueueError
from doclife.doctypes.user import Role
from doclife.jobs.enqueue import enqueue, enqueue_doc
from doclife.jobs.retry import Retry
from doclife.schema.tables import background_job
from doclife.testing import assert_enqueued, refute_enqueued, run_jobs
from doclife.uow.unit import current_unit
from tests.stored import stored
from tests.unit.jobs import bodies

NOTE = "tests.unit.jobs.bodies.note"


@pytest.fixture(autouse=True)
def calls():
    bodies.calls.clear()
    return bodies.calls


def _staged():
    return list(current_unit().staged())


def test_a_job_is_staged_with_what_the_call_says(site):
    job = enqueue(NOTE, "long", 70, at_front=True, job_name="Import", month=3)
    (staged,) = _staged()
    assert (staged.id, staged.method, staged.queue, staged.timeout) == (job.id, NOTE, "long", 70)
    assert (staged.at_front, staged.label, staged.run_as) == (True, "Import", "Administrator")
    assert json.unpack(staged.kwargs) == {"month": 3}
    assert job.status() == "staged"


def test_names_of_the_signature_do_not_reach_the_function(site):
    enqueue(
        method=NOTE, queue="short", timeout=5, is_async=True, now=False, job_name="n", enqueue_after_commit=True,
        at_front=False, job_id="i", deduplicate=True, retry=1, run_at=datetime(2030, 1, 1),
        on_success=bodies.on_success, on_failure=bodies.on_failure, user="x",
    )  # fmt: skip
    assert json.unpack(_staged()[0].kwargs) == {"user": "x"}


@pytest.mark.parametrize(
    ("queue", "seconds"), [("short", 300), ("default", 300), ("long", 1500), ("mails", 60), ("plain", 300)]
)
@pytest.mark.doclife_settings(workers={"mails": {"timeout": 60}, "plain": {}})
def test_the_timeout_is_the_queues(site, queue, seconds):
    enqueue(NOTE, queue)
    assert _staged()[0].timeout == seconds


def test_functions_are_named_by_their_path(site):
    for method in (bodies.note, bodies._private, bodies.Holder.of_class, bodies.Heir.of_class, bodies.Heir.of_nobody):
        enqueue(method)
    path = "tests.unit.jobs.bodies"
    assert [job.method.removeprefix(f"{path}.") for job in _staged()] == [
        "note", "_private", "Holder.of_class", "Heir.of_class", "Holder.of_nobody",
    ]  # fmt: skip


@pytest.mark.one_database
def test_class_methods_and_static_ones_run_as_those_of_the_class_that_was_asked(site, calls):
    for method in (bodies.Holder.of_class, bodies.Heir.of_class, bodies.Heir.of_nobody):
        enqueue(method)
    run_jobs()
    assert calls == ["Holder", "Heir", "of_nobody"]


@pytest.mark.parametrize(
    ("method", "says"),
    [
        (lambda: None, "cannot be imported by a worker"),
        (bodies.Holder.Inner.method, "must be a function of a module, or of a class in one"),
        (bodies.Holder().method, r"use enqueue_doc\(doctype, name, method\)"),
        (Role(role_name="Buyer", name="Buyer").reload, r"use enqueue_doc\('Role', 'Buyer', 'reload'\)"),
        (bodies.asynchronous, "is async, and a worker calls plain functions"),
        (bodies.generator, "is a generator, whose call runs nothing"),
        (bodies, "is no function"),
        (3, "is no function"),
        ("note", "is not a dotted path"),
        ("app tasks.run", "is not a dotted path"),
        ("a." + "b" * 300, "is not a dotted path"),
    ],
)
def test_what_a_worker_could_not_find_is_refused(site, method, says):
    with pytest.raises(JobArgumentError, match=says):
        enqueue(method)
    assert _staged() == []


def test_an_unknown_queue_is_named_with_the_nearest(site):
    with pytest.raises(UnknownQueueError) as caught:
        enqueue(NOTE, "defualt")
    assert str(caught.value).startswith("there is no queue 'defualt'. Did you mean 'default'? Queues: short, default")
    with pytest.raises(UnknownQueueError):
        enqueue(bodies.note, "nope", now=True)


@pytest.mark.parametrize("timeout", [0, -1, "60", True, math.inf, math.nan, 1e10])
def test_a_timeout_is_a_number_of_seconds(site, timeout):
    with pytest.raises(JobArgumentError, match="give a number of seconds"):
        enqueue(NOTE, timeout=timeout)


def test_a_second_job_with_the_same_key_is_dropped(site):
    first = enqueue(NOTE, job_id="nightly")
    assert enqueue(NOTE, job_id="nightly") is None
    assert enqueue(NOTE, job_name="nightly") is None
    current_unit().commit()
    assert enqueue(NOTE, job_id="nightly") is None
    assert first.status() == "queued"
    assert enqueue(NOTE, job_id="weekly", job_name="nightly") is not None


def test_a_key_belongs_to_the_savepoint_that_staged_it(site):
    unit = current_unit()
    frame = unit.push()
    dropped = enqueue(NOTE, job_id="nightly")
    unit.roll_back(frame)
    assert dropped.status() == "dropped"
    assert enqueue(NOTE, job_id="nightly") is not None


def test_deduplicate_can_be_turned_off(site):
    assert all(enqueue(NOTE, job_id="x", deduplicate=False) for _ in range(2))
    assert [(job.dedup_key, job.label) for job in _staged()] == [(None, "x"), (None, "x")]


def test_deduplicating_needs_a_key(site):
    with pytest.raises(JobArgumentError, match="needs a job_id"):
        enqueue(NOTE, deduplicate=True)
    with pytest.raises(JobArgumentError, match="at most 255"):
        enqueue(NOTE, job_id="k" * 256)


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_run_at_is_in_the_sites_zone_or_aware(site):
    enqueue(NOTE, run_at=datetime(2030, 1, 1, 9))
    enqueue(NOTE, run_at=datetime(2030, 1, 1, 0, tzinfo=UTC))
    assert [job.run_at for job in _staged()] == [datetime(2030, 1, 1, 9)] * 2
    with pytest.raises(JobArgumentError, match="give a datetime"):
        enqueue(NOTE, run_at="tomorrow")
    for value in (date(2030, 1, 1), timedelta(hours=1)):
        with pytest.raises(JobArgumentError, match="give a datetime"):
            enqueue(NOTE, run_at=value)
    current_unit().commit()
    assert stored("Background Job", "run_at", "released_at") == [(datetime(2030, 1, 1, 9), None)] * 2
    in_utc = current_unit().link.execute(sa.select(sa.extract("hour", background_job.c.run_at)))
    assert [int(hour) for hour in in_utc.scalars()] == [0, 0]
    assert site.broker.depth("default") == 0


def test_retry_is_kept_in_the_row(site):
    enqueue(NOTE, retry=3)
    enqueue(NOTE, retry=Retry(max=1, backoff="fixed", base=30, jitter=False))
    enqueue(NOTE, retry=0)
    three, fixed, none = (job.retry for job in _staged())
    assert (three["max"], three["backoff"]) == (3, "exponential")
    assert fixed == {"max": 1, "backoff": "fixed", "base": 30, "cap": 600, "jitter": False}
    assert none is None


@pytest.mark.parametrize(
    "retry",
    ["3", True, 2.5, -2, Retry(max=-1), Retry(backoff="quadratic"), Retry(base=-1), Retry(base=math.nan),
     Retry(base="2"), Retry(cap=math.inf), Retry(cap=1e9), Retry(max=1.5)],
)  # fmt: skip
def test_a_retry_that_makes_no_sense_is_refused(site, retry):
    with pytest.raises(JobArgumentError, match="retry="):
        enqueue(NOTE, retry=retry)


def test_follow_ups_are_checked_at_the_call(site):
    enqueue(NOTE, on_success=bodies.on_success, on_failure="tests.unit.jobs.bodies.on_failure")
    staged = _staged()[0]
    assert json.unpack(staged.on_success) == {
        "method": "tests.unit.jobs.bodies.on_success",
        "accepts": ["result", "job_id"],
    }
    assert json.unpack(staged.on_failure)["accepts"] == ["error"]
    with pytest.raises(JobArgumentError, match="needs 'connection'"):
        enqueue(NOTE, on_success=bodies.needs_a_lot)
    with pytest.raises(HookError, match="Did you mean 'on_success'"):
        enqueue(NOTE, on_success="tests.unit.jobs.bodies.on_sucess")
    with pytest.raises(JobArgumentError, match="is a int, not a function"):
        enqueue(NOTE, on_success="tests.unit.jobs.bodies.not_a_function")


def test_now_runs_here_and_returns_the_result(site, calls):
    assert enqueue(bodies.note, now=True, x=1) == "noted"
    assert enqueue(NOTE, now=True, x=2) == "noted"
    assert calls == [{"x": 1}, {"x": 2}]
    refute_enqueued(NOTE)


def test_now_is_part_of_the_callers_transaction(site):
    unit = current_unit()
    enqueue(_insert_role, now=True, name="Seller")
    unit.rollback()
    assert stored("Role", name="Seller") == []


def _insert_role(name):
    Role(role_name=name).insert()


def test_is_async_false_is_now_with_the_hooks(site, calls):
    site.use_hooks("tester", {f"{when}_job": f"tests.unit.jobs.bodies.{when}_job" for when in ("before", "after")})
    assert enqueue(bodies.note, is_async=False, x=1) == "noted"
    assert calls == [("before", NOTE, {"x": 1}), {"x": 1}, ("after", NOTE, {"x": 1}, "noted")]
    calls.clear()
    enqueue(bodies.note, now=True, x=1)
    assert calls == [{"x": 1}]


def test_a_job_that_runs_here_knows_that_it_does(site):
    running, id, method, queue, attempt, inline = enqueue(bodies.look_at_job, "short", now=True)
    assert (running, method, queue, attempt, inline) == (
        True, "tests.unit.jobs.bodies.look_at_job", "short", 1, True,
    )  # fmt: skip
    assert id
    assert bodies.look_at_job() == (False, None, None, None, 0, False)


def test_with_the_commit_is_the_default(site):
    for value in (None, True):
        job = enqueue(NOTE, enqueue_after_commit=value)
        assert job.status() == "staged"
        current_unit().rollback()
        assert job.status() == "dropped"


def test_enqueue_after_commit_false_outlives_a_rollback(site):
    unit = current_unit()
    Role(role_name="Gone").insert()
    job = enqueue(NOTE, enqueue_after_commit=False, x=1)
    assert job.status() == "staged"
    unit.rollback()
    assert job.status() == "queued"
    assert site.broker.pop(["default"], "w") == job.id


def test_enqueue_after_commit_false_is_at_once_where_nothing_was_written(site):
    job = enqueue(NOTE, enqueue_after_commit=False)
    assert job.status() == "queued"
    assert site.broker.held("default", [job.id]) == {job.id}
    assert enqueue(NOTE, job_id="k", enqueue_after_commit=False) is not None
    assert enqueue(NOTE, job_id="k", enqueue_after_commit=False) is None


def test_a_documents_method_is_enqueued_by_its_name(site):
    enqueue_doc("Role", "Buyer", "db_set", queue="long", timeout=9, field="disabled", value=1)
    (job,) = _staged()
    assert (job.method, job.queue, job.timeout) == ("doclife.worker.documents.run_method", "long", 9)
    assert json.unpack(job.kwargs) == {
        "doctype": "Role", "name": "Buyer", "document_method": "db_set",
        "arguments": {"field": "disabled", "value": 1},
    }  # fmt: skip
    assert (job.label, job.dedup_key) == ("Role Buyer: db_set", None)


def test_a_documents_method_can_be_deduplicated_too(site):
    assert enqueue_doc(Role, "Buyer", "reload", job_id="r") is not None
    assert enqueue_doc(Role, "Buyer", "reload", job_id="r") is None
    assert enqueue_doc("Role", "Buyer", "reload") is not None
    assert enqueue_doc("Role", "Buyer", "reload") is not None
    with pytest.raises(JobArgumentError, match="deduplicate=True needs a job_id"):
        enqueue_doc("Role", "Buyer", "reload", deduplicate=True)
    assert [job.label for job in _staged()] == ["r", "Role Buyer: reload", "Role Buyer: reload"]
    assert enqueue_doc("Role", "Buyer", "reload", job_name="n", deduplicate=True) is not None
    assert enqueue_doc("Role", "Buyer", "reload", job_name="n", deduplicate=True) is None


def test_unknown_types_and_methods_are_refused_with_the_nearest(site):
    with pytest.raises(UnknownDoctypeError, match="Did you mean 'Notification Log'"):
        enqueue_doc("Notification Logs", "x", "save")
    with pytest.raises(JobArgumentError, match=r"Role has no method 'relod'\. Did you mean 'reload'"):
        enqueue_doc("Role", "x", "relod")


def test_a_unit_with_nothing_but_jobs_commits_them_at_its_end(committed_site):
    with committed_site.work():
        job = enqueue(NOTE)
    with committed_site.work():
        assert job.status() == "queued"


def test_assertions_find_functions_and_terms(site):
    enqueue(bodies.note, "long", outlet="Pune")
    assert_enqueued(bodies.note, outlet="Pune", queue="long")
    refute_enqueued(bodies.note, outlet="Goa")
