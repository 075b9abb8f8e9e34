"""Where a running job is: asked of its worker, which may not answer."""

from __future__ import annotations

import threading

import pytest

from doclife.core.context import current
from doclife.core.errors import JobError, JobNotFound
from doclife.jobs.asking import stack_of
from doclife.jobs.enqueue import enqueue
from doclife.outbox.claim import claim
from doclife.worker.presence import liveness, present

NOTE = "tests.unit.testing.tasks.note"


@pytest.fixture
def site(committed_site):
    with committed_site.work():
        yield committed_site


@pytest.fixture
def worker(site):
    with present(site, queues=["default"], isolation="inproc") as name:
        yield name


def _started(site, worker, **terms):
    job = enqueue(NOTE, word="x", **terms)
    current().unit.commit()
    assert claim(site.database, job.id, worker)
    return job


@pytest.fixture
def answering(site, worker):
    """A thread that answers the worker's next request, as its pulse does; gives a list for the answer."""
    answers, asked, ended = [], [], threading.Event()

    def answer():
        while not ended.wait(0.01):
            request = liveness(site).asked(worker)
            if request is not None:
                asked.append(request)
                liveness(site).answer(worker, answers[0])
                return

    thread = threading.Thread(target=answer)
    thread.start()
    yield answers, asked
    ended.set()
    thread.join()


def test_the_worker_answers(site, worker, answering):
    answers, asked = answering
    answers.append("  File shop/tasks.py, line 3, in send")
    job = _started(site, worker, job_id="nightly")
    assert stack_of(site, "nightly") == answers[0]
    assert asked == [{"stack": job.id}]


@pytest.mark.one_database
def test_a_job_that_has_ended_in_this_moment(site, worker, answering):
    job = _started(site, worker)
    answering[0].append(f"job {job.id} does not run here (any more)")
    with pytest.raises(JobError, match="does not run here"):
        stack_of(site, job.id)


@pytest.mark.one_database
def test_a_worker_that_does_not_answer(site, worker):
    job = _started(site, worker)
    with pytest.raises(JobError, match=rf"the worker {worker} has not answered within 0\.1 s; is its process stopped"):
        stack_of(site, job.id, wait_s=0.1)


def test_a_worker_that_is_dead(site):
    job = _started(site, "gone-worker")
    with pytest.raises(JobError, match=r"the worker gone-worker that ran job .* is dead"):
        stack_of(site, job.id)


@pytest.mark.one_database
def test_a_job_that_does_not_run(site):
    job = enqueue(NOTE, word="x")
    current().unit.commit()
    with pytest.raises(JobError, match="is queued: only a job that runs has a stack"):
        stack_of(site, job.id)
    with pytest.raises(JobNotFound):
        stack_of(site, "nothing")
