"""One job from its claim to its end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from doclife.core import clock, json
from doclife.core.errors import DoclifeError
from doclife.doctypes.user import User
from doclife.jobs.enqueue import enqueue, enqueue_doc
from doclife.jobs.retry import Retry
from doclife.outbox import complete
from doclife.outbox.claim import claim, claim_next
from doclife.schema.tables import background_job
from doclife.testing import as_user, make_user
from doclife.uow.unit import current_unit
from doclife.worker import run, timeout
from doclife.worker.run import run_claimed, run_job
from tests.contract.databases import only_on
from tests.stored import stored
from tests.unit.worker import bodies


@pytest.fixture(autouse=True)
def seen():
    bodies.seen.clear()
    return bodies.seen


def _enqueue(method, **terms):
    job = enqueue(method, **terms)
    current_unit().commit()
    return job


def _run(site, job):
    return run_claimed(site, claim(site.database, job.id, "w"))


def _row(job):
    return current_unit().link.execute(select(background_job).where(background_job.c.name == job.id)).one()


def _roles():
    known = ("System Manager", "All", "Guest", "Script Manager")
    return [name for (name,) in stored("Role", "name", order_by="creation") if name not in known]


def _error_logs():
    return stored("Error Log", "method", "error", "job", "owner")


def test_a_job_runs_as_its_user_with_its_arguments(site, seen):
    make_user("a@example.com")
    with as_user("a@example.com"):
        job = _enqueue(bodies.look, queue="long", day=date(2026, 1, 31))
    assert _run(site, job) == "finished"
    assert seen == [("a@example.com", job.id, "long", 1, {"day": date(2026, 1, 31)})]


def test_a_finished_job_has_its_effects_and_its_result(site):
    job = _enqueue(bodies.role, name="Buyer")
    assert _run(site, job) == "finished"
    row = _row(job)
    assert (row.status, row.result, row.error, row.worker) == ("finished", '"Buyer"', None, "w")
    assert row.enqueued_at <= row.started_at <= row.ended_at
    assert _roles() == ["Buyer"]
    assert claim(site.database, job.id, "w") is None


def test_a_result_that_json_cannot_hold_is_described(site):
    job = _enqueue(bodies.odd_result)
    assert _run(site, job) == "finished"
    assert json.unpack(_row(job).result).startswith("<object object at")


def test_a_result_that_cannot_be_kept_is_told_on_as_its_description(site, seen):
    """The work is done: that nobody can keep what it returned does not undo it."""
    for method in (bodies.odd_result, bodies.large_result):
        job = _enqueue(method, on_success=bodies.on_success)
        assert _run(site, job) == "finished"
        assert run_claimed(site, claim_next(site.database, ["default"], "w")) == "finished"
        assert json.unpack(_row(job).result) == seen[-1][1]
    assert seen[0][1].startswith("<object object at")
    assert seen[1][1] == "a list of 1,200,001 characters of JSON, more than is kept of a result"


def test_a_method_that_is_async_fails_with_the_reason(site):
    job = _enqueue("tests.unit.jobs.bodies.asynchronous")
    assert _run(site, job) == "failed"
    assert "is async, and a worker calls plain functions" in _row(job).error


def test_a_failed_job_leaves_an_error_log_and_nothing_else(site):
    job = _enqueue(bodies.fail, job_id="k")
    assert _run(site, job) == "failed"
    row = _row(job)
    assert (row.status, row.exceptions, row.dedup_key) == ("failed", 1, None)
    assert row.error.rstrip().endswith("ValueError: no paper\nin the printer")
    ((title, text, log_job, owner),) = _error_logs()
    assert title == "tests.unit.worker.bodies.fail: ValueError: no paper"
    assert (text, log_job, owner) == (row.error, job.id, "Administrator")
    assert _roles() == []
    assert claim_next(site.database, ["default"], "w") is None  # the job that it had enqueued is gone too


def test_jobs_of_a_job_are_released_with_its_commit(site):
    job = _enqueue(bodies.follow, name="One")
    site.broker.pop(["default"], "w")
    assert _run(site, job) == "finished"
    next_id = site.broker.pop(["default"], "w")
    assert run_claimed(site, claim(site.database, next_id, "w")) == "finished"
    assert _roles() == ["One", "One two"]


def test_what_a_job_committed_itself_stays_when_it_fails_later(site):
    job = _enqueue(bodies.commit_three, then="tired")
    assert _run(site, job) == "failed"
    assert sorted(_roles()) == ["One", "Three", "Two"]


def test_progress_is_in_the_row_with_the_next_commit(site):
    job = _enqueue(bodies.commit_three)
    assert _run(site, job) == "finished"
    assert _row(job).progress == {"percent": 0, "title": "Roles", "description": None}


def test_a_conflict_is_queued_again_at_once_then_later_then_failed(site):
    job = _enqueue(bodies.conflict)
    site.broker.pop(["default"], "w")
    waits = []
    with clock.travel(tick=False, by=timedelta(0)):
        for _ in range(5):
            assert _run(site, job) == ""
            waits.append((_row(job).run_at - clock.now()).total_seconds())
            now = _row(job).run_at
            with site.database.transaction() as connection:
                connection.execute(background_job.update().values(run_at=clock.utc_now()))
            assert now is not None
        assert _run(site, job) == "failed"
    assert waits == [0, 0, 4, 8, 16]
    row = _row(job)
    assert (row.status, row.conflicts, row.exceptions, row.kills, row.attempt) == ("failed", 6, 0, 0, 6)
    assert site.broker.depth("default") == 1  # released by the first, and waits there since


@pytest.mark.one_database
def test_after_a_conflict_it_runs_as_the_same_user(site, seen):
    """Frappe runs it as Administrator then."""
    make_user("a@example.com")
    with as_user("a@example.com"):
        job = _enqueue(bodies.conflict_at_first)
    assert [_run(site, job), _run(site, job)] == ["", "finished"]
    assert seen == [("a@example.com", 1), ("a@example.com", 2)]


@only_on("postgres", "mariadb")
def test_a_job_that_lost_its_connection_runs_again(committed_site):
    with committed_site.work():
        job = _enqueue(bodies.lose_connection_at_first, name="Buyer")
    assert [_run(committed_site, job), _run(committed_site, job)] == ["", "finished"]
    with committed_site.work():
        assert (_row(job).conflicts, _row(job).exceptions, _roles()) == (1, 0, ["Buyer"])


def test_an_exception_is_tried_again_as_the_policy_says(site):
    job = _enqueue(bodies.fail, retry=Retry(max=2, base=10, jitter=False))
    with clock.travel(tick=False, by=timedelta(0)) as _:
        assert _run(site, job) == ""
        row = _row(job)
        assert (row.status, row.exceptions, (row.run_at - clock.now()).total_seconds()) == ("queued", 1, 10)
        assert "no paper" in row.error
        assert _error_logs() == []
    with clock.travel(by=timedelta(seconds=11)):
        assert _run(site, job) == ""
    with clock.travel(by=timedelta(seconds=40)):
        assert _run(site, job) == "failed"
    assert (_row(job).exceptions, _row(job).attempt, len(_error_logs())) == (3, 3, 1)


def test_a_job_may_ask_for_another_run_five_times(site):
    job = _enqueue(bodies.ask_again, after=30)
    for n in range(5):
        with clock.travel(by=timedelta(seconds=31 * n)):
            assert _run(site, job) == ""
    assert "the bank is closed" in _row(job).error
    with clock.travel(by=timedelta(seconds=31 * 5)):
        assert _run(site, job) == "failed"


def test_follow_ups_are_queued_by_the_end_of_their_job(site, seen):
    good = _enqueue(bodies.role, name="Buyer", on_success=bodies.on_success, on_failure=bodies.on_failure)
    bad = _enqueue(bodies.fail, on_success=bodies.on_success, on_failure=bodies.on_failure)
    for job in (good, bad):
        _run(site, job)
    while (claimed := claim_next(site.database, ["default"], "w")) is not None:
        assert claimed.run_as == "Administrator"
        assert run_claimed(site, claimed) == "finished"
    assert seen == [("success", "Buyer", good.id, {"name": "Buyer"}), ("failure", "in the printer", "fail")]
    assert site.broker.depth("default") == 4


def test_a_job_that_is_tried_again_has_not_failed_yet(site):
    job = _enqueue(bodies.fail, retry=1, on_failure=bodies.on_failure)
    assert _run(site, job) == ""
    assert claim_next(site.database, ["default"], "w") is None


def test_hooks_come_before_and_after(site, seen):
    path = "tests.unit.worker.bodies"
    site.use_hooks("tester", {"before_job": f"{path}.before_job", "after_job": [f"{path}.after_job"]})
    assert _run(site, _enqueue(bodies.role, name="Buyer")) == "finished"
    assert seen == [("before", "role", {"name": "Buyer"}), ("after", "role", "Buyer", True)]
    assert sorted(_roles()) == ["After role", "Buyer"]
    seen.clear()
    assert _run(site, _enqueue(bodies.fail)) == "failed"
    assert seen == [("before", "fail", {}), ("after", "fail", None, True)]
    assert sorted(_roles()) == ["After fail", "After role", "Buyer"]


@pytest.mark.one_database
def test_hooks_take_what_they_want(site, seen):
    path = "tests.unit.worker.bodies"
    site.use_hooks("tester", {"before_job": f"{path}.note_nothing", "after_job": f"{path}.note_all"})
    assert _run(site, _enqueue(bodies.role, name="Buyer")) == "finished"
    method = f"{path}.role"
    assert seen == ["nothing", {"method": method, "kwargs": {"name": "Buyer"}, "result": "Buyer"}]


@pytest.mark.one_database
def test_a_hook_before_the_job_fails_it_and_belongs_to_it(site, seen):
    path = "tests.unit.worker.bodies"
    site.use_hooks("tester", {"before_job": [f"{path}.failing_before_job"], "after_job": [f"{path}.after_job"]})
    job = _enqueue(bodies.role, name="Buyer", on_failure=bodies.on_failure)
    assert _run(site, job) == "failed"
    assert "ValueError: not today" in _row(job).error
    assert _roles() == ["After role"]  # neither the hook's nor the job's
    assert seen == [("after", "role", None, True)]


@pytest.mark.one_database
def test_a_hook_after_the_job_that_never_ends_is_interrupted(site, monkeypatch):
    monkeypatch.setattr(run, "AFTER_JOB_S", 0.05)
    site.use_hooks("tester", {"after_job": "tests.unit.worker.bodies.endless_after_job"})
    job = _enqueue(bodies.role, name="Buyer")
    assert _run(site, job) == "finished"
    assert (_row(job).status, _roles()) == ("finished", ["Buyer"])
    assert [title for title, *_ in _error_logs()] == ["after_job hook failed: ran longer than 0.05 s"]


def test_a_hook_after_the_job_changes_nothing_of_its_end(site):
    site.use_hooks("tester", {"after_job": "tests.unit.worker.bodies.failing_after_job"})
    job = _enqueue(bodies.role, name="Buyer")
    assert _run(site, job) == "finished"
    assert _row(job).status == "finished"
    assert [title for title, *_ in _error_logs()] == ["after_job hook failed: after"]


def test_a_callback_after_the_commit_changes_nothing_of_the_jobs_end(site):
    job = _enqueue(bodies.after_commit_fails)
    assert _run(site, job) == "finished"
    assert _roles() == ["Kept"]
    assert len(_error_logs()) == 1


def test_a_job_cannot_end_its_worker(site):
    job = _enqueue(bodies.leave)
    assert _run(site, job) == "failed"
    assert _row(job).error.rstrip().endswith("SystemExit: enough")


def test_a_job_that_leaves_a_savepoint_open_fails(site):
    job = _enqueue(bodies.in_savepoint)
    assert _run(site, job) == "failed"
    assert "savepoint" in _row(job).error


def test_arguments_that_do_not_fit_fail(site):
    job = _enqueue("tests.unit.worker.bodies.role", nmae="x")
    assert _run(site, job) == "failed"
    assert "unexpected keyword argument 'nmae'" in _row(job).error


def test_a_document_that_was_deleted_meanwhile_fails_the_job(site):
    user = make_user("gone@example.com")
    job = _enqueue(bodies.look, user=user)
    user.delete()
    current_unit().commit()
    assert _run(site, job) == "failed"
    assert "'gone@example.com' does not exist" in _row(job).error


def test_a_documents_method_runs_and_is_committed(site, monkeypatch):
    def set_and_save(self, last_name):
        self.last_name = last_name
        self.save()

    monkeypatch.setattr(User, "set_and_save", set_and_save, raising=False)
    make_user("a@example.com")
    job = enqueue_doc("User", "a@example.com", "set_and_save", last_name="Rao")
    current_unit().commit()
    assert _run(site, job) == "finished"
    assert stored("User", "last_name", name="a@example.com") == [("Rao",)]


def test_a_job_that_runs_too_long_is_stopped_whatever_it_swallows(site, monkeypatch, seen):
    monkeypatch.setattr(timeout, "REPEAT_S", 0.2)
    job = _enqueue(bodies.run_on, timeout=1)
    assert _run(site, job) == "failed"
    assert _roles() == []
    assert "swallowed" not in seen
    assert _row(job).error.rstrip().endswith("ran longer than 1 s")


@pytest.mark.one_database
def test_what_a_job_makes_of_its_interruption_changes_nothing(site):
    job = _enqueue(bodies.conflict_after_its_time, timeout=1)
    assert _run(site, job) == "failed"
    row = _row(job)
    assert (row.status, row.conflicts, row.exceptions) == ("failed", 0, 1)
    ((title, text, *_),) = _error_logs()
    assert title == "tests.unit.worker.bodies.conflict_after_its_time: JobTimedOut: ran longer than 1 s"
    assert "QueryDeadlockError: the transaction is gone" in text


def test_a_job_that_ended_while_its_failure_is_recorded_stays_ended(site, monkeypatch):
    """The answer to a COMMIT can be lost: what the row says counts."""
    job = _enqueue(bodies.role, name="Buyer")
    claimed = claim(site.database, job.id, "w")
    finish = complete.finish

    def committed_but_unknown(link, mine, result, **options):
        finish(link, mine, result, **options)
        current_unit().fence = None
        current_unit().link.commit()
        raise DoclifeError("connection lost")

    monkeypatch.setattr(complete, "finish", committed_but_unknown)
    assert run_claimed(site, claimed) == ""
    assert (_row(job).status, _roles(), _error_logs()) == ("finished", ["Buyer"], [])


def test_the_brokers_own_tools_can_run_a_job_by_its_id(site):
    job = _enqueue(bodies.role, name="Buyer")
    run_job(job.id)
    run_job(job.id)  # delivered twice
    run_job("unknown")
    assert _roles() == ["Buyer"]
    assert stored("Worker") == []


@pytest.mark.doclife_settings(queue="inline")
def test_the_inline_broker_runs_jobs_with_the_commit(site):
    _enqueue(bodies.follow, name="One")
    assert _roles() == ["One", "One two"]


def test_interrupted_by_hand_a_job_is_given_back(site, monkeypatch):
    job = _enqueue(bodies.role, name="Buyer")
    monkeypatch.setattr(run, "resolve", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        _run(site, job)
    assert (_row(job).status, _row(job).attempt) == ("queued", 0)


def _interrupt(*_args):
    raise KeyboardInterrupt
