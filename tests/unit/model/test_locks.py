"""Locks of documents: while a job is to work on one, or somebody has locked it, others change nothing of it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

import doclife
from doclife import Document, Meta
from doclife.core import clock
from doclife.core.errors import DocumentLockedError, QueryTimeoutError, TimestampMismatchError, ValidationError
from doclife.doctypes.user import Role
from doclife.fields import Data, Table
from doclife.outbox import complete
from doclife.outbox.claim import claim
from doclife.outbox.holders import of_job
from doclife.schema.tables import background_job, lease
from doclife.testing import capture_statements, run_jobs
from doclife.worker.run import run_claimed

WORDS: list[str] = []


class LockedRow(Document):
    meta = Meta(istable=True)
    word = Data()


class LockedThing(Document):
    meta = Meta(submittable=True, allow_rename=True)
    word = Data()
    rows = Table(LockedRow)

    def mark(self, word, fail=False, again=False):
        WORDS.append((word, self.is_locked))
        self.word = word
        self.save()
        if again:
            self.queue_action("mark", word="again")
        if fail:
            raise RuntimeError("no")

    def _submit_later(self):
        self.submit()


@pytest.fixture
def thing(site, use_doctypes):
    use_doctypes(LockedRow, LockedThing)
    WORDS.clear()
    doc = LockedThing(word="new").insert()
    doclife.commit()
    return doc


def _other():
    """As somebody else sees it: not the object whose queue_action is still to commit."""
    return doclife.get_doc(LockedThing, doclife.get_all(LockedThing, pluck="name")[0])


def _claimed(site, job):
    doclife.commit()
    return claim(site.database, job.id, "w")


CHANGES = {
    "save": lambda doc: doc.save(),
    "submit": lambda doc: doc.submit(),
    "discard": lambda doc: doc.discard(),
    "delete": lambda doc: doc.delete(),
    "delete_doc": lambda doc: doclife.delete_doc(doc.doctype, doc.name),
    "rename": lambda doc: doc.rename("another"),
    "queue_action": lambda doc: doc.queue_action("mark", word="x"),
    "lock": lambda doc: doc.lock(),
    "unlock": lambda doc: doc.unlock(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_while_its_job_is_to_come_nobody_changes_it(site, thing, change):
    job = thing.queue_action("mark", job_name="marking", word="x")
    doclife.commit()
    doc = _other()
    before = doclife.db.get_values(LockedThing, {}, "*", as_dict=True)
    with pytest.raises(DocumentLockedError) as refusal:
        CHANGES[change](doc)
    assert f"Locked Thing {doc.name} is locked by job {job.id} (marking) since 20" in str(refusal.value)
    assert "it can be changed when that job has ended" in str(refusal.value)
    doclife.commit()
    assert doclife.db.get_values(LockedThing, {}, "*", as_dict=True) == before


def test_submitted_ones_are_locked_too(site, thing):
    thing.submit()
    thing.queue_action("mark", word="x")
    doclife.commit()
    for change in (Document.save, Document.cancel):
        with pytest.raises(DocumentLockedError):
            change(_other())


def test_it_is_locked_with_the_commit_and_not_by_what_is_rolled_back(site, thing):
    thing.queue_action("mark", word="x")
    assert thing.is_locked
    thing.word = "with the same commit"
    thing.save()
    doclife.rollback()
    doc = _other()
    assert not doc.is_locked

    def work():
        with doclife.db.savepoint():
            doc.queue_action("mark", word="x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    doc.save()
    doclife.commit()
    assert not doc.is_locked


def test_one_transaction_queues_one_action(site, thing):
    first = thing.queue_action("mark", word="x")
    with pytest.raises(DocumentLockedError, match=f"locked by job {first.id}"):
        thing.queue_action("mark", word="y")
    doclife.commit()
    assert doclife.db.count("Background Job") == 1


def test_the_job_itself_changes_it_and_its_end_unlocks_it(site, thing):
    thing.queue_action("mark", word="x")
    doclife.commit()
    assert len(run_jobs()) == 1
    assert WORDS == [("x", True)]
    doc = _other()
    assert (doc.word, doc.is_locked) == ("x", False)
    doc.save()


def test_a_job_may_queue_the_next_action(site, thing):
    job = thing.queue_action("mark", word="x", again=True)
    assert run_claimed(site, _claimed(site, job)) == "finished"
    with pytest.raises(DocumentLockedError):
        _other().save()
    run_jobs()
    assert WORDS == [("x", True), ("again", True)]
    _other().save()


def test_a_job_that_runs_another_function_here_still_has_the_lock(site, thing):
    job = doclife.enqueue(_inside, doctype="Locked Thing")
    doc = thing
    doclife.commit()
    doclife.rollback()
    current_lock = update(background_job).where(background_job.c.name == job.id)
    with site.database.transaction() as run:
        run.execute(current_lock.values(label="inside"))
        run.execute(lease.insert().values(name=f"doc:Locked Thing:{doc.name}", holder=of_job(job.id), token=1))
    assert run_claimed(site, claim(site.database, job.id, "w")) == "finished"
    assert _other().word == "inside"


def _inside(doctype):
    doclife.enqueue(_deeper, now=True, doctype=doctype)


def _deeper(doctype):
    doc = doclife.get_last_doc(doctype)
    doc.word = "inside"
    doc.save()


ENDS = {
    "failed": lambda c, mine: complete.fail(c, mine, "no"),
    "finished": lambda c, mine: complete.finish(c, mine, None),
    "cancelled": lambda c, mine: c.execute(
        update(background_job).where(background_job.c.name == mine.id).values(status="cancelled")
    ),
    "pruned": lambda c, mine: c.execute(background_job.delete().where(background_job.c.name == mine.id)),
}


@pytest.mark.parametrize("end", ENDS)
def test_it_is_unlocked_however_its_job_ends(site, thing, end):
    mine = _claimed(site, thing.queue_action("mark", word="x"))
    with pytest.raises(DocumentLockedError):
        _other().save()
    with site.database.transaction() as connection:
        ENDS[end](connection, mine)
    doc = _other()
    assert not doc.is_locked
    doc.word = "free"
    doc.save()
    doclife.commit()
    assert _other().word == "free"


def test_it_stays_locked_while_its_job_waits_for_another_try(site, thing):
    mine = _claimed(site, thing.queue_action("mark", word="x"))
    with site.database.transaction() as connection:
        complete.requeue(connection, mine, error="its worker died", after_s=600)
    with pytest.raises(DocumentLockedError):
        _other().save()


def test_a_failed_action_unlocks_it(site, thing):
    job = thing.queue_action("mark", word="x", fail=True)
    assert run_claimed(site, _claimed(site, job)) == "failed"
    doc = _other()
    assert doc.word == "new"
    doc.save()


def test_an_action_that_runs_here_or_is_dropped_locks_nothing(site, thing):
    thing.queue_action("mark", word="now", now=True)
    assert not thing.is_locked
    doclife.enqueue("builtins.len", job_id="k", obj="x")
    assert thing.queue_action("mark", job_id="k", word="x") is None
    assert not thing.is_locked


def test_an_action_that_outlives_a_rollback_locks_when_it_is_queued(site, thing):
    thing.word = "lost"
    thing.save()
    thing.queue_action("mark", enqueue_after_commit=False, word="x")
    assert not _other().is_locked
    doclife.rollback()
    with pytest.raises(DocumentLockedError):
        _other().save()
    run_jobs()
    assert _other().word == "x"


# what it costs


def test_a_document_without_a_lock_is_saved_by_one_statement(site, thing):
    thing.word = "y"
    with capture_statements() as statements:
        thing.save()
    assert [text.split()[0] for text in statements if "SAVEPOINT" not in text] == ["UPDATE"]


def test_a_lock_that_is_over_is_cleared_by_the_first_save(site, thing):
    thing.queue_action("mark", word="x")
    doclife.commit()
    run_jobs()
    doc = _other()
    for n in range(2):
        doc.word = f"save {n}"
        with capture_statements() as statements:
            doc.save()
    assert [text.split()[0] for text in statements if "SAVEPOINT" not in text] == ["UPDATE"]


def test_what_is_stale_is_still_told_so(site, thing):
    old = _other()
    thing.word = "newer"
    thing.save()
    with pytest.raises(TimestampMismatchError):
        old.save()


# lock and unlock


def test_who_has_locked_it_may_change_it_and_others_may_not(committed_site):
    site = committed_site
    with site.work():
        name = Role(role_name="Buyer").insert().name
    with site.work() as context:
        doc = doclife.get_doc(Role, name)
        doc.lock()
        doc.lock()
        with site.work():
            other = doclife.get_doc(Role, name)
            assert other.is_locked
            with pytest.raises(DocumentLockedError, match=r"is locked by process .* it can be changed when it is unl"):
                other.save()
            with pytest.raises(DocumentLockedError):
                other.lock(timeout=0.01)
            with pytest.raises(DocumentLockedError):
                other.unlock()
        doc.disabled = 1
        doc.save()
        context.unit.commit()
        doc.unlock()
        doc.unlock()
        with site.work():
            doclife.get_doc(Role, name).save()


def test_it_is_unlocked_after_the_commit_and_by_the_end_of_the_context(committed_site):
    site = committed_site
    with site.work():
        name = Role(role_name="Buyer").insert().name

    def is_locked():
        with site.work():
            return doclife.get_doc(Role, name).is_locked

    with site.work() as context:
        doc = doclife.get_doc(Role, name)
        doc.lock()
        doc.disabled = 1
        doc.save()
        doc.unlock()
        assert is_locked()
        context.unit.commit()
        assert not is_locked()
        doc.lock()
        assert is_locked()
    assert not is_locked()


def test_a_lock_that_nobody_ended_is_over_after_ten_minutes(committed_site):
    site = committed_site
    with site.work():
        name = Role(role_name="Buyer").insert().name
    with site.work():
        doclife.get_doc(Role, name).lock()
        with site.work():
            other = doclife.get_doc(Role, name)
            with clock.travel(by=timedelta(minutes=11)):
                assert not other.is_locked
                other.disabled = 1
                other.save()


@pytest.mark.doclife_settings(sqlite_busy_timeout=0.05)
def test_two_who_queue_an_action_at_once_queue_one(committed_site):
    site = committed_site
    with site.work():
        name = Role(role_name="Buyer").insert().name
    meet, outcomes = threading.Barrier(2), []

    def queue():
        try:
            with site.work():
                doc = doclife.get_doc(Role, name)
                meet.wait(10)
                doc.queue_action("notify_update")
        except (DocumentLockedError, QueryTimeoutError):
            outcomes.append("refused")
        else:
            outcomes.append("queued")

    threads = [threading.Thread(target=queue) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["queued", "refused"]
    with site.database.reading() as connection:
        assert len(connection.execute(select(background_job.c.name)).all()) == 1


def test_what_is_not_stored_cannot_be_locked(site, thing):
    doc = LockedThing()
    assert not doc.is_locked
    with pytest.raises(ValidationError, match="insert it before it is locked"):
        doc.lock()


def test_a_long_name_is_locked_too(site, thing):
    doc = thing.rename("é" * 140)
    doc.queue_action("mark", word="x")
    doclife.commit()
    with pytest.raises(DocumentLockedError):
        doclife.get_doc(LockedThing, "é" * 140).save()
