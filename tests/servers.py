"""The servers that tests talk to: named by the environment, or local ones that answer.

A missing server skips the test (skips are listed at the end of a run), and fails it where `CI` is set.
"""

from __future__ import annotations

import os
from functools import cache
from typing import NamedTuple

import pytest


class Server(NamedTuple):
    """Where a server is looked for."""

    variable: str
    local_url: str


SERVERS = {
    "postgres": Server("DOCLIFE_TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/test"),
    "mariadb": Server("DOCLIFE_TEST_MARIADB_URL", "mysql+pymysql://root@127.0.0.1:3306/test"),
    "redis": Server("DOCLIFE_TEST_REDIS_URL", "redis://127.0.0.1:6379/11"),
}


def server_url(name: str) -> str:
    """Returns the URL of a server that answers, or ends the test: by a skip, or by a failure where `CI` is set."""
    server = SERVERS[name]
    url = os.environ.get(server.variable) or server.local_url
    problem = _problem(url)
    if problem is not None:
        message = f"no {name} server at {server.local_url if url == server.local_url else server.variable}: {problem}"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return url


@cache
def _problem(url: str) -> str | None:
    """Returns why no server answers, or None."""
    return _redis_problem(url) if url.startswith(("redis", "unix")) else _sql_problem(url)


def _redis_problem(url: str) -> str | None:
    from redis import Redis, RedisError

    try:
        with Redis.from_url(url, socket_connect_timeout=2) as client:
            client.ping()
    except RedisError as error:
        return str(error)
    return None


def _sql_problem(url: str) -> str | None:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = create_engine(url, connect_args={"connect_timeout": 2})
        with engine.connect():
            pass
        engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        return str(error).splitlines()[0]
    return None
