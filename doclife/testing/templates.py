"""Templates: sites that were made and migrated once, and that tests begin from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from doclife.core import config
from doclife.database.engine import create_engine
from doclife.scheduler.sync import sync
from doclife.schema.tables import background_job
from doclife.site.apps import add_app_records
from doclife.site.migrating import upgrade
from doclife.site.runtime import Site
from doclife.site.setup import add_first_records
from doclife.testing.databases import drop_database, make_database

#: name of every site that tests see
SITE_NAME = "test"

#: what sites of tests are told; a test's own settings beat it
SETTINGS: dict[str, Any] = {"queue": "memory", "strict": True}


class Template:
    """A migrated site, closed."""

    def __init__(self, sites_dir: Path, apps: tuple[str, ...], server: str = "") -> None:
        """Makes the site in `sites_dir`.

        Args:
            sites_dir: a folder of its own.
            apps: installed, in order.
            server: URL of the server on which its database is made; empty: SQLite.
        """
        self.sites_dir = sites_dir
        self.apps = apps
        self.server = server
        self.db_url = make_database(server) if server else ""
        #: on a server, the statements that made each table of a test's classes; these tables stay
        self.made: dict[str, list[str]] = {}
        try:
            self._fill()
        except BaseException:
            self.drop()
            raise

    def _fill(self) -> None:
        settings = {**SETTINGS, "installed_apps": list(self.apps)}
        config.write_site_config(self.sites_dir, SITE_NAME, settings | ({"db_url": self.db_url} if self.server else {}))
        site = self.site()
        try:
            upgrade(site)
            sync(site)
            add_first_records(site)
            for app in self.apps:
                add_app_records(site, app)
            with site.database.transaction() as connection:
                connection.execute(background_job.delete())  # what an installation enqueued is no test's business
        finally:
            site.close()

    def site(self, kind: type[Site] = Site, settings: dict[str, Any] | None = None) -> Any:
        """Returns the site, loaded anew; the environment does not touch it."""
        flags = {name: value for name, value in (settings or {}).items() if value is not None}
        loaded = config.load_settings(self.sites_dir, SITE_NAME, environ={}, flags=flags)
        return kind(SITE_NAME, self.sites_dir, loaded.settings)

    @cached_property
    def engine(self) -> Engine:
        """On a server the engine that all sandboxes share: to connect takes longer than most tests."""
        engine = create_engine(self.db_url)
        if engine.dialect.name == "postgresql":
            # a prepared statement does not survive that a test makes a table of the same name anew
            event.listen(engine, "connect", _prepare_nothing)
        return engine

    def drop(self) -> None:
        """Drops the database that was made on a server."""
        if self.server:
            if "engine" in self.__dict__:
                self.engine.dispose()
            drop_database(self.db_url, self.server)


def _prepare_nothing(connection: Any, _record: Any) -> None:
    connection.prepare_threshold = None


class Templates:
    """The templates of this process, by apps and server."""

    def __init__(self, folder: Path) -> None:
        """Keeps them in `folder`."""
        self._folder = folder
        self._made: dict[tuple[tuple[str, ...], str], Template] = {}

    def get(self, apps: Sequence[str], server: str = "") -> Template:
        """Returns the template with these apps on this server; made with the first question."""
        key = (tuple(apps), server)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = Template(self._folder / f"sites_{len(self._made)}", *key)
        return found

    def close(self) -> None:
        """Drops the databases that were made on servers."""
        while self._made:
            self._made.popitem()[1].drop()
