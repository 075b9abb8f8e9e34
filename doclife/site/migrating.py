"""Migrating a site: its tables, scheduled jobs, roles and fixtures follow what its apps say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from doclife.core import config
from doclife.core.errors import UnknownAppError
from doclife.database import migrate as migrations
from doclife.database.migrate import AppHistory, Applied
from doclife.database.migrate_lock import migrate_lock
from doclife.doctypes.user import SYSTEM_MANAGER, Role
from doclife.events import hooks
from doclife.query.lists import get_all
from doclife.scheduler.sync import sync
from doclife.schema.tables import metadata
from doclife.site.fixtures import load_fixtures
from doclife.site.load import forget_site, load_site
from doclife.site.locking import setup_lock
from doclife.site.runtime import Site

#: roles that every site has
STANDARD_ROLES = (SYSTEM_MANAGER, "All", "Guest", "Script Manager")

#: is told each step, in words for people
Report = Callable[[str], None]


def quiet(_message: str) -> None:
    """Tells nobody."""


def history_of(app: hooks.AppHooks) -> AppHistory:
    """Returns the migration history of an app; the framework's own is named doclife."""
    if app.name == "doclife":
        return migrations.FRAMEWORK
    if app.package.__file__ is None:
        raise UnknownAppError(f"app {app.name!r} is no package with a folder of its own")
    return AppHistory(app.name, Path(app.package.__file__).parent / "migrations")


def histories(site: Site) -> list[AppHistory]:
    """Returns the histories of a site's apps in install order, the framework's first."""
    return [history_of(app) for app in site.apps]


def migrate(site: Site, *, report: Report = quiet) -> list[Applied]:
    """Brings a site up to date with its apps, and returns the revisions that were applied.

    Two processes that start it at once take turns, on two hosts too.

    Raises:
        MigrationError: names app and revision. ConfigError: a fixture cannot be loaded; names file and entry.
    Order: before_migrate, revisions, scheduled jobs, roles, fixtures app after app, after_migrate.
    """
    with setup_lock(site.folder):
        site = reloaded(site)
        with migrate_lock(site.database.engine):
            run_hooks(site, "before_migrate")
            applied = upgrade(site, report)
            sync(site)
            for app in site.settings.installed_apps:
                with site.work() as context:
                    context.flags.in_migrate = True
                    add_roles(site, app)
                    load_fixtures(site, app, report)
            run_hooks(site, "after_migrate")
    return applied


def upgrade(site: Site, report: Report = quiet) -> list[Applied]:
    """Applies the pending revisions of a site's apps. Order: inside `migrate_lock`."""
    return migrations.upgrade(
        site.database.engine,
        metadata,
        histories(site),
        report=lambda done: report(f"{done.app}: {done.revision} {done.message}"),
    )


def reloaded(site: Site) -> Site:
    """Returns the site, loaded anew if another process has changed its apps since. Order: inside `setup_lock`."""
    now = config.load_settings(site.sites_dir, site.name).settings.installed_apps
    if now == site.settings.installed_apps:
        return site
    forget_site(site)
    return load_site(site.name, site.sites_dir)


#: key of hooks.py -> the flag that is set while its functions run: to the app, or to True
_FLAG_DURING = {
    "before_install": "in_install",
    "before_uninstall": "in_uninstall",
    "before_migrate": "in_migrate",
    "after_migrate": "in_migrate",
}


def run_hooks(site: Site, key: str, app: str | None = None) -> None:
    """Runs the functions that a key of hooks.py names, in one unit of work.

    Args:
        site: the site.
        key: of hooks.py.
        app: of this app alone.
    """
    functions = site.registry.functions(key, app=app)
    if functions:
        with site.work() as context:
            if key in _FLAG_DURING:
                context.flags[_FLAG_DURING[key]] = app or True
            for function in functions:
                function()


def add_roles(site: Site, app: str) -> None:
    """Adds the roles that the permissions of an app's types name and that are missing. Order: inside a context."""
    wanted = roles_of(site, app)
    if wanted:
        there = set(get_all("Role", {"name": ["in", wanted]}, pluck="name"))
        for role in wanted:
            if role not in there:
                Role(role_name=role).insert(ignore_permissions=True)


def roles_of(site: Site, app: str) -> list[str]:
    """Returns the roles that the permissions of an app's types name, in the order in which they come."""
    types = (cls for cls in site.doctypes.values() if cls.meta.app == app)
    return list(dict.fromkeys(permission.role for cls in types for permission in cls.meta.permissions))
