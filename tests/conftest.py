"""What all tests share: the databases and servers they run on, and how hypothesis behaves."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.contract.databases import BACKENDS, MARKED
from tests.servers import server_url

# two cores shared by several processes make single examples slow; CI tries the same examples every time
settings.register_profile("doclife", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("doclife")

DB_URL = "doclife_db_url"

#: for tests that start processes: on servers in `make test-all` alone
SLOW_ON_SERVERS = [
    pytest.param(each, marks=[getattr(pytest.mark, each), pytest.mark.slow] if each != "sqlite" else [])
    for each in BACKENDS
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs every test that has a site of the testing kit on each database.

    `-m "not postgres and not mariadb"` leaves SQLite; tests/integration runs on servers only where slow tests do.
    A test where no database could make a difference is marked `one_database`.
    """
    if DB_URL not in metafunc.fixturenames:
        return
    given = {name for mark in metafunc.definition.iter_markers("parametrize") for name in str(mark.args[0]).split(",")}
    if DB_URL not in given and metafunc.definition.get_closest_marker("one_database") is None:
        processes = "integration" in metafunc.definition.path.parts
        metafunc.parametrize(DB_URL, SLOW_ON_SERVERS if processes else MARKED, indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves tests marked `slow_on_servers` to `make test-all` where they run on a server."""
    for item in items:
        if item.get_closest_marker("slow_on_servers") and any(map(item.get_closest_marker, ("postgres", "mariadb"))):
            item.add_marker("slow")


@pytest.fixture
def doclife_db_url(request: pytest.FixtureRequest) -> str:
    """The server of a test's site, or "" for SQLite."""
    backend: str = getattr(request, "param", "sqlite")
    return "" if backend == "sqlite" else server_url(backend)


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
