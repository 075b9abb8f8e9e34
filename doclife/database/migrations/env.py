"""What Alembic runs for `alembic ...`: finds the tables and the database, then does as `doclife migrate` does.

A section of alembic.ini is an app, [alembic] the framework. The database is that of the site, or
`-x url=...`; `-x site=...` and `-x sites_dir=...` name the site as the flags of `doclife` do. A
program may hand over `config.attributes["metadata"]` and `config.attributes["connection"]`.
New revisions are compared with the app's own history and not with a database, so that they are
the same everywhere.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import context
from alembic.config import Config
from alembic.util import CommandError, coerce_resource_to_filename, msg
from sqlalchemy import Connection, MetaData

from doclife.core.config import find_site, find_sites_dir, load_settings
from doclife.core.errors import DoclifeError
from doclife.database.autogenerate import revision
from doclife.database.engine import create_engine
from doclife.database.migrate import FRAMEWORK, AppHistory, options, prepared
from doclife.database.migrate_lock import migrate_lock


def histories(config: Config) -> list[AppHistory]:
    """Returns the history of every section, the framework's first."""
    found = [FRAMEWORK]
    for section in config.file_config.sections():
        if section != "alembic":
            location = config.file_config.get(section, "version_locations")
            found.append(AppHistory(section, Path(coerce_resource_to_filename(location))))
    return found


def load_metadata(apps: list[str]) -> MetaData:
    """Returns the MetaData with the framework's tables, those of the apps, and what apps add to each other's."""
    loaded = importlib.import_module("doclife.events.hooks").in_order(apps)
    importlib.import_module("doclife.site.classes").site_classes(loaded)
    metadata: MetaData = importlib.import_module("doclife.schema.tables").metadata
    return metadata


def database_url() -> str:
    """Returns the URL of the database that the command is meant for."""
    given = context.get_x_argument(as_dictionary=True)
    if "url" in given:
        return str(given["url"])
    sites_dir = find_sites_dir(given.get("sites_dir"))
    site = find_site(sites_dir, given.get("site"))
    return load_settings(sites_dir, site).settings.db_url or f"sqlite:///{sites_dir / site / 'site.db'}"


@contextmanager
def connected(config: Config) -> Iterator[Connection]:
    """Opens the connection to migrate, unless the caller gave one, which it has locked itself."""
    given = config.attributes.get("connection")
    if given is not None:
        yield given
        return
    engine = create_engine(database_url())
    try:
        with migrate_lock(engine), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def run(config: Config) -> None:
    """Runs what the command asks for."""
    known = histories(config)
    name = FRAMEWORK.name if config.config_ini_section == "alembic" else config.config_ini_section
    history = next(one for one in known if one.name == name)
    metadata = config.attributes.get("metadata")
    if metadata is None:
        metadata = load_metadata([one.name for one in known if one != FRAMEWORK])

    writing = getattr(config.cmd_opts, "cmd", None)
    if writing is not None and writing[0].__name__ == "revision":
        asked: Any = config.cmd_opts
        path = revision(metadata, known, name, asked.message or "", empty=not asked.autogenerate)
        msg(f"{path} written" if path else "nothing has changed")
        raise SystemExit(0)  # or Alembic would go on to compare with a database and write a file of its own
    if context.is_offline_mode():
        context.configure(
            url=database_url(), version_table=history.version_table, target_metadata=metadata, literal_binds=True
        )
        with context.begin_transaction():
            context.run_migrations()
        return
    with connected(config) as connection, prepared(connection):
        context.configure(connection=connection, **options(metadata, history, connection))
        with context.begin_transaction():
            context.run_migrations()


if context.config.cmd_opts is not None:
    logging.basicConfig(format="%(message)s")
    logging.getLogger("alembic.runtime.migration").setLevel(logging.INFO)
try:
    run(context.config)
except DoclifeError as error:
    if context.config.cmd_opts is None:
        raise
    raise CommandError(str(error)) from error  # which the command prints without a traceback
