"""Messages to the users who look on."""

from __future__ import annotations

import pytest

from doclife.core import json
from doclife.jobs.realtime import publish_progress, publish_realtime
from doclife.testing import as_user
from doclife.uow.unit import current_unit


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


@pytest.mark.parametrize("message", [object(), {"a": {1, 2}}, None, "text"])
def test_no_message_fails_its_sender(site, message):
    site.broker.down = True
    publish_realtime("x", message)
    publish_progress(1)
    assert _sent(site) == []
