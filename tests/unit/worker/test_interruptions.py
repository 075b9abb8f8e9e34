"""A job that is interrupted at any moment: in a statement, in a commit, in its own code."""

from __future__ import annotations

import random
import threading

import pytest
from sqlalchemy import select

from doclife.core.clock import monotonic
from doclife.jobs.enqueue import enqueue
from doclife.outbox.claim import claim
from doclife.schema.tables import background_job
from doclife.worker.run import run_claimed
from doclife.worker.timeout import JobCancelled, JobGivenBack, JobInterrupted, JobTimedOut, TimeLimit
from tests.stored import stored
from tests.unit.worker import long_bodies as bodies

#: moments tried on each database, within so many seconds of the job's beginning
TIMES = 25
LONGEST_S = 0.02


class Interrupter:
    """Is told the limit of a job that begins, and interrupts it a moment later."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.timer: threading.Timer | None = None

    def __call__(self, limit: TimeLimit | None) -> None:
        if limit is not None and self.timer is None:
            self.timer = threading.Timer(self.seconds, limit.interrupt, [JobGivenBack("now")])
            self.timer.start()


@pytest.fixture(autouse=True)
def forget_seen():
    bodies.seen.clear()


def _row(site, id):
    with site.database.reading() as connection:
        return connection.execute(select(background_job).where(background_job.c.name == id)).one()


# An alarm that goes off in a weak reference's callback is swallowed by Python, and told as unraisable. It comes again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_wherever_a_job_is_interrupted_its_rows_and_its_cursor_agree(committed_site):
    """The connection may be in the middle of an answer then; the next user of it must not read that."""
    site, dice = committed_site, random.Random(4)
    id = _enqueue(site)
    for _ in range(TIMES):
        claimed = claim(site.database, id, "w")
        if claimed is None:
            break
        interrupter = Interrupter(dice.uniform(0, LONGEST_S))
        outcome = run_claimed(site, claimed, watch=interrupter)
        interrupter.timer.join()
        row = _row(site, id)
        with site.work():
            notes = [subject for (subject,) in stored("Notification Log", "subject", order_by="subject")]
        done = ((row.cursor or {}).get("rows") or {"cursor": 0})["cursor"]
        assert [note for note in notes if note.startswith("row")] == [f"row {n:03}" for n in range(done)]
        assert row.status == ("finished" if outcome else "queued")
    assert row.attempt == (1 if row.status == "finished" else 0)
    assert (row.exceptions, row.conflicts, row.kills) == (0, 0, 0)


def _enqueue(site):
    with site.work():
        return enqueue(bodies.many_rows, count=200).id


def test_what_weighs_more_takes_the_place_of_what_was_asked_before():
    raised = []
    with TimeLimit(20) as limit:
        for reason in (JobGivenBack("first"), JobCancelled("second"), JobTimedOut("third"), JobCancelled("fourth")):
            try:
                assert limit.interrupt(reason)
                threading.Event().wait(0.05)
            except JobInterrupted as error:
                raised.append(error.args[0])
    assert raised == ["first", "second"]
    assert limit.raised is not None
    assert limit.raised.args == ("second",)
    assert not limit.interrupt(JobCancelled("too late"))


def test_an_interrupted_job_has_a_moment_before_its_process_is_killed():
    with TimeLimit(1000) as limit:
        assert limit.kill_at > monotonic() + 1000
        threading.Timer(0.01, limit.interrupt, [JobGivenBack("now")], {"grace_s": 3}).start()
        with pytest.raises(JobGivenBack):
            threading.Event().wait(5)
        assert limit.kill_at < monotonic() + 4


def test_an_alarm_around_a_job_goes_off_all_the_same():
    """A job that runs at its caller's commit is inside the caller's own limit."""

    def caller() -> None:
        with TimeLimit(0.2):
            with TimeLimit(20):
                pass
            threading.Event().wait(5)

    with pytest.raises(JobTimedOut, match=r"0\.2 s"):
        caller()
