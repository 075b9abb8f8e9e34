"""Locks of jobs whose worker dies: they count until that is seen, and nobody has to free them."""

from __future__ import annotations

import pytest

from doclife.core.errors import DocumentLockedError, LockTimeout
from doclife.doctypes.notification_log import NotificationLog
from doclife.jobs.lock import lock
from doclife.model.access import get_doc

pytestmark = pytest.mark.chaos

IN_THE_BODY = {"statement": "INSERT INTO .tabNotification Log", "when": "after"}


def _take(scene):
    with scene.site.work(), lock("stock"):
        pass


def test_the_lock_of_a_killed_job_is_free_with_its_rescue(scene):
    scene.enqueue("note_under_lock")
    scene.kill_worker(**IN_THE_BODY)
    with pytest.raises(LockTimeout, match=f"held by job {scene.job().name} "):
        _take(scene)
    assert scene.bury() == 1
    _take(scene)
    assert scene.drain() == 1
    assert scene.notes == ["job"]
    _take(scene)


def test_a_document_stays_locked_while_its_killed_action_is_to_run_again(scene):
    with scene.site.work():
        doc = NotificationLog(subject="new", for_user="Administrator").insert()
    with scene.site.work():
        job = doc.queue_action("db_update")

    def save():
        with scene.site.work():
            mine = get_doc(NotificationLog, doc.name)
            mine.subject = "changed"
            mine.save()

    def refused():
        with pytest.raises(DocumentLockedError, match=f"is locked by job {job.id} "):
            save()

    refused()
    scene.kill_worker(statement="UPDATE .tabNotification Log", when="after")
    assert scene.states() == ["started"]
    refused()
    assert scene.bury() == 1
    refused()
    assert scene.drain() == 1
    save()
    assert scene.notes == ["changed"]
