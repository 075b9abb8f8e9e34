"""What all tests share: the servers they talk to, and how hypothesis behaves."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.servers import server_url

# two cores shared by several processes make single examples slow; CI tries the same examples every time
settings.register_profile("doclife", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("doclife")


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """Returns the URL of a PostgreSQL server; tests make and drop a database of their own there."""
    return server_url("postgres")


@pytest.fixture(scope="session")
def mariadb_url() -> str:
    """Returns the URL of a MariaDB server; tests make and drop a database of their own there."""
    return server_url("mariadb")


@pytest.fixture(scope="session")
def redis_url() -> str:
    """Returns the URL of a Redis or Valkey server; tests use keys of their own there and delete them."""
    return server_url("redis")
