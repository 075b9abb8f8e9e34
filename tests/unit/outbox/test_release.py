"""Release: what the broker does not take goes with the next release of the same process."""

from collections import deque

from doclife.outbox.release import release
from doclife.queue.memory import MemoryBroker
from doclife.queue.protocol import Ticket


def test_what_the_broker_did_not_take_goes_before_the_next_tickets():
    broker, backlog = MemoryBroker("one"), deque[Ticket](maxlen=10)
    broker.down = True
    assert release(broker, [Ticket("a"), Ticket("b")], backlog=backlog) is False
    assert [ticket.id for ticket in backlog] == ["a", "b"]
    broker.down = False
    assert release(broker, [Ticket("c")], backlog=backlog) is True
    assert not backlog
    assert [broker.pop(["default"], "worker") for _ in range(4)] == ["a", "b", "c", None]


def test_a_full_backlog_leaves_the_oldest_to_the_relay():
    broker, backlog = MemoryBroker("one"), deque[Ticket](maxlen=2)
    broker.down = True
    release(broker, [Ticket("a"), Ticket("b"), Ticket("c")], backlog=backlog)
    assert [ticket.id for ticket in backlog] == ["b", "c"]


def test_nothing_to_release_asks_nobody():
    broker = MemoryBroker("one")
    broker.down = True
    assert release(broker, [], backlog=deque()) is True
