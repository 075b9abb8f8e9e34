"""Making sites and installing apps: new_site, install_app, migrate, drop_site."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from doclife.core import config
from doclife.core.context import ADMINISTRATOR, GUEST
from doclife.core.errors import AppNotInstalledError, ConfigError, UnknownAppError
from doclife.database import migrate as migrations
from doclife.database.migrate import AppHistory, Applied
from doclife.database.migrate_lock import migrate_lock
from doclife.doctypes.user import SYSTEM_MANAGER, Role, User
from doclife.events import hooks
from doclife.query.select import first_name
from doclife.scheduler.sync import sync
from doclife.schema.tables import metadata
from doclife.site.load import forget_site, load_site
from doclife.site.runtime import Site
from doclife.uow.unit import current_unit

Report = Callable[[str], None]

_STANDARD_ROLES = (SYSTEM_MANAGER, "All", "Guest", "Script Manager")


def _quiet(_message: str) -> None:
    return None


def new_site(
    name: str,
    sites_dir: str | Path | None = None,
    *,
    db_url: str = "",
    redis_url: str = "",
    apps: Sequence[str] = (),
    admin_password: str | None = None,
    report: Report = _quiet,
) -> Site:
    """Creates a site: its folder and settings, its tables, its first users, its apps.

    Args:
        name: of the site, as a folder's name.
        sites_dir: made when absent.
        db_url: empty: SQLite in the site's folder.
        redis_url: empty: the embedded server.
        apps: to install, in order.
        admin_password: of Administrator; None: nobody can log in with a password yet.
        report: is told each step.
    Raises:
        ConfigError: the site exists, or the database holds tables already. Nothing is left then.
    """
    folder = config.find_sites_dir(sites_dir)
    path = config.site_dir(folder, name)
    if path.exists():
        raise ConfigError(f"site {name!r} exists already in {folder}; choose another name, or drop-site it")
    for app in apps:
        hooks.load_app(app)
    path.mkdir(parents=True)
    site: Site | None = None
    filled = False
    try:
        changes = {"db_url": db_url, "redis_url": redis_url}
        config.write_site_config(folder, name, {key: value for key, value in changes.items() if value})
        site = load_site(name, folder)
        if not migrations.is_empty(site.database.engine):
            raise ConfigError(
                f"the database {config.redact(db_url)} holds tables already; a new site needs an empty one"
            )
        filled = True
        migrate(site, report=report)
        add_first_records(site, admin_password)
        for app in apps:
            site = install_app(site, app, report=report)
    except BaseException:
        if site is not None:
            if filled:
                migrations.drop_all(site.database.engine, metadata, histories(site))
            forget_site(site)
        shutil.rmtree(path, ignore_errors=True)
        raise
    return site


def add_first_records(site: Site, admin_password: str | None = None) -> None:
    """Adds the roles and users that every site has. Order: once, on a migrated site without apps' records."""
    with site.work():
        for role in _STANDARD_ROLES:
            Role(role_name=role).insert()
        User(email=ADMINISTRATOR, first_name=ADMINISTRATOR, new_password=admin_password or None).insert()
        User(email=GUEST, first_name=GUEST).insert()


def install_app(site: Site, app: str, *, report: Report = _quiet) -> Site:
    """Installs an app on a site: tables, roles, `after_install`. Returns the site, loaded anew.

    Raises:
        UnknownAppError, HookError: the app cannot be loaded, or requires one that is not installed.
        ConfigError: it is installed already.
    """
    installed = list(site.settings.installed_apps)
    if app in installed:
        raise ConfigError(f"app {app!r} is installed on {site.name} already")
    hooks.in_order([*installed, app])
    config.write_site_config(site.sites_dir, site.name, {"installed_apps": [*installed, app]})
    try:
        forget_site(site)
        site = load_site(site.name, site.sites_dir)
        migrate(site, report=report)
        add_app_records(site, app)
    except BaseException:
        config.write_site_config(site.sites_dir, site.name, {"installed_apps": installed})
        forget_site(site)
        raise
    report(f"installed {app}")
    return site


def add_app_records(site: Site, app: str) -> None:
    """Adds what an app brings besides tables: the roles it names, then what its `after_install` does."""
    with site.work():
        _add_roles(site, app)
        for after_install in site.registry.functions("after_install", app=app):
            after_install()


def _add_roles(site: Site, app: str) -> None:
    """Adds the roles that the permissions of an app's types name."""
    for cls in site.doctypes.values():
        if cls.meta.app != app:
            continue
        for permission in cls.meta.permissions:
            if first_name(current_unit(), Role, {"role_name": permission.role}) is None:
                Role(role_name=permission.role).insert()


def require_app(site: Site, app: str) -> None:
    """Refuses an app that is not installed.

    Raises:
        AppNotInstalledError.
    """
    if app not in site.settings.installed_apps:
        raise AppNotInstalledError(
            f"app {app!r} is not installed on {site.name}; installed: {site.settings.installed_apps}"
        )


def history_of(app: hooks.AppHooks) -> AppHistory:
    """Returns the migration history of an app; the framework's own is named doclife."""
    if app.name == "doclife":
        return AppHistory("doclife", migrations.MIGRATIONS / "versions")
    if app.package.__file__ is None:
        raise UnknownAppError(f"app {app.name!r} is no package with a folder of its own")
    return AppHistory(app.name, Path(app.package.__file__).parent / "migrations")


def histories(site: Site) -> list[AppHistory]:
    """Returns the histories of a site's apps in install order, the framework's first."""
    return [history_of(app) for app in site.apps]


def migrate(site: Site, *, report: Report = _quiet) -> list[Applied]:
    """Brings a site's tables and its scheduled jobs up to date, then runs `after_migrate`.

    Two processes that start it at once take turns. Returns what was applied.

    Raises:
        MigrationError: names app and revision.
    """
    engine = site.database.engine
    with migrate_lock(engine):
        applied = migrations.upgrade(
            engine, metadata, histories(site), report=lambda done: report(f"{done.app}: {done.revision} {done.message}")
        )
    sync(site)
    with site.work():
        for after_migrate in site.registry.functions("after_migrate"):
            after_migrate()
    return applied


def drop_site(site: Site) -> None:
    """Drops a site's tables and removes its folder."""
    migrations.drop_all(site.database.engine, metadata, histories(site))
    folder = site.folder
    forget_site(site)
    shutil.rmtree(folder)
