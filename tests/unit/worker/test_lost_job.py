"""A job that was taken from its worker: nothing of what that one still does is committed."""

from __future__ import annotations

import pytest

from doclife.jobs.enqueue import enqueue
from doclife.outbox import complete
from doclife.outbox.claim import claim
from doclife.uow.unit import current_unit
from doclife.worker.run import run_claimed
from tests.stored import stored
from tests.unit.worker import bodies


@pytest.fixture(autouse=True)
def seen():
    bodies.seen.clear()
    return bodies.seen


def _claimed(site, method):
    job = enqueue(method)
    current_unit().commit()
    return claim(site.database, job.id, "w")


def _roles(*names):
    return [name for (name,) in stored("Role", "name") if name in names]


def test_every_commit_of_a_job_verifies_its_fence(site, monkeypatch):
    claimed = _claimed(site, bodies.commit_three)
    verified = []
    verify = complete.verify

    def taken_before_the_second(link, mine, **options):
        verified.append(options["writing"])
        if len(verified) == 2:
            with site.database.transaction() as connection:
                assert complete.requeue(connection, mine, error="its worker was thought dead")
        verify(link, mine, **options)

    monkeypatch.setattr(complete, "verify", taken_before_the_second)
    assert run_claimed(site, claimed) == ""
    assert _roles("One", "Two", "Three") == ["One"]
    assert verified == [True, True]


def test_what_a_job_writes_after_its_refused_commit_is_gone(site, monkeypatch, seen):
    """The hooks after it would commit that; they belong to the run that the job has now."""
    site.use_hooks("tester", {"after_job": "tests.unit.worker.bodies.after_job"})
    claimed = _claimed(site, bodies.write_after_a_commit)
    verify = complete.verify

    def taken(link, mine, **options):
        with site.database.transaction() as connection:
            complete.requeue(connection, mine, error="its worker was thought dead")
        verify(link, mine, **options)

    monkeypatch.setattr(complete, "verify", taken)
    assert run_claimed(site, claimed) == ""
    assert (_roles("One", "Late", "After write_after_a_commit"), seen) == ([], [])
