"""Installing apps on a site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from doclife.core import config
from doclife.core.errors import AppNotInstalledError, ConfigError
from doclife.database import migrate as migrations
from doclife.database.migrate_lock import migrate_lock
from doclife.database.removal import remove
from doclife.events import hooks
from doclife.scheduler.sync import sync
from doclife.schema.tables import metadata
from doclife.site.fixtures import load_fixtures
from doclife.site.load import forget_site, load_site
from doclife.site.locking import setup_lock
from doclife.site.migrating import Report, add_roles, history_of, quiet, reloaded, run_hooks, upgrade
from doclife.site.runtime import Site


def install_app(site: Site, app: str, *, report: Report = quiet) -> Site:
    """Installs an app on a site, and returns the site, loaded anew.

    The app counts as installed when everything is there: an installation that fails drops the tables
    that it has made, and one that is killed is finished by installing the app again.

    Raises:
        UnknownAppError, HookError: the app cannot be loaded, or requires one that is not installed.
        ConfigError: it is installed already, or a fixture cannot be loaded.
        MigrationError: names the revision.
    Order: before_install, revisions, scheduled jobs, roles, fixtures, after_install, `installed_apps`.
    """
    with setup_lock(site.folder):
        site = reloaded(site)
        check_installable(site, [app])
        installed = own_apps(site)
        with candidate(site, [*installed, app]) as future:
            history = history_of(future.apps[-1])
            engine = future.database.engine
            with migrate_lock(engine):
                is_new = migrations.current(engine, history) is None
                try:
                    run_hooks(future, "before_install", app)
                    upgrade(future, report)
                    sync(future)
                    add_app_records(future, app, report)
                except BaseException:
                    if is_new:
                        remove(engine, metadata, history)
                    sync(site)
                    raise
        config.write_site_config(site.sites_dir, site.name, {"installed_apps": [*installed, app]})
        forget_site(site)
        site = load_site(site.name, site.sites_dir)
    report(f"installed {app}")
    return site


def check_installable(site: Site, apps: Sequence[str]) -> None:
    """Refuses apps that cannot be installed in this order.

    Raises:
        UnknownAppError, HookError: one cannot be loaded, or requires one that is not installed before it.
        ConfigError: one is installed already.
    """
    installed = own_apps(site)
    for app in apps:
        if app in installed:
            raise ConfigError(f"app {app!r} is installed on {site.name} already")
        installed.append(app)
    hooks.in_order(installed)


def add_app_records(site: Site, app: str, report: Report = quiet) -> None:
    """Adds what an app brings besides tables, in one unit of work: its roles, its fixtures, its `after_install`."""
    with site.work() as context:
        context.flags.in_install = app
        add_roles(site, app)
        load_fixtures(site, app, report)
        for after_install in site.registry.functions("after_install", app=app):
            after_install()


@contextmanager
def candidate(site: Site, apps: list[str]) -> Iterator[Site]:
    """Opens the site as it would be with these apps, known to nobody else yet."""
    settings = msgspec.structs.replace(site.settings, installed_apps=apps)
    future = Site(site.name, site.sites_dir, settings)
    try:
        yield future
    finally:
        future.close()


def own_apps(site: Site) -> list[str]:
    """Returns the installed apps of a site's own settings, which are about to change.

    Raises:
        ConfigError: they are set elsewhere, so a change of the site's file would do nothing.
    """
    loaded = config.load_settings(site.sites_dir, site.name)
    source = loaded.sources["installed_apps"]
    if source not in ("default", str(config.site_dir(site.sites_dir, site.name) / config.SITE_FILE)):
        raise ConfigError(f"installed_apps is set by {source}, not by the site; change it there, then: doclife migrate")
    return list(loaded.settings.installed_apps)


def require_app(site: Site, app: str) -> None:
    """Refuses an app that is not installed.

    Raises:
        AppNotInstalledError.
    """
    installed = site.settings.installed_apps
    if app not in installed:
        there = f"installed: {', '.join(installed)}" if installed else "no app is installed there"
        raise AppNotInstalledError(f"app {app!r} is not installed on {site.name}; {there}")
