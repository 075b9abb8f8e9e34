"""A site, its broker and processes that die on it: the broker and their parent are one per module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from doclife.queue.embedded import acquire
from doclife.site.runtime import Site
from tests.integration.windows.killing import Scene, Victims


@pytest.fixture(scope="module")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    lease = acquire(tmp_path_factory.mktemp("broker"))
    yield lease.url
    lease.release(wait_s=10)


@pytest.fixture(scope="module")
def victims() -> Iterator[Victims]:
    victims = Victims()
    yield victims
    victims.close()


@pytest.fixture
def doclife_settings(broker_url: str) -> dict[str, Any]:
    return {"queue": "rq", "redis_url": broker_url}


@pytest.fixture
def scene(committed_site: Site, broker_url: str, victims: Victims) -> Iterator[Scene]:
    with Redis.from_url(broker_url) as server:
        server.flushall()
    return Scene(committed_site, victims)
