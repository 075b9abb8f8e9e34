"""Somebody locks a document and queues an action for it: the lock is the job's from then on."""

from __future__ import annotations

import pytest

import doclife
from doclife import Document
from doclife.fields import Data
from doclife.testing import run_jobs


class LeftThing(Document):
    word = Data()

    def mark(self, word):
        self.word = word
        self.save()


@pytest.fixture
def thing(site, use_doctypes):
    use_doctypes(LeftThing)
    doc = LeftThing(word="new").insert()
    doclife.commit()
    return doc


def _other():
    return doclife.get_doc(LeftThing, doclife.get_all(LeftThing, pluck="name")[0])


def _queue_in_vain(doc):
    with doclife.db.savepoint():
        doc.queue_action("mark", word="x")
        raise RuntimeError("undone")


@pytest.mark.parametrize("undo", ["", "savepoint", "rollback"])
def test_a_lock_is_left_to_the_job_of_an_action(site, thing, undo):
    thing.save()
    thing.lock()
    if undo == "savepoint":
        with pytest.raises(RuntimeError, match="undone"):
            _queue_in_vain(thing)
    elif undo == "rollback":
        doclife.commit()
        thing.queue_action("mark", word="x")
        doclife.rollback()
    else:
        thing.queue_action("mark", word="x")
    assert thing.is_locked
    if undo:
        thing.unlock()
    doclife.commit()
    assert _other().is_locked is not bool(undo)
    assert len(run_jobs()) == (0 if undo else 1)
    assert not _other().is_locked
    _other().save()


def test_unlocking_leaves_the_lock_of_the_job(site, thing):
    thing.save()
    thing.lock()
    thing.queue_action("mark", word="x")
    thing.unlock()
    doclife.commit()
    assert _other().is_locked
    run_jobs()
    assert not _other().is_locked
