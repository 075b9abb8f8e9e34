"""Jobs whose method does not exist wait for it; between two versions of an app that is ordinary."""

from __future__ import annotations

import sys
from datetime import timedelta
from types import ModuleType

import pytest

from doclife.core import clock
from doclife.doctypes.user import Role
from doclife.jobs.enqueue import DOCUMENT_RUNNER, enqueue
from doclife.jobs.health import examine
from doclife.jobs.manage import cancel_job
from doclife.jobs.missing import is_missing, wait_for
from doclife.jobs.problems import problems_of
from doclife.testing import run_jobs, travel_to
from tests.stored import stored
from tests.unit.testing import tasks

NEW = "shop_of_tomorrow.tasks.send"


@pytest.fixture(autouse=True)
def _nothing_seen():
    tasks.seen.clear()


def _row(job, *columns):
    (row,) = stored("Background Job", *columns, name=job.id)
    return row


def _deploy(monkeypatch):
    """Makes the module importable, as a deploy does."""
    package, module = ModuleType("shop_of_tomorrow"), ModuleType("shop_of_tomorrow.tasks")
    module.send = tasks.note
    monkeypatch.setitem(sys.modules, "shop_of_tomorrow", package)
    monkeypatch.setitem(sys.modules, "shop_of_tomorrow.tasks", module)


def test_it_waits_and_runs_when_the_deploy_has_come(site, monkeypatch):
    job = enqueue(NEW, word="x", on_failure=tasks.fails)
    before = clock.now()
    run_jobs(allow_failures=True)
    status, run_at, exceptions, kills, error = _row(job, "status", "run_at", "exceptions", "kills", "error")
    assert (status, exceptions, kills) == ("queued", 0, 0)
    assert before + timedelta(seconds=5) <= run_at <= clock.now() + timedelta(seconds=5)
    assert error.startswith("waits for its method: 'shop_of_tomorrow.tasks.send' does not import: No module")
    assert stored("Error Log", "name") == []
    _deploy(monkeypatch)
    run_jobs(with_scheduled=True)
    assert _row(job, "status", "error", "attempt") == ("finished", None, 2)
    assert tasks.seen == ["x by Administrator"]


def test_it_is_looked_at_less_and_less_often():
    assert [wait_for(attempt) for attempt in range(1, 9)] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert wait_for(10_000) == 300


def test_its_key_stays_taken(site):
    enqueue(NEW, job_id="nightly")
    run_jobs(allow_failures=True)
    assert enqueue(NEW, job_id="nightly") is None


def test_a_document_without_the_method_waits_too(site):
    doc = Role(role_name="Clerk").insert()
    terms = {"doctype": "Role", "name": doc.name, "document_method": "get_titel", "arguments": {}}
    job = enqueue(DOCUMENT_RUNNER, **terms)  # what a version enqueued that had the method
    other = enqueue(DOCUMENT_RUNNER, **terms | {"doctype": "Rolle"})
    run_jobs(allow_failures=True)
    assert is_missing(_row(job, "error")[0])
    assert "no installed app has the document type 'Rolle'" in _row(other, "error")[0]
    cancel_job(other.id)
    (found,) = [each for each in problems_of(site, examine(site)) if each.kind == "method-missing"]
    assert found.why == "Role has no method 'get_titel'. Did you mean 'get_title'"
    assert found.help.endswith(f"doclife jobs cancel {job.id}")


def test_a_test_does_not_pass_over_it(site):
    enqueue("tests.unit.testing.tasks.noet", word="x")
    with pytest.raises(AssertionError, match=r"tasks\.noet\(\{'word': 'x'\}\) waits: .*Did you mean 'note'"):
        run_jobs()


def test_what_is_no_function_fails(site):
    job = enqueue("tests.unit.testing.tasks.seen")
    run_jobs(allow_failures=True)
    assert _row(job, "status") == ("failed",)


def test_a_module_that_breaks_at_its_import_is_waited_for(site, tmp_path, monkeypatch):
    (tmp_path / "broken_module_of_a_deploy.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(tmp_path)
    with travel_to("2030-03-01 10:00"):
        job = enqueue("broken_module_of_a_deploy.run")
        run_jobs(allow_failures=True)
    assert "No module named 'no_such_library'" in _row(job, "error")[0]
