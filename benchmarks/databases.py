"""The databases that are measured: SQLite always, a server where one answers. Each run makes databases of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

NAMES = ("sqlite", "postgres", "mariadb")

#: the variable that names a server, and where one is looked for without it
_SERVERS = {
    "postgres": ("DOCLIFE_TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/test"),
    "mariadb": ("DOCLIFE_TEST_MARIADB_URL", "mariadb+pymysql://root@127.0.0.1:3306/test"),
}

_numbers = count(1)


def answering(wanted: Sequence[str]) -> list[str]:
    """Returns those of the databases that can be measured here; all of them where none is named."""
    return [name for name in wanted or NAMES if name == "sqlite" or _answers(server_url(name))]


def server_url(name: str) -> sa.URL:
    """Returns the URL of a database on a server that new ones can be made from."""
    variable, local = _SERVERS[name]
    return sa.make_url(os.environ.get(variable) or local)


def _answers(url: sa.URL) -> bool:
    try:
        engine = sa.create_engine(url, connect_args={"connect_timeout": 2})
        with engine.connect():
            pass
    except (SQLAlchemyError, ImportError):
        return False
    engine.dispose()
    return True


@contextmanager
def fresh(name: str, folder: Path) -> Iterator[str]:
    """Yields the URL of a new, empty database, which is dropped afterwards; SQLite's lies in `folder`."""
    number = next(_numbers)
    if name == "sqlite":
        yield f"sqlite:///{folder / f'bench {number}.db'}"
        return
    server = server_url(name)
    database = f"doclife_bench_{os.getpid()}_{number}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    drop = f"DROP DATABASE {database}" + (" WITH (FORCE)" if name == "postgres" else "")
    try:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {database}")
        try:
            yield server.set(database=database).render_as_string(hide_password=False)
        finally:
            with admin.connect() as connection:
                connection.exec_driver_sql(drop)
    finally:
        admin.dispose()


def plain_engine(engine: sa.Engine) -> sa.Engine:
    """Returns an engine on the same database, set up as doclife's is, but with the driver as it comes."""
    if engine.dialect.name == "sqlite":
        return engine
    return sa.create_engine(engine.url, isolation_level="READ COMMITTED")


def version(engine: sa.Engine) -> str:
    """Returns what the database and its driver call themselves."""
    with engine.connect() as connection:
        number = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    driver = engine.dialect.loaded_dbapi
    known = getattr(driver, "__version__", None)
    return f"{engine.dialect.name} {number}" + (f" ({engine.dialect.driver} {known})" if known else "")
