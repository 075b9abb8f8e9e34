"""Messages to the users who look on."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from doclife.core import json
from doclife.jobs.enqueue import enqueue
from doclife.jobs.realtime import publish_progress, publish_realtime
from doclife.outbox.claim import claim
from doclife.schema.tables import background_job
from doclife.testing import as_user
from doclife.uow.unit import current_unit
from doclife.worker.run import run_claimed
from tests.unit.jobs import bodies


def _sent(site):
    return [json.loads(payload) for channel, payload in site.broker.published if channel == "doclife:realtime:test"]


def test_a_message_goes_to_its_room_at_once(site):
    publish_realtime("ping", {"n": 1})
    publish_realtime("ping", user="a@example.com")
    publish_realtime("ping", doctype="Role")
    publish_realtime("ping", doctype="Role", docname="Buyer")
    publish_realtime("ping", room="mine")
    assert [message["room"] for message in _sent(site)] == [
        "all",
        "user:a@example.com",
        "doctype:Role",
        "doc:Role/Buyer",
        "mine",
    ]
    assert _sent(site)[0] == {"event": "ping", "message": {"n": 1}, "room": "all"}


def test_a_message_after_the_commit_is_lost_with_a_rollback(site):
    unit = current_unit()
    publish_realtime("saved", after_commit=True)
    unit.rollback()
    assert _sent(site) == []
    publish_realtime("saved", after_commit=True)
    assert _sent(site) == []
    unit.commit()
    assert [message["event"] for message in _sent(site)] == ["saved"]


def test_progress_goes_to_the_user_who_works(site):
    with as_user("Guest"):
        publish_progress(40, "Import", "row 4 of 10")
    publish_progress(50, doctype="Role", docname="Buyer")
    first, second = _sent(site)
    assert first == {
        "event": "progress",
        "message": {"percent": 40, "title": "Import", "description": "row 4 of 10"},
        "room": "user:Guest",
    }
    assert second["room"] == "doc:Role/Buyer"


def test_the_same_message_is_sent_once_by_a_commit(site):
    unit = current_unit()
    for _ in range(2):
        publish_realtime("saved", {"name": "a"}, doctype="Role", after_commit=True)
        publish_realtime("saved", {"name": "b"}, doctype="Role", after_commit=True)
        publish_realtime("saved", {"name": "a"}, doctype="User", after_commit=True)
    unit.commit()
    assert [(each["message"]["name"], each["room"]) for each in _sent(site)] == [
        ("a", "doctype:Role"),
        ("b", "doctype:Role"),
        ("a", "doctype:User"),
    ]
    publish_realtime("saved", {"name": "a"}, doctype="Role", after_commit=True)
    unit.commit()
    assert len(_sent(site)) == 4


def test_a_message_of_a_savepoint_goes_with_it_and_not_with_its_twin_outside(site):
    unit = current_unit()

    def work():
        with unit.savepoint():
            publish_realtime("inside", after_commit=True)
            publish_realtime("both", after_commit=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    publish_realtime("both", after_commit=True)
    unit.commit()
    assert [each["event"] for each in _sent(site)] == ["both"]


def test_rooms_of_frappes(site):
    publish_realtime("msgprint", "done")
    publish_realtime("import", task_id="t1", after_commit=True)
    publish_progress(5, task_id="t1")
    assert [each["room"] for each in _sent(site)] == ["user:Administrator", "task_progress:t1", "task_progress:t1"]
    assert _sent(site)[1]["message"] == {}


class _Odd:
    def __str__(self):
        raise RuntimeError("odd")


def _endless():
    message = {}
    message["again"] = message
    return message


@pytest.mark.parametrize("message", [_Odd(), _endless(), "\ud800"], ids=["raises", "endless", "half a character"])
def test_what_cannot_be_sent_is_logged(site, message):
    with capture_logs() as logs:
        publish_realtime("x", message)
        publish_realtime("x", message, after_commit=True)
        current_unit().commit()
    assert [entry["event"] for entry in logs] == ["realtime_message_not_sent"] * 2
    assert _sent(site) == []


@pytest.mark.parametrize("percent", ["much", None, float("nan"), float("inf")])
def test_what_is_no_percentage_is_logged(site, percent):
    with capture_logs() as logs:
        publish_progress(percent, "Import")
    assert [entry["event"] for entry in logs] == ["realtime_message_not_sent"]
    assert _sent(site) == []


def test_progress_comes_into_the_jobs_row_with_its_next_commit(site):
    job = enqueue(bodies.progress)
    current_unit().commit()
    assert run_claimed(site, claim(site.database, job.id, "w")) == "finished"
    assert bodies.calls.pop() == {"percent": 50, "title": "Import", "description": "7"}
    row = current_unit().link.execute(select(background_job.c.progress).where(background_job.c.name == job.id)).one()
    assert row.progress == {"percent": 75.5, "title": None, "description": None}


@pytest.mark.parametrize("message", [object(), {"a": {1, 2}}, None, "text"])
def test_no_message_fails_its_sender(site, message):
    site.broker.down = True
    publish_realtime("x", message)
    publish_progress(1)
    assert _sent(site) == []
