"""Databases of tests on a server: made beside the one that a URL names, and dropped when the tests are over.

Those of test runs that were killed are dropped by the next run on the same host.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from doclife.core.errors import ConfigError
from doclife.database.engine import create_engine, parse_url

_numbers = count(1)

#: of all databases of test runs on this host; then follow the process and a number
PREFIX = f"doclife_test_{hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]}"
_OWNED = re.compile(rf"{PREFIX}_(\d+)_\d+")

#: servers on which this process has looked for what others have left
_swept: set[str] = set()


def make_database(server: str) -> str:
    """Makes an empty database of this process's own on the server of `server`, and returns its URL.

    Raises:
        ConfigError: `server` is no URL of a server, or its user may not make databases.
        DatabaseUnavailable: the server does not answer.
    """
    url = parse_url(server)
    if url.get_backend_name() == "sqlite":
        raise ConfigError(f"doclife_db_url {server!r} is no server's; leave it empty for SQLite")
    name = f"{PREFIX}_{os.getpid()}_{next(_numbers)}"
    try:
        with _administration(url) as connection:
            if server not in _swept:
                _swept.add(server)
                sweep(connection)
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
            if connection.dialect.name == "postgresql":
                # Only a crash of the server could lose something, and nobody would miss it: no waiting for the disk.
                connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    except DBAPIError as error:
        raise ConfigError(
            f"doclife_db_url {url}: no database can be made there for tests: {error.orig}; name a user who may"
        ) from error
    return url.set(database=name).render_as_string(hide_password=False)


def drop_database(made: str, server: str) -> None:
    """Drops a database that `make_database` has made, and ends the connections that are left to it."""
    with _administration(parse_url(server)) as connection:
        _drop(connection, str(parse_url(made).database))


def _drop(connection: sa.Connection, name: str) -> None:
    force = " WITH (FORCE)" if connection.dialect.name == "postgresql" else ""
    connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")


def sweep(connection: sa.Connection) -> None:
    """Drops the databases of test runs of this host whose process is gone."""
    is_postgres = connection.dialect.name == "postgresql"
    names = connection.exec_driver_sql("SELECT datname FROM pg_database" if is_postgres else "SHOW DATABASES")
    for name in names.scalars().all():
        owner = _OWNED.fullmatch(name)
        if owner is not None and not _is_alive(int(owner[1])):
            with suppress(DBAPIError):  # another run is just dropping it
                _drop(connection, name)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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
