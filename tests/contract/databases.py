"""Databases for contract tests: a fresh one per test, on every server that answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from doclife.database.engine import create_engine
from doclife.testing.databases import drop_database, make_database
from tests.servers import server_url

BACKENDS = ("sqlite", "postgres", "mariadb")

#: as parameters of tests, with the markers that leave out a server
MARKED = [name if name == "sqlite" else pytest.param(name, marks=getattr(pytest.mark, name)) for name in BACKENDS]


def only_on(*backends: str) -> pytest.MarkDecorator:
    """Marks a test with a site of the testing kit that is about some of the databases only."""
    return pytest.mark.parametrize(
        "doclife_db_url", [each for name, each in zip(BACKENDS, MARKED, strict=True) if name in backends], indirect=True
    )


@contextmanager
def fresh_database(backend: str, folder: Path) -> Iterator[str]:
    """Yields the URL of a new, empty database and drops it afterwards; SQLite's lies in `folder`."""
    if backend == "sqlite":
        yield f"sqlite:///{folder / 'test site.db'}"
        return
    server = server_url(backend)
    made = make_database(server)
    try:
        yield made
    finally:
        drop_database(made, server)


@contextmanager
def fresh_engine(backend: str, folder: Path) -> Iterator[sa.Engine]:
    """Yields an engine over a new, empty database, which is dropped afterwards."""
    with fresh_database(backend, folder) as url:
        engine = create_engine(url)
        try:
            yield engine
        finally:
            engine.dispose()
