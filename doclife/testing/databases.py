"""Databases of tests on a server: made beside the one that a URL names, and dropped when the tests are over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from doclife.core.errors import ConfigError
from doclife.database.engine import create_engine, parse_url

_numbers = count(1)


def make_database(server: str) -> str:
    """Makes an empty database of this process's own on the server of `server`, and returns its URL.

    Raises:
        ConfigError: `server` is no URL of a server, or its user may not make databases.
        DatabaseUnavailable: the server does not answer.
    """
    url = parse_url(server)
    if url.get_backend_name() == "sqlite":
        raise ConfigError(f"doclife_db_url {server!r} is no server's; leave it empty for SQLite")
    name = f"doclife_test_{os.getpid()}_{next(_numbers)}"
    try:
        with _administration(url) as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except DBAPIError as error:
        raise ConfigError(
            f"doclife_db_url {url}: no database can be made there for tests: {error.orig}; name a user who may"
        ) from error
    return url.set(database=name).render_as_string(hide_password=False)


def drop_database(made: str, server: str) -> None:
    """Drops a database that `make_database` has made, and ends the connections that are left to it."""
    url = parse_url(server)
    name = parse_url(made).database
    force = " WITH (FORCE)" if url.get_backend_name() == "postgresql" else ""
    with _administration(url) as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")


@contextmanager
def _administration(url: URL) -> Iterator[sa.Connection]:
    if url.get_backend_name() != "postgresql":
        url = url.set(database="")  # MariaDB needs none to connect to, and its user may have none
    engine = create_engine(url)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection
    finally:
        engine.dispose()
