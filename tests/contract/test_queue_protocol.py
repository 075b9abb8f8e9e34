"""What every broker does alike: one suite over memory, inline without a runner, Redis and the embedded Valkey."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from doclife.core.clock import monotonic
from doclife.core.errors import JobArgumentError
from doclife.queue import Broker, Ticket
from tests.contract.brokers import ALL, opened


@pytest.fixture(scope="module", params=ALL)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with opened(request.param, tmp_path_factory.mktemp("sites")) as broker:
        yield broker


@pytest.fixture
def broker(shared: Broker) -> Iterator[Broker]:
    """The module's broker, emptied after each test."""
    yield shared
    for queue in ("short", "default", "long"):
        while (id := shared.pop([queue], f"{shared.site}-broom")) is not None:
            shared.done(id, f"{shared.site}-broom")
    for worker in ("w1", "w2"):
        shared.unregister_worker(f"{shared.site}-{worker}")


@pytest.fixture
def ticket(broker: Broker) -> Callable[..., Ticket]:
    def make(name: str, queue: str = "default", *, at_front: bool = False) -> Ticket:
        return Ticket(f"{broker.site}-{name}", queue, at_front, f"app.tasks.{name}", 300)

    return make


def names(broker: Broker, *ids: str | None) -> list[str | None]:
    return [id and id.removeprefix(f"{broker.site}-") for id in ids]


def drain(broker: Broker, *queues: str, worker: str = "w1") -> list[str | None]:
    taken = []
    while (id := broker.pop(queues, f"{broker.site}-{worker}")) is not None:
        taken.append(id)
        broker.done(id, f"{broker.site}-{worker}")
    return names(broker, *taken)


Make = Callable[..., Ticket]


def test_ids_come_out_in_the_order_of_their_release(broker: Broker, ticket: Make) -> None:
    assert broker.release([ticket("a"), ticket("b")]) == 2
    assert broker.release([ticket("c")]) == 1
    assert broker.depth("default") == 3
    assert drain(broker, "default") == ["a", "b", "c"]
    assert broker.depth("default") == 0


def test_at_front_goes_before_all_that_wait(broker: Broker, ticket: Make) -> None:
    broker.release([ticket("a"), ticket("b")])
    broker.release([ticket("c", at_front=True)])
    assert drain(broker, "default") == ["c", "a", "b"]


def test_a_second_release_of_what_waits_does_nothing(broker: Broker, ticket: Make) -> None:
    tickets = [ticket("a"), ticket("b")]
    assert broker.release(tickets) == 2
    assert broker.release(tickets) == 0
    assert broker.release([*tickets, ticket("c")]) == 1
    assert drain(broker, "default") == ["a", "b", "c"]


def test_releasing_nothing_is_nothing(broker: Broker) -> None:
    assert broker.release([]) == 0
    assert broker.depth("default") == 0


def test_many_at_once_keep_their_order(broker: Broker, ticket: Make) -> None:
    tickets = [ticket(str(n)) for n in range(1200)]
    assert broker.release(tickets) == 1200
    assert broker.release(tickets) == 0
    assert drain(broker, "default") == [str(n) for n in range(1200)]


def test_again_pushes_what_the_queue_has_lost(broker: Broker, ticket: Make) -> None:
    broker.release([ticket("a")])
    assert broker.release([ticket("a")], again=True) == 1
    assert broker.depth("default") == 2


def test_a_retry_released_while_its_first_run_is_not_done_stays(broker: Broker, ticket: Make) -> None:
    broker.release([ticket("a")])
    id = broker.pop(["default"], f"{broker.site}-w1")
    assert id is not None
    assert broker.release([ticket("a")]) == 1
    broker.done(id, f"{broker.site}-w1")
    assert broker.release([ticket("a")]) == 0, "it waits"
    assert drain(broker, "default") == ["a"]


def test_an_id_that_is_done_may_be_released_again(broker: Broker, ticket: Make) -> None:
    for _ in range(2):
        assert broker.release([ticket("a")]) == 1
        assert drain(broker, "default") == ["a"]


def test_queues_are_served_in_the_order_given(broker: Broker, ticket: Make) -> None:
    broker.release([ticket("l", "long"), ticket("d1"), ticket("s1", "short"), ticket("d2"), ticket("s2", "short")])
    assert drain(broker, "short", "default", "long") == ["s1", "s2", "d1", "d2", "l"]


def test_a_worker_takes_from_its_queues_only(broker: Broker, ticket: Make) -> None:
    broker.release([ticket("l", "long")])
    assert broker.pop(["short", "default"], f"{broker.site}-w1") is None
    assert drain(broker, "long") == ["l"]


def test_pop_waits_its_time_and_gives_up(broker: Broker) -> None:
    start = monotonic()
    assert broker.pop(["short", "default"], f"{broker.site}-w1", timeout=0.2) is None
    assert 0.15 < monotonic() - start < 2


def test_a_sleeping_worker_wakes_for_any_of_its_queues(broker: Broker, ticket: Make) -> None:
    for queue in ("short", "long"):
        with ThreadPoolExecutor(1) as pool:
            start = monotonic()
            popped = pool.submit(broker.pop, ["short", "default", "long"], f"{broker.site}-w1", 30)
            broker.release([ticket("a", queue)])
            id = popped.result(timeout=20)
            assert names(broker, id) == ["a"]
            assert monotonic() - start < 10
            assert id is not None
            broker.done(id, f"{broker.site}-w1")


def test_one_release_of_many_wakes_many(broker: Broker, ticket: Make) -> None:
    with ThreadPoolExecutor(4) as pool:
        ready = threading.Barrier(5)

        def work(number: int) -> str | None:
            ready.wait(10)
            return broker.pop(["default"], f"{broker.site}-p{number}", 30)

        popped = [pool.submit(work, number) for number in range(4)]
        ready.wait(10)
        broker.release([ticket(name) for name in "abcd"])
        ids = [future.result(timeout=20) for future in popped]
    assert sorted(str(name) for name in names(broker, *ids)) == ["a", "b", "c", "d"]
    for number in range(4):
        assert len(broker.unregister_worker(f"{broker.site}-p{number}")) == 1


def test_no_id_is_taken_twice_or_lost_by_competing_workers(broker: Broker, ticket: Make) -> None:
    def work(number: int) -> list[str | None]:
        return drain(broker, "short", "default", worker=f"c{number}")

    broker.release([ticket(str(n), "short" if n % 3 else "default") for n in range(300)])
    with ThreadPoolExecutor(4) as pool:
        taken = [name for part in pool.map(work, range(4)) for name in part]
    assert sorted(int(str(name)) for name in taken) == list(range(300))


@pytest.mark.parametrize("many", [1, 40], ids=["few", "many"])
def test_held_is_what_waits_in_that_queue(broker: Broker, ticket: Make, many: int) -> None:
    waiting = [ticket(f"w{n}") for n in range(many)]
    broker.release([ticket("popped"), *waiting, ticket("elsewhere", "long")])
    broker.pop(["default"], f"{broker.site}-w1")
    asked = [t.id for t in waiting] + [ticket(name).id for name in ("popped", "elsewhere", "never")]
    assert broker.held("default", asked) == {t.id for t in waiting}
    assert broker.held("default", []) == set()


def test_forget_takes_ids_out(broker: Broker, ticket: Make) -> None:
    broker.release([ticket("a"), ticket("b"), ticket("c", "long")])
    broker.forget([ticket("a").id, ticket("c").id, ticket("never").id])
    broker.forget([])
    assert drain(broker, "default", "long") == ["b"]
    assert broker.release([ticket("a")]) == 1


def test_what_a_dead_worker_held_is_told(broker: Broker, ticket: Make) -> None:
    worker = f"{broker.site}-w1"
    broker.register_worker(worker, ["short", "default"])
    broker.heartbeat(worker, "busy")
    broker.release([ticket("a"), ticket("b")])
    first, second = broker.pop(["default"], worker), broker.pop(["default"], worker)
    assert first is not None
    broker.done(first, worker, "finished")
    assert broker.unregister_worker(worker) == [second]
    assert broker.unregister_worker(worker) == []


def test_done_of_an_unknown_id_is_harmless(broker: Broker, ticket: Make) -> None:
    broker.done(ticket("never").id, f"{broker.site}-w1", "failed")
    assert broker.depth("default") == 0


def test_an_id_that_rq_cannot_carry_is_refused(broker: Broker, ticket: Make) -> None:
    with pytest.raises(JobArgumentError, match="Invoice:1"):
        broker.release([ticket("a"), Ticket("Invoice:1")])
    assert broker.depth("default") == 0


def test_it_is_there(broker: Broker) -> None:
    assert broker.ping() is True
    assert broker.problems() == []
    broker.publish("events", '{"message": "nobody listens"}')


def test_a_site_that_is_dropped_leaves_nothing(broker: Broker, ticket: Make) -> None:
    broker.release([ticket("a"), ticket("b", "long"), ticket("c")])
    broker.clear()
    assert [broker.depth(queue) for queue in ("default", "long")] == [0, 0]
    assert broker.held("default", [ticket("a").id]) == set()
    assert broker.pop(["default", "long"], f"{broker.site}-w1") is None
    broker.clear()
    assert broker.release([ticket("a")]) == 1  # it does not seem to wait still
    assert drain(broker, "default") == ["a"]
