"""Long work: a job that is interrupted goes on from its last checkpoint."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from doclife.core import clock
from doclife.core.errors import QueryDeadlockError
from doclife.jobs.enqueue import enqueue
from doclife.jobs.retry import Retry
from doclife.outbox import complete
from doclife.outbox.claim import claim
from doclife.schema.tables import background_job
from doclife.uow.unit import UnitOfWork, current_unit
from doclife.worker.run import run_claimed
from doclife.worker.stopping import StopFlag
from doclife.worker.timeout import JobGivenBack
from tests.stored import stored
from tests.unit.worker import long_bodies as bodies


@pytest.fixture(autouse=True)
def seen(monkeypatch):
    bodies.seen.clear()
    monkeypatch.setattr(bodies, "after_row", lambda _n: None)
    return bodies.seen


def _enqueue(method, **terms):
    job = enqueue(method, **terms)
    current_unit().commit()
    return job


def _run(site, job, **options):
    with site.database.transaction() as connection:  # what waits for its next attempt is due
        connection.execute(update(background_job).values(run_at=clock.utc_now()))
    return run_claimed(site, claim(site.database, job.id, "w"), **options)


def _row(job):
    return current_unit().link.execute(select(background_job).where(background_job.c.name == job.id)).one()


def _notes():
    return [subject for (subject,) in stored("Notification Log", "subject", order_by="creation")]


def _failing_at(monkeypatch, *numbers, error=None):
    left = list(numbers)

    def after_row(n):
        if left and n == left[0]:
            left.pop(0)
            raise error or ValueError("no paper")

    monkeypatch.setattr(bodies, "after_row", after_row)


ALL_NOTES = [f"row {n}" for n in range(5)] + ["sum 10"]


def test_a_failed_job_goes_on_from_its_checkpoint(site, seen, monkeypatch):
    _failing_at(monkeypatch, 3, 5)
    job = _enqueue(bodies.rows, count=5, every=2, retry=Retry(max=2))
    assert _run(site, job) == ""
    assert _notes() == ["row 0", "row 1"]
    assert _row(job).cursor == {"rows": {"cursor": 2, "done": False}}
    assert _run(site, job) == ""
    assert _notes() == ALL_NOTES
    assert _row(job).cursor == {"rows": {"cursor": 4, "done": True}, "sum": {"cursor": "told", "done": False}}
    assert _run(site, job) == "finished"
    # The last row came after the last checkpoint. It is not done again, for its step is left where it asks.
    assert _notes() == ALL_NOTES
    assert seen == [
        *[(1, "rows", False), None],
        *[(2, "rows", False), 2, (2, "sum", False)],
        *[(3, "rows", True), (3, "sum", False)],
    ]


@pytest.mark.one_database
def test_a_job_that_lost_against_others_goes_on_too(site, monkeypatch):
    _failing_at(monkeypatch, 2, error=QueryDeadlockError("deadlock"))
    job = _enqueue(bodies.rows, count=5)
    assert _run(site, job) == ""
    assert _run(site, job) == "finished"
    assert _notes() == ALL_NOTES
    assert (_row(job).conflicts, _row(job).result) == (1, '"all"')


def test_at_its_checkpoint_a_job_is_given_back_by_a_worker_that_ends(site, seen, monkeypatch):
    stop = StopFlag()
    monkeypatch.setattr(bodies, "after_row", lambda n: stop.set() if n == 2 else None)
    job = _enqueue(bodies.rows, count=5, every=2)
    site.broker.pop(["default"], "w")
    assert _run(site, job, stop=stop) == ""
    row = _row(job)
    assert (row.status, row.attempt, row.exceptions, row.kills) == ("queued", 0, 0, 0)
    assert _notes() == ["row 0", "row 1", "row 2", "row 3"]
    assert site.broker.depth("default") == 1
    assert _run(site, job) == "finished"
    assert _notes() == ALL_NOTES
    assert seen[:4] == [(1, "rows", False), None, (1, "rows", False), 4]  # the attempt did not count


def test_a_job_that_was_taken_away_keeps_nothing_of_its_checkpoint(site, monkeypatch):
    job = _enqueue(bodies.rows, count=5)
    claimed = claim(site.database, job.id, "w")

    def take_away(n):
        if n == 1:
            with site.database.transaction() as connection:
                assert complete.requeue(connection, claimed, error="its worker was thought dead")

    # under the kit all connections are one: what another worker does is undone by this one's rollback
    monkeypatch.setattr(bodies, "after_row", lambda _n: None)
    verify = complete.verify
    calls = []

    def taken_before_the_second(link, mine, **options):
        calls.append(options["cursor"])
        if len(calls) == 2:
            take_away(1)
        verify(link, mine, **options)

    monkeypatch.setattr(complete, "verify", taken_before_the_second)
    assert run_claimed(site, claimed) == ""
    assert _notes() == ["row 0"]
    assert _row(job).cursor == {"rows": {"cursor": 1, "done": False}}


@pytest.mark.parametrize("where", ["savepoint", "operation", "before_commit"])
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.one_database
def test_a_checkpoint_is_refused_where_nothing_can_be_committed(site, monkeypatch, where, strict):
    job = _enqueue(bodies.inside, where=where)
    claimed = claim(site.database, job.id, "w")
    context = site.context

    def lenient(user):
        made = context(user)
        made.unit.strict = strict
        return made

    monkeypatch.setattr(site, "context", lenient)
    assert run_claimed(site, claimed) == "failed"
    assert "TransactionControlError" in _row(job).error
    assert (_notes(), _row(job).cursor) == ([], None)


@pytest.mark.one_database
def test_a_checkpoint_is_refused_after_the_jobs_own_commit(site):
    job = _enqueue(bodies.inside, where="after_commit")
    assert _run(site, job) == "finished"
    assert (_notes(), _row(job).cursor) == (["before"], None)
    ((title,),) = stored("Error Log", "method")
    assert title.startswith("after_commit callback")


@pytest.mark.one_database
def test_what_a_job_does_to_its_cursor_later_changes_nothing(site):
    job = _enqueue(bodies.cursor_that_changes)
    assert _run(site, job) == "failed"
    assert _row(job).cursor == {"a": {"cursor": [1], "done": True}, "b": {"cursor": "b", "done": False}}


@pytest.mark.parametrize("how", ["savepoint", "rollback", "failed commit"])
@pytest.mark.one_database
def test_the_end_of_a_step_is_undone_with_its_work(site, how):
    job = _enqueue(bodies.undone, how=how)
    assert _run(site, job) == "failed"
    assert (_notes(), _row(job).cursor) == (["kept"], None)


def test_any_commit_keeps_the_end_of_a_step(site, seen):
    job = _enqueue(bodies.ends_with_a_commit, retry=Retry(max=1))
    assert _run(site, job) == ""
    assert _row(job).cursor == {"one": {"cursor": None, "done": True}}
    assert _run(site, job) == "failed"
    assert (_notes(), seen) == (["one"], [True, True])


@pytest.fixture
def interrupted(monkeypatch):
    """Has something raise just behind the COMMIT of the second checkpoint, as a signal does that comes there."""
    serials = []

    def reset(unit):
        whole(unit)
        if unit.fence is not None and len(serials) < 2:
            serials.append(unit.serial)
            if len(serials) == 2:
                raise JobGivenBack("its worker ends")

    whole = UnitOfWork._reset
    monkeypatch.setattr(UnitOfWork, "_reset", reset)


def _ends_at_its_second_row(site, job, seen):
    assert _row(job).cursor == {"rows": {"cursor": 2, "done": False}, "end": {"cursor": "came", "done": False}}
    assert (_notes(), seen) == (["row 0", "row 1"], [None, 2])
    assert _run(site, job) == "finished"
    assert (_notes(), seen) == (["row 0", "row 1", "row 2"], [None, 2, 2, 3])


def test_a_checkpoint_that_is_committed_stays_when_a_signal_comes_behind_it(site, seen, interrupted):
    job = _enqueue(bodies.goes_on_at_its_end, rows=3)
    assert _run(site, job) == ""
    _ends_at_its_second_row(site, job, seen)


def test_a_checkpoint_that_is_committed_stays_when_the_job_is_given_back_there(site, seen, monkeypatch):
    stop = StopFlag()
    job = _enqueue(bodies.goes_on_at_its_end, rows=3)
    note = bodies.note
    monkeypatch.setattr(bodies, "note", lambda subject: (note(subject), subject == "row 1" and stop.set()))
    assert _run(site, job, stop=stop) == ""
    _ends_at_its_second_row(site, job, seen)


def test_of_a_step_that_is_done_nothing_behind_the_one_inside_is_done_either(site, seen, monkeypatch):
    _failing_at(monkeypatch, 0)
    job = _enqueue(bodies.one_step_in_another, retry=Retry(max=1))
    assert _run(site, job) == ""
    assert seen == ["inner at None", "behind inner"]
    assert _run(site, job) == "finished"
    assert seen == ["inner at None", "behind inner"]
