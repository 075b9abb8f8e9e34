"""Errors whose text nobody can store or even have, and results that cannot be described."""

from __future__ import annotations

from datetime import timedelta

import pytest

from doclife.core import clock, json
from doclife.core.errors import HookError
from doclife.jobs.enqueue import enqueue
from doclife.outbox.claim import claim, claim_next
from doclife.outbox.followup import pack_result
from doclife.uow.unit import current_unit
from doclife.worker import run
from doclife.worker.run import run_claimed
from tests.stored import stored
from tests.unit.worker import bodies

PATH = "tests.unit.worker.bodies"


def _run(site, method, **terms):
    job = enqueue(method, **terms)
    current_unit().commit()
    return job.id, run_claimed(site, claim(site.database, job.id, "w"))


def _row(id, *columns):
    return stored("Background Job", *columns, name=id)[0]


@pytest.mark.parametrize(
    ("kind", "title", "last"),
    [
        ("unstorable", "ValueError: nul\\0 half\\ud800", "ValueError: nul\\0 half\\ud800"),
        (
            "without text",
            "WithoutText: <its text cannot be had: ValueError in __str__>",
            f"{PATH}.WithoutText: <exception str() failed>",
        ),
    ],
    ids=["unstorable", "without text"],
)
def test_a_job_fails_with_what_can_be_stored_of_its_error(site, kind, title, last):
    bodies.seen.clear()
    id, outcome = _run(site, bodies.raise_odd, kind=kind, retry=1, on_failure=bodies.note_error)
    assert (outcome, *_row(id, "status", "exceptions")) == ("", "queued", 1)
    with clock.travel(by=timedelta(hours=1)):
        assert run_claimed(site, claim(site.database, id, "w")) == "failed"
        assert run_claimed(site, claim_next(site.database, ["default"], "w")) == "finished"
    ((logged, text),) = stored("Error Log", "method", "error")
    assert logged == f"{PATH}.raise_odd: {title}"
    assert (text.strip().splitlines()[-1], bodies.seen) == (last, [last])
    assert _row(id, "error") == (text,)


def test_a_method_that_cannot_be_imported_for_an_odd_reason_waits(site, monkeypatch):
    def odd(*_path):
        raise HookError(f"its method: {bodies.UNSTORABLE}")

    monkeypatch.setattr(run, "resolve", odd)
    id, outcome = _run(site, bodies.raise_odd, kind="")
    status, error = _row(id, "status", "error")
    assert (outcome, status) == ("", "queued")
    assert error.startswith("waits for its method: nul\\0 half\\ud800. It runs")


@pytest.mark.parametrize(
    ("hook", "title"),
    [
        ("odd_after_job", "nul\\0 half\\ud800"),
        ("hidden_after_job", "<its text cannot be had: ValueError in __str__>"),
    ],
    ids=["unstorable", "without text"],
)
def test_a_hook_after_the_job_may_fail_with_such_a_text(site, hook, title):
    site.use_hooks("tester", {"after_job": f"{PATH}.{hook}"})
    id, outcome = _run(site, bodies.role, name="Buyer")
    assert (outcome, *_row(id, "status")) == ("finished", "finished")
    assert stored("Error Log", "method") == [(f"after_job hook failed: {title}",)]


@pytest.mark.one_database
def test_a_result_that_cannot_even_be_described_does_not_undo_the_work(site):
    id, outcome = _run(site, bodies.hidden_result)
    assert outcome == "finished"
    (result,) = _row(id, "result")
    assert json.unpack(result) == "a WithoutText that cannot be described: ValueError in __repr__"


@pytest.mark.one_database
def test_a_description_with_half_a_character_is_escaped():
    class Odd:
        def __repr__(self):
            return "<half\ud800>"

    assert json.unpack(pack_result(Odd())) == "<half\\ud800>"
