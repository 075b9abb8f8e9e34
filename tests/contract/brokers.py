"""Brokers for the contract suite: each kind opened on a site of its own, cleaned up afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from doclife.core.clock import monotonic
from doclife.core.ids import uuid7
from doclife.queue import Broker
from doclife.queue.embedded import acquire
from doclife.queue.inline import InlineBroker
from doclife.queue.memory import MemoryBroker
from doclife.queue.rq_backend import RqBroker
from tests.servers import server_url

ON_SERVERS = [pytest.param("redis", marks=pytest.mark.redis), "valkey"]
ALL = ["memory", "inline", *ON_SERVERS]


def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Waits for another process to bring something about; there is no event to wait for."""
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline, f"not within {seconds} s: {holds}"
        threading.Event().wait(0.02)


@contextmanager
def on_server(url: str) -> Iterator[RqBroker]:
    """Opens a broker on a site that nobody else has; all ids of a test begin with `broker.site`."""
    site = f"t{uuid7().hex[-12:]}"
    broker = RqBroker(url, site, pause_s=0.2)
    try:
        yield broker
    finally:
        broker.close()
        with Redis.from_url(url, decode_responses=True) as client:
            for key in client.scan_iter(match=f"*{site}*", count=1000):
                client.delete(key)
            for name in ("rq:queues", "rq:workers"):
                if members := [member for member in client.smembers(name) if site in member]:
                    client.srem(name, *members)


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Broker]:
    """Opens a broker of a kind: memory, inline, redis, valkey."""
    if kind == "memory":
        yield MemoryBroker("site")
    elif kind == "inline":
        yield InlineBroker("site")
    elif kind == "redis":
        with on_server(server_url("redis")) as broker:
            yield broker
    else:
        lease = acquire(folder)
        try:
            with on_server(lease.url) as broker:
                yield broker
        finally:
            lease.release(wait_s=10)
