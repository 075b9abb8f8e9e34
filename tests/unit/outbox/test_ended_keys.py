"""A job that has failed or was cancelled frees its key, and remembers it."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.jobs.enqueue import enqueue
from doclife.outbox import complete
from doclife.outbox.cancel import cancel
from doclife.outbox.claim import claim
from doclife.outbox.workers import liveness_of
from tests.stored import stored


def _fail(site, job):
    with site.database.transaction() as connection:
        assert complete.fail(connection, claim(site.database, job.id, "w"), "why")


def _cancel_claimed(site, job):
    with site.database.transaction() as connection:
        assert complete.cancel(connection, claim(site.database, job.id, "w"))


def _cancel_queued(site, job):
    cancel(site.database, site.broker, liveness_of(site.database, site.folder), job.id)


@pytest.mark.parametrize("end", [_fail, _cancel_claimed, _cancel_queued])
def test_the_key_is_free_and_kept(site, end):
    job = enqueue("shop.tasks.send", job_id="nightly", job_name="Nightly mails")
    current().unit.commit()
    end(site, job)
    assert stored("Background Job", "dedup_key", "ended_key", name=job.id) == [(None, "nightly")]
    assert enqueue("shop.tasks.send", job_id="nightly") is not None


def test_a_job_without_a_key_keeps_none(site):
    job = enqueue("shop.tasks.send", job_name="Nightly mails", deduplicate=False)
    current().unit.commit()
    _fail(site, job)
    assert stored("Background Job", "dedup_key", "ended_key", name=job.id) == [(None, None)]
