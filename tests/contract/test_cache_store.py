"""What every cache does alike: one suite over memory, Redis and the embedded Valkey."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from doclife.core.errors import BrokerUnavailable, DataError
from doclife.queue import Broker
from doclife.queue.cache import CacheStore
from doclife.queue.memory import MemoryBroker
from doclife.queue.rq_backend import RqBroker
from tests.contract.brokers import ON_SERVERS, opened, until

HOUR = 3_600_000


@pytest.fixture(scope="module", params=["memory", *ON_SERVERS])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with opened(request.param, tmp_path_factory.mktemp("sites")) as made:
        yield made


@pytest.fixture
def store(broker: Broker) -> Iterator[CacheStore]:
    yield broker.cache
    broker.cache.delete_matching("")


def test_what_is_set_comes_back_byte_for_byte(store: CacheStore) -> None:
    every = bytes(range(256))
    assert store.get("k") is None
    assert store.set("k", every) is True
    assert store.get("k") == every
    assert store.set("k", b"") is True
    assert store.get("k") == b""


def test_nx_sets_once_and_xx_only_what_is_there(store: CacheStore) -> None:
    assert store.set("k", b"0", xx=True) is False
    assert store.set("k", b"1", nx=True) is True
    assert store.set("k", b"2", nx=True) is False
    assert store.get("k") == b"1"
    assert store.set("k", b"3", xx=True) is True
    assert store.get("k") == b"3"


def test_of_many_who_set_the_same_key_one_does(store: CacheStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: store.set("k", str(n).encode(), nx=True), range(32)))
    assert done.count(True) == 1


def test_a_time_ends_a_value_and_a_new_value_ends_the_time(store: CacheStore) -> None:
    store.set("short", b"1", px=20)
    store.set("long", b"1", px=HOUR)
    store.set("renewed", b"1", px=20)
    store.set("renewed", b"2")
    until(lambda: store.get("short") is None)
    assert store.exists(["short"]) == 0
    assert (store.get("long"), store.get("renewed")) == (b"1", b"2")
    assert store.set("short", b"again", nx=True) is True


def test_expire_gives_a_time_to_what_is_there(store: CacheStore) -> None:
    assert store.expire("k", 20) is False
    store.set("k", b"1")
    assert store.expire("k", HOUR) is True
    assert store.get("k") == b"1"
    assert store.expire("k", 20) is True
    until(lambda: store.get("k") is None)


def test_delete_and_exists_count(store: CacheStore) -> None:
    store.set("a", b"1")
    store.hset("b", "f", b"1", px=HOUR)
    assert store.exists(["a", "b", "c", "a"]) == 3
    assert store.delete(["a", "b", "c", "a"]) == 2
    assert store.exists(["a", "b", "c"]) == 0
    assert (store.delete([]), store.exists([])) == (0, 0)


def test_numbers_count_without_losing_one(store: CacheStore) -> None:
    assert store.incr("n") == 1
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.incr("n", 2), range(50)))
    assert store.incr("n", -1) == 100
    assert store.get("n") == b"100"


def test_counting_leaves_the_time_as_it_is(store: CacheStore) -> None:
    store.set("n", b"5", px=30)
    assert store.incr("n") == 6
    until(lambda: store.get("n") is None)


def test_fields_stand_beside_each_other(store: CacheStore) -> None:
    assert store.hgetall("h") == {}
    store.hset("h", "a", b"1", px=HOUR)
    store.hset("h", "ü", b"\xff", px=HOUR)
    store.hset("h", "a", b"2", px=HOUR)
    assert (store.hget("h", "a"), store.hget("h", "b"), store.hget("other", "a")) == (b"2", None, None)
    assert store.hgetall("h") == {"a": b"2", "ü": b"\xff"}
    assert store.hdel("h", ["a", "b"]) == 1
    assert store.hdel("h", ["ü"]) == 1
    assert (store.hgetall("h"), store.exists(["h"]), store.hdel("h", [])) == ({}, 0, 0)


def test_fields_are_forgotten_together(store: CacheStore) -> None:
    store.hset("h", "a", b"1", px=20)
    until(lambda: store.hget("h", "a") is None)


def test_a_beginning_is_taken_literally(store: CacheStore) -> None:
    for key in ("a*b", "axb", "a*c", "a[x]", "other"):
        store.set(key, b"1")
    assert store.delete_matching("a*") == 2
    assert store.delete_matching("a[") == 1
    assert store.exists(["axb", "other"]) == 2
    assert store.delete_matching("") == 2


def test_the_wrong_kind_is_the_callers_fault_and_not_the_servers(broker: Broker, store: CacheStore) -> None:
    store.hset("h", "a", b"1", px=HOUR)
    store.set("text", b"x")
    for call in (
        lambda: store.get("h"),
        lambda: store.incr("h"),
        lambda: store.incr("text"),
        lambda: store.hget("text", "a"),
    ):
        with pytest.raises(DataError):
            call()
    assert broker.depth("default") == 0  # it is still asked
    store.set("h", b"2")
    assert store.get("h") == b"2"


def test_sites_do_not_see_each_other(broker: Broker, store: CacheStore) -> None:
    if isinstance(broker, MemoryBroker):
        other: Broker = MemoryBroker("other")
    else:
        assert isinstance(broker, RqBroker)
        other = RqBroker(broker.url, f"{broker.site}x")
    store.set("k", b"mine")
    assert other.cache.get("k") is None
    other.cache.set("k", b"theirs")
    other.clear()
    assert (store.get("k"), other.cache.get("k")) == (b"mine", None)
    other.close()


def test_a_site_that_is_dropped_leaves_nothing(broker: Broker, store: CacheStore) -> None:
    store.set("k", b"1")
    broker.clear()
    assert store.get("k") is None


@pytest.mark.parametrize("kind", ["memory", "rq"])
def test_what_is_down_says_so(kind: str, tmp_path: object) -> None:
    broker: Broker
    if kind == "memory":
        broker = MemoryBroker("site")
        broker.down = True
    else:
        broker = RqBroker(f"unix://{tmp_path}/nobody", "site")
    store = broker.cache
    for call in (
        lambda: store.get("k"),
        lambda: store.set("k", b"1"),
        lambda: store.set("k", b"1", nx=True),
        lambda: store.delete(["k"]),
        lambda: store.exists(["k"]),
        lambda: store.expire("k", 1),
        lambda: store.incr("k"),
        lambda: store.hget("k", "f"),
        lambda: store.hset("k", "f", b"1", px=1),
        lambda: store.hdel("k", ["f"]),
        lambda: store.hgetall("k"),
        lambda: store.delete_matching(""),
    ):
        with pytest.raises(BrokerUnavailable):
            call()
    broker.close()


def test_a_server_that_is_silent_costs_a_quarter_of_a_second_once() -> None:
    import socket

    from doclife.core.clock import monotonic

    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker = RqBroker(f"redis://127.0.0.1:{silent.getsockname()[1]}", "site", pause_s=60)
        begun = monotonic()
        for _ in range(100):
            with pytest.raises(BrokerUnavailable):
                broker.cache.get("k")
        assert 0.2 < monotonic() - begun < 1.5
        broker.close()


def test_a_question_that_is_no_text_does_not_count_as_an_outage(broker: Broker, store: CacheStore) -> None:
    if not isinstance(broker, MemoryBroker):
        with pytest.raises(UnicodeEncodeError):
            store.get("x\ud800")
    store.set("k", b"1")
    assert store.get("k") == b"1"
    assert broker.depth("default") == 0
