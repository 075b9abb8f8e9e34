"""Background Job as a document: who may look, and act."""

from __future__ import annotations

import pytest

from doclife.core.errors import PermissionDenied, ValidationError
from doclife.events.whitelist import exposure
from doclife.jobs.enqueue import enqueue
from doclife.model.access import get_doc, rename_doc
from doclife.model.lookup import set_value
from doclife.query.lists import get_list
from doclife.testing import as_user, make_user, run_jobs
from doclife.uow.unit import current_unit
from tests.stored import stored
from tests.unit.testing import tasks

NOTE = "tests.unit.testing.tasks.note"


@pytest.fixture
def failed(site):
    make_user("manager@example.com", "System Manager")
    make_user("clerk@example.com", "Clerk")
    tasks.seen.clear()
    job = enqueue(NOTE, wrong=1)
    run_jobs(allow_failures=True)
    return job


def test_system_managers_see_jobs_and_their_arguments(failed):
    with as_user("manager@example.com"):
        (row,) = get_list("Background Job", fields=["name", "status", "kwargs"])
        assert row == {"name": failed.id, "status": "failed", "kwargs": '{"wrong":1}'}
        assert "needs" not in get_doc("Background Job", failed.id).error


def test_nobody_else_does(failed):
    with as_user("clerk@example.com"):
        with pytest.raises(PermissionDenied):
            get_list("Background Job")
        doc = get_doc("Background Job", failed.id)
        for act in (doc.stop_job, doc.retry_job):
            with pytest.raises(PermissionDenied, match=r"clerk@example\.com may not write Background Job"):
                act()
    assert failed.status() == "failed"


def test_a_system_manager_has_it_run_again_and_stops_it(failed):
    with as_user("manager@example.com"):
        own = enqueue(NOTE, wrong=1)
        run_jobs(allow_failures=True)
        doc = get_doc("Background Job", own.id)
        assert doc.retry_job(kwargs='{"word": "right"}', queue="long") == "queued"
        current_unit().commit()
        assert doc.stop_job() == "cancelled"
        assert doc.retry_job() == "queued"
        run_jobs()
    assert tasks.seen == ["right by manager@example.com"]


def test_only_whose_job_it_is_and_administrator_give_it_other_arguments(failed):
    make_user("other@example.com", "System Manager")
    with as_user("other@example.com"):
        hers = enqueue(NOTE, wrong=1)
        run_jobs(allow_failures=True)
    with as_user("manager@example.com"):
        for job, user in ((failed, "Administrator"), (hers, "other@example.com")):
            doc = get_doc("Background Job", job.id)
            doc.run_as = "manager@example.com"  # as a caller may send it
            for kwargs in ('{"word": "right"}', {"word": "right"}, {}):
                with pytest.raises(PermissionDenied, match=f"arguments to job {job.id}, which runs as {user}"):
                    doc.retry_job(kwargs=kwargs)
            assert job.status() == "failed"
        assert get_doc("Background Job", hers.id).retry_job() == "queued"
        current_unit().commit()
        assert get_doc("Background Job", hers.id).stop_job() == "cancelled"
    assert get_doc("Background Job", failed.id).retry_job(kwargs={"word": "right"}) == "queued"
    assert get_doc("Background Job", hers.id).retry_job(kwargs={"word": "hers"}) == "queued"
    run_jobs()
    assert tasks.seen == ["right by Administrator", "hers by other@example.com"]


def test_both_can_be_called_from_outside(site):
    cls = site.doctypes["Background Job"]
    assert {exposure(getattr(cls, name)).methods for name in ("stop_job", "retry_job")} == {("POST",)}


def test_it_is_neither_saved_nor_deleted_as_a_document(failed):
    doc = get_doc("Background Job", failed.id)
    with pytest.raises(ValidationError, match="is not saved as a document"):
        doc.save()
    with pytest.raises(ValidationError, match="is not deleted as a document"):
        doc.delete()


def _unchecked(doc):
    doc.flags.ignore_validate = doc.flags.ignore_on_trash = True
    return doc


def _with_docstatus(doc, docstatus):
    doc.docstatus = docstatus
    return doc.save()


OTHER = '{"word": "other"}'
#: what changes documents, tried on a job of Administrator's that was given other values
WAYS = {
    "save": lambda doc: doc.save(),
    "save unchecked": lambda doc: _unchecked(doc).save(),
    "save as submitted": lambda doc: _with_docstatus(doc, 1),
    "save as cancelled": lambda doc: _with_docstatus(doc, 2),
    "submit": lambda doc: doc.submit(),
    "cancel": lambda doc: doc.cancel(),
    "discard": lambda doc: doc.discard(),
    "db_set": lambda doc: doc.db_set("kwargs", OTHER),
    "set_value": lambda doc: set_value("Background Job", doc.name, "run_as", "manager@example.com"),
    "save values": lambda doc: get_doc(dict(doc.as_dict(), kwargs=OTHER)).save(),
    "insert": lambda doc: get_doc(dict(doc.as_dict(), name="new")).insert(),
    "rename": lambda doc: rename_doc("Background Job", doc.name, "other", force=True),
    "delete": lambda doc: _unchecked(doc).delete(),
    "retry": lambda doc: doc.retry_job(kwargs={"word": "other"}),
    "become": lambda doc: rename_doc("User", "manager@example.com", "Administrator", merge=True, force=True),
}


@pytest.mark.one_database
@pytest.mark.parametrize("way", WAYS)
def test_in_no_way_a_system_manager_has_administrators_job_do_something_else(failed, way):
    before = stored("Background Job")
    with as_user("manager@example.com"):
        doc = get_doc("Background Job", failed.id)
        doc.method, doc.kwargs, doc.run_as, doc.status = NOTE, OTHER, "manager@example.com", "queued"
        with pytest.raises((ValidationError, PermissionDenied)):
            WAYS[way](doc)
        current_unit().commit()
    assert stored("Background Job") == before
    run_jobs()
    assert tasks.seen == []
