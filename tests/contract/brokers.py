"""Brokers for the contract suite: each kind opened on a site of its own, cleaned up afterwards."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from doclife.core.clock import monotonic
from doclife.core.ids import uuid7
from doclife.queue import Broker
from doclife.queue.inline import InlineBroker
from doclife.queue.memory import MemoryBroker
from doclife.queue.rq_backend import RqBroker

LOCAL_REDIS = "redis://127.0.0.1:6379/11"


def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Waits for another process to bring something about; there is no event to wait for."""
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline, f"not within {seconds} s: {holds}"
        threading.Event().wait(0.02)


def redis_url() -> str:
    """Returns the URL of a Redis server, or skips (fails where CI is set)."""
    url = os.environ.get("DOCLIFE_TEST_REDIS_URL", LOCAL_REDIS)
    try:
        with Redis.from_url(url, socket_connect_timeout=1) as client:
            client.ping()
    except RedisError as error:
        if os.environ.get("CI"):
            pytest.fail(f"no Redis server at {url}: {error}; set DOCLIFE_TEST_REDIS_URL")
        pytest.skip(f"no Redis server at {url}; set DOCLIFE_TEST_REDIS_URL")
    return url


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
        with on_server(redis_url()) as broker:
            yield broker
    else:
        from doclife.queue.embedded import acquire

        lease = acquire(folder)
        try:
            with on_server(lease.url) as broker:
                yield broker
        finally:
            lease.release(wait_s=10)
