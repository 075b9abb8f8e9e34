"""Databases for contract tests: a fresh one per test, on every server that answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from doclife.database.engine import create_engine
from tests.servers import server_url

BACKENDS = ("sqlite", "postgres", "mariadb")

_numbers = count(1)


@contextmanager
def fresh_database(backend: str, folder: Path) -> Iterator[str]:
    """Yields the URL of a new, empty database and drops it afterwards; SQLite's lies in `folder`."""
    if backend == "sqlite":
        yield f"sqlite:///{folder / 'test site.db'}"
        return
    server = sa.make_url(server_url(backend))
    name = f"doclife_test_{os.getpid()}_{next(_numbers)}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    # FORCE ends the connections that a failed test has left open
    drop = f"DROP DATABASE {name} WITH (FORCE)" if backend == "postgres" else f"DROP DATABASE {name}"
    try:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            with admin.connect() as connection:
                connection.exec_driver_sql(drop)
    finally:
        admin.dispose()


@contextmanager
def fresh_engine(backend: str, folder: Path) -> Iterator[sa.Engine]:
    """Yields an engine over a new, empty database, which is dropped afterwards."""
    with fresh_database(backend, folder) as url:
        engine = create_engine(url)
        try:
            yield engine
        finally:
            engine.dispose()
