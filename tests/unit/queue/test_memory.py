"""What the memory broker offers tests beyond the protocol."""

from __future__ import annotations

import pytest

from doclife.core.errors import BrokerUnavailable
from doclife.queue import Ticket
from doclife.queue.memory import MemoryBroker


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker("site1")


def test_a_broker_that_is_down_raises_and_keeps_what_it_has(broker: MemoryBroker) -> None:
    broker.release([Ticket("a")])
    broker.down = True
    for call in (
        lambda: broker.release([Ticket("b")]),
        lambda: broker.pop(["default"], "w"),
        lambda: broker.done("a", "w"),
        lambda: broker.held("default", ["a"]),
        lambda: broker.forget(["a"]),
        lambda: broker.depth("default"),
        lambda: broker.register_worker("w", ["default"]),
        lambda: broker.heartbeat("w"),
        lambda: broker.unregister_worker("w"),
    ):
        with pytest.raises(BrokerUnavailable):
            call()
    assert broker.ping() is False
    broker.publish("events", "lost")
    broker.down = False
    broker.publish("events", "kept")
    assert list(broker.published) == [("events", "kept")]
    assert broker.pop(["default"], "w") == "a"


def test_a_broker_that_lost_everything_takes_the_same_ids_again(broker: MemoryBroker) -> None:
    broker.release([Ticket("a"), Ticket("b")])
    broker.lose_everything()
    assert broker.held("default", ["a", "b"]) == set()
    assert broker.release([Ticket("a"), Ticket("b")]) == 2


def test_workers_and_their_counters_are_seen(broker: MemoryBroker) -> None:
    broker.register_worker("w", ["short", "default"])
    broker.release([Ticket("a"), Ticket("b"), Ticket("c")])
    for outcome in ("finished", "failed", ""):
        id = broker.pop(["default"], "w")
        assert id is not None
        broker.done(id, "w", outcome)  # type: ignore[arg-type]
    broker.heartbeat("w", "busy")
    assert broker.workers == {"w": {"queues": ("short", "default"), "state": "busy", "finished": 1, "failed": 1}}
