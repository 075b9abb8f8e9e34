"""A job that has ended frees its key, and remembers it."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.jobs.enqueue import enqueue
from doclife.jobs.listing import list_jobs, show_job
from doclife.jobs.selection import Selection
from doclife.outbox import complete
from doclife.outbox.cancel import cancel
from doclife.outbox.claim import claim
from doclife.outbox.workers import liveness_of
from doclife.testing import assert_enqueued
from doclife.worker.run import run_claimed
from tests.stored import stored

NOTE = "tests.unit.testing.tasks.note"


def _fail(site, job):
    with site.database.transaction() as connection:
        assert complete.fail(connection, claim(site.database, job.id, "w"), "why")


def _finish(site, job):
    with site.database.transaction() as connection:
        complete.finish(connection, claim(site.database, job.id, "w"), None)


def _finish_on_a_link(site, job):
    run_claimed(site, claim(site.database, job.id, "w"))


def _finish_with_progress(site, job):
    with site.database.transaction() as connection:
        complete.finish(connection, claim(site.database, job.id, "w"), None, progress={"percent": 100})


def _cancel_claimed(site, job):
    with site.database.transaction() as connection:
        assert complete.cancel(connection, claim(site.database, job.id, "w"))


def _cancel_queued(site, job):
    cancel(site.database, site.broker, liveness_of(site.database, site.folder), job.id)


@pytest.mark.parametrize(
    "end", [_fail, _finish, _finish_on_a_link, _finish_with_progress, _cancel_claimed, _cancel_queued]
)
def test_the_key_is_free_and_kept(site, end):
    job = enqueue(NOTE, job_id="nightly", job_name="Nightly mails", word="a")
    current().unit.commit()
    end(site, job)
    assert stored("Background Job", "dedup_key", "ended_key", name=job.id) == [(None, "nightly")]
    assert show_job(site.database, "nightly").id == job.id
    assert [row.id for row in list_jobs(site.database, Selection(key="nightly"))] == [job.id]
    assert assert_enqueued(NOTE, job_id="nightly").id == job.id
    assert enqueue("shop.tasks.send", job_id="nightly") is not None


def test_a_job_without_a_key_keeps_none(site):
    job = enqueue("shop.tasks.send", job_name="Nightly mails", deduplicate=False)
    current().unit.commit()
    _fail(site, job)
    assert stored("Background Job", "dedup_key", "ended_key", name=job.id) == [(None, None)]
