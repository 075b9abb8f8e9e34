"""Jobs with `enqueue_after_commit=False`: queued right after the transaction, however that ends; on every database."""

from __future__ import annotations

import pytest

from doclife.core.context import activate
from doclife.core.errors import QueryTimeoutError, ValidationError
from doclife.doctypes.notification_log import NotificationLog
from doclife.jobs.enqueue import enqueue
from doclife.outbox.delivery import Reconciler
from doclife.testing import run_jobs
from doclife.uow.unit import current_unit
from tests.conftest import SLOW_ON_SERVERS
from tests.contract.databases import only_on
from tests.stored import stored

#: a site of its own for each test takes a second on a server
on_each = pytest.mark.parametrize("doclife_db_url", SLOW_ON_SERVERS, indirect=True)


def note(key):
    NotificationLog(subject=key, for_user="Administrator").insert()


def note_apart(key):
    return enqueue(note, key=key, enqueue_after_commit=False)


def notes():
    return [subject for (subject,) in stored("Notification Log", "subject", order_by="subject")]


def queued(site):
    """Returns the jobs that somebody else sees."""
    other = site.context()
    with activate(other):
        rows = stored("Background Job", "name", status="queued")
        other.unit.close()
    return [name for (name,) in rows]


@pytest.fixture
def opened(committed_site):
    """A real site with an open context: others must not see what is not committed."""
    context = committed_site.context()
    with activate(context):
        yield committed_site
        context.unit.close()


@on_each
def test_it_is_queued_at_once_where_nothing_was_written(opened):
    staged = enqueue(note, key="staged")
    job = note_apart("at once")
    assert (queued(opened), job.status(), staged.status()) == ([job.id], "queued", "staged")
    assert opened.broker.held("default", [job.id]) == {job.id}
    current_unit().rollback()
    assert (queued(opened), staged.status()) == ([job.id], "dropped")
    run_jobs()
    assert notes() == ["at once"]


@on_each
@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_it_is_queued_when_the_transaction_ends_however_it_ends(opened, end):
    note("document")
    job = note_apart("job")
    assert (queued(opened), job.status()) == ([], "staged")
    getattr(current_unit(), end)()
    assert (queued(opened), job.status()) == ([job.id], "queued")
    assert opened.broker.held("default", [job.id]) == {job.id}
    run_jobs()
    assert notes() == (["document", "job"] if end == "commit" else ["job"])


@on_each
def test_it_outlives_the_savepoint_that_fails_around_it(opened):
    unit = current_unit()
    frame = unit.push()
    note("undone")
    job = note_apart("job")
    unit.roll_back(frame)
    unit.commit()
    assert (queued(opened), job.status()) == ([job.id], "queued")
    run_jobs()
    assert notes() == ["job"]


@on_each
def test_it_outlives_the_commit_that_fails(opened):
    unit = current_unit()
    note("document")
    job = note_apart("job")

    def refuse():
        raise ValidationError("no")

    unit.add_callback("before_commit", refuse)
    with pytest.raises(ValidationError):
        unit.commit()
    assert queued(opened) == [job.id]
    run_jobs()
    assert notes() == ["job"]


def note_apart_and_fail():
    note("undone")
    note_apart("job of a job")
    raise ValueError("no paper")


@on_each
def test_it_outlives_the_job_that_fails(site):
    enqueue(note_apart_and_fail)
    assert [each.status for each in run_jobs(allow_failures=True)] == ["failed", "finished"]
    assert notes() == ["job of a job"]


@on_each
def test_of_two_with_one_key_the_second_is_dropped_at_the_end(opened):
    note("document")
    first = enqueue(note, key="first", job_id="k", enqueue_after_commit=False)
    second = enqueue(note, key="second", job_id="k", enqueue_after_commit=False)
    current_unit().commit()
    assert first.status() == "queued"
    assert second is None or second.status() == "dropped"
    run_jobs()
    assert notes() == ["document", "first"]


@on_each
def test_it_waits_for_a_broker_that_is_down(opened):
    opened.broker.down = True
    note("document")
    job = note_apart("job")
    current_unit().rollback()
    opened.broker.down = False
    assert (queued(opened), opened.broker.held("default", [job.id])) == ([job.id], set())
    assert Reconciler(opened.database, opened.broker, grace_s=0).run() == 1
    run_jobs()
    assert notes() == ["job"]


@only_on("sqlite")
@pytest.mark.doclife_settings(sqlite_busy_timeout=0.01)
def test_who_enqueues_at_once_is_told_that_it_could_not_be_done(opened):
    other = opened.context()
    other.unit.before_write()  # holds the only writer lock
    with pytest.raises(QueryTimeoutError):
        note_apart("never")
    other.unit.close()
    assert queued(opened) == []
    job = note_apart("now")
    assert queued(opened) == [job.id]
