"""What the protocol promises at its edges, and what each broker does while its server is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

import pytest

from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable
from doclife.queue import Broker, Ticket
from doclife.queue.embedded import acquire
from doclife.queue.inline import InlineBroker
from doclife.queue.memory import MemoryBroker
from tests.contract.brokers import ALL, on_server, until
from tests.contract.proxy import proxy_of
from tests.servers import server_url


class Kind(NamedTuple):
    name: str
    url: str


@pytest.fixture(scope="module", params=ALL)
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kind]:
    """A kind of broker, with the server it needs."""
    if request.param == "valkey":
        with acquire(tmp_path_factory.mktemp("sites")) as lease:
            yield Kind("valkey", lease.url)
    else:
        yield Kind(request.param, server_url("redis") if request.param == "redis" else "")


class Breakable(NamedTuple):
    """A broker, and how to take its server away for a block."""

    broker: Broker
    outage: Callable[[], AbstractContextManager[None]]


@pytest.fixture
def breakable(kind: Kind) -> Iterator[Breakable]:
    if not kind.url:
        memory = MemoryBroker("site") if kind.name == "memory" else InlineBroker("site")

        @contextmanager
        def down() -> Iterator[None]:
            memory.down = True
            yield
            memory.down = False

        yield Breakable(memory, down)
        return
    with proxy_of(kind.url) as proxy:
        database = kind.url.rpartition("/")[2] if kind.name == "redis" else "0"
        with on_server(f"redis://127.0.0.1:{proxy.port}/{database}") as broker:

            @contextmanager
            def refused() -> Iterator[None]:
                proxy.refuse()
                yield
                proxy.heal()
                until(broker.ping)

            yield Breakable(broker, refused)


@pytest.fixture
def broker(breakable: Breakable) -> Broker:
    return breakable.broker


@pytest.fixture
def w(broker: Broker) -> str:
    return f"{broker.site}-w"


def ids(broker: Broker, names: str) -> list[str]:
    return [f"{broker.site}-{name}" for name in names]


def tickets(broker: Broker, names: str, queue: str = "default", *, at_front: bool = False) -> list[Ticket]:
    return [Ticket(id, queue, at_front) for id in ids(broker, names)]


def drain(broker: Broker, *queues: str) -> str:
    """Takes everything and returns the last letters of the ids, in order."""
    taken = ""
    while (id := broker.pop(queues or ("default",), f"{broker.site}-drain")) is not None:
        broker.done(id, f"{broker.site}-drain")
        taken += id[-1]
    return taken


CALLS: dict[str, Callable[[Broker], object]] = {
    "release": lambda broker: broker.release(tickets(broker, "x")),
    "release again": lambda broker: broker.release(tickets(broker, "x"), again=True),
    "pop": lambda broker: broker.pop(["default"], "w"),
    "pop and wait": lambda broker: broker.pop(["default"], "w", 30),
    "done": lambda broker: broker.done(ids(broker, "x")[0], "w"),
    "held": lambda broker: broker.held("default", ids(broker, "x")),
    "held of many": lambda broker: broker.held("default", ids(broker, "abcdefghijklmnopq")),
    "forget": lambda broker: broker.forget(ids(broker, "x")),
    "clear": lambda broker: broker.clear(),
    "depth": lambda broker: broker.depth("default"),
    "register_worker": lambda broker: broker.register_worker("w", ["default"]),
    "heartbeat": lambda broker: broker.heartbeat("w"),
    "suspended": lambda broker: broker.suspended(),
    "unregister_worker": lambda broker: broker.unregister_worker("w"),
}


def test_while_the_server_is_away_calls_raise_at_once_and_nothing_is_lost(breakable: Breakable, w: str) -> None:
    broker = breakable.broker
    broker.register_worker(w, ["default"])
    broker.release(tickets(broker, "ab"))
    popped = broker.pop(["default"], w)
    with breakable.outage():
        start = monotonic()
        for name, call in CALLS.items():
            with pytest.raises(BrokerUnavailable):
                pytest.fail(f"{name} returned {call(broker)!r}")
        broker.publish("events", "nobody gets this")
        broker.keep_running()
        assert broker.ping() is False
        assert monotonic() - start < 5
    assert broker.ping() is True
    assert broker.depth("default") == 1
    assert broker.release(tickets(broker, "b")) == 0
    assert broker.unregister_worker(w) == [popped]
    assert drain(broker) == "b"


def test_an_outage_and_its_end_may_come_again(breakable: Breakable) -> None:
    broker = breakable.broker
    for name in "abc":
        with breakable.outage(), pytest.raises(BrokerUnavailable):
            broker.release(tickets(broker, name))
        assert broker.release(tickets(broker, name)) == 1
    assert drain(broker) == "abc"


def test_whoever_comes_to_the_front_last_is_first(broker: Broker) -> None:
    broker.release(tickets(broker, "a"))
    broker.release(tickets(broker, "bc", at_front=True))
    broker.release(tickets(broker, "d"))
    assert drain(broker) == "cbad"


def test_an_id_that_waits_stays_in_its_queue_and_place(broker: Broker) -> None:
    broker.release(tickets(broker, "ab"))
    assert broker.release(tickets(broker, "b", "long")) == 0
    assert broker.release(tickets(broker, "b", at_front=True)) == 0
    assert (broker.depth("default"), broker.depth("long")) == (2, 0)
    assert drain(broker) == "ab"


def test_an_id_twice_in_one_release_waits_once(broker: Broker) -> None:
    assert broker.release(tickets(broker, "aba")) == 2
    assert drain(broker) == "ab"


def test_forget_takes_every_copy_and_leaves_what_runs(broker: Broker, w: str) -> None:
    broker.release(tickets(broker, "abc"))
    broker.release(tickets(broker, "bb"), again=True)
    assert broker.depth("default") == 5
    a = broker.pop(["default"], w)
    broker.forget(ids(broker, "ab"))
    assert drain(broker) == "c"
    assert broker.unregister_worker(w) == [a]


def test_done_is_for_the_worker_that_popped_it(broker: Broker, w: str) -> None:
    broker.release(tickets(broker, "a"))
    a = broker.pop(["default"], w)
    assert a is not None
    broker.done(a, f"{w}2")
    assert broker.unregister_worker(w) == [a]


def test_what_was_popped_stays_with_its_worker_when_the_site_is_cleared(broker: Broker, w: str) -> None:
    broker.release(tickets(broker, "ab"))
    a = broker.pop(["default"], w)
    broker.clear()
    assert drain(broker) == ""
    assert broker.unregister_worker(w) == [a]


def test_an_id_popped_twice_is_told_twice(broker: Broker, w: str) -> None:
    """A retry that comes back to the same worker before it was done with the first run."""
    broker.release(tickets(broker, "a"))
    a = broker.pop(["default"], w)
    broker.release(tickets(broker, "a"))
    assert broker.pop(["default"], w) == a
    assert a is not None
    broker.done(a, w)
    assert broker.unregister_worker(w) == [a]


def test_a_worker_may_beat_before_it_registers_and_leave_twice(broker: Broker, w: str) -> None:
    broker.heartbeat(w, "busy")
    broker.register_worker(w, ["short", "long"])
    broker.register_worker(w, ["default"])
    broker.heartbeat(w, "suspended")
    assert broker.unregister_worker(w) == []
    broker.heartbeat(w)
    assert broker.unregister_worker(w) == []
    assert broker.suspended() is False


def test_queues_of_any_name_of_the_settings_are_carried(broker: Broker) -> None:
    broker.release(tickets(broker, "a", "eigene-Schlange_2"))
    broker.release(tickets(broker, "b", "with blank"))
    assert broker.held("with blank", ids(broker, "ab")) == set(ids(broker, "b"))
    assert drain(broker, "with blank", "eigene-Schlange_2") == "ba"
    broker.clear()


def test_waiting_for_no_time_or_less_does_not_wait(broker: Broker, w: str) -> None:
    start = monotonic()
    for timeout in (0, 0.0005, -1):
        assert broker.pop(["short", "default"], w, timeout) is None
    assert monotonic() - start < 1


@pytest.mark.parametrize("many", [3, 40])
def test_forgetting_keeps_the_order_of_the_others(broker: Broker, many: int) -> None:
    waiting = [Ticket(f"{broker.site}-{n:03}") for n in range(100)]
    broker.release(waiting)
    broker.release([Ticket(f"{broker.site}-elsewhere", "long")])
    gone = [each.id for each in waiting[10 : 10 + many]]
    broker.forget([*gone, f"{broker.site}-elsewhere", "of-nobody"])
    assert (broker.depth("default"), broker.depth("long")) == (100 - many, 0)
    left = []
    while (id := broker.pop(["default"], "w")) is not None:
        broker.done(id, "w")
        left.append(id)
    assert left == [each.id for each in waiting if each.id not in gone]
    assert broker.release([Ticket(gone[0])]) == 1
    broker.forget([f"{broker.site}-{n:03}" for n in range(100)])
    assert broker.depth("default") == 0
