"""Templates: sites that were made and migrated once, and that tests begin from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from doclife.core import config
from doclife.scheduler.sync import sync
from doclife.schema.tables import background_job
from doclife.site.apps import add_app_records
from doclife.site.migrating import upgrade
from doclife.site.runtime import Site
from doclife.site.setup import add_first_records

#: name of every site that tests see
SITE_NAME = "test"

#: what sites of tests are told; a test's own settings beat it
SETTINGS: dict[str, Any] = {"queue": "memory", "strict": True}


class Template(NamedTuple):
    """A migrated site, closed."""

    sites_dir: Path
    apps: tuple[str, ...]

    def site(self, kind: type[Site] = Site, settings: dict[str, Any] | None = None) -> Any:
        """Returns the site, loaded anew; the environment does not touch it."""
        flags = {name: value for name, value in (settings or {}).items() if value is not None}
        loaded = config.load_settings(self.sites_dir, SITE_NAME, environ={}, flags=flags)
        return kind(SITE_NAME, self.sites_dir, loaded.settings)


class Templates:
    """The templates of this process, by apps."""

    def __init__(self, folder: Path) -> None:
        """Keeps them in `folder`."""
        self._folder = folder
        self._made: dict[tuple[str, ...], Template] = {}

    def get(self, apps: Sequence[str]) -> Template:
        """Returns the template with these apps; made with the first question."""
        key = tuple(apps)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._make(key)
        return found

    def _make(self, apps: tuple[str, ...]) -> Template:
        template = Template(self._folder / f"sites_{len(self._made)}", apps)
        config.write_site_config(template.sites_dir, SITE_NAME, {**SETTINGS, "installed_apps": list(apps)})
        site = template.site()
        try:
            upgrade(site)
            sync(site)
            add_first_records(site)
            for app in apps:
                add_app_records(site, app)
            with site.database.transaction() as connection:
                connection.execute(background_job.delete())  # what an installation enqueued is no test's business
        finally:
            site.close()
        return template
