"""Making and dropping sites."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from doclife.core import config
from doclife.core.context import ADMINISTRATOR, GUEST
from doclife.core.errors import BrokerUnavailable, ConfigError
from doclife.database import migrate as migrations
from doclife.database.migrate_lock import migrate_lock
from doclife.doctypes.user import Role, User
from doclife.events import hooks
from doclife.outbox import workers
from doclife.queue.connect import EMBEDDED
from doclife.scheduler.sync import sync
from doclife.schema.tables import metadata
from doclife.site.apps import install_app
from doclife.site.load import forget_site, load_site
from doclife.site.locking import setup_lock
from doclife.site.migrating import STANDARD_ROLES, Report, histories, quiet, upgrade
from doclife.site.runtime import Site


def new_site(
    name: str,
    sites_dir: str | Path | None = None,
    *,
    db_url: str = "",
    redis_url: str = "",
    apps: Sequence[str] = (),
    admin_password: str | None = None,
    report: Report = quiet,
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
    for app in apps:
        hooks.load_app(app)
    try:
        path.mkdir(parents=True)  # of two processes that make one site, one makes the folder
    except FileExistsError:
        raise ConfigError(f"site {name!r} exists already in {folder}; choose another name, or drop-site it") from None
    except OSError as error:
        raise ConfigError(f"{path}: it cannot be made: {error}") from error
    site: Site | None = None
    filled = False
    try:
        changes = {"db_url": db_url, "redis_url": redis_url}
        with setup_lock(path):
            config.write_site_config(folder, name, {key: value for key, value in changes.items() if value})
            site = load_site(name, folder)
            # of two sites that are made in one database, the second finds tables
            with migrate_lock(site.database.engine):
                if not migrations.is_empty(site.database.engine):
                    raise ConfigError(
                        f"the database {config.redact(db_url)} holds tables already; a new site needs an empty one"
                    )
                filled = True
                upgrade(site, report)
                sync(site)
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
        for role in STANDARD_ROLES:
            Role(role_name=role).insert()
        User(email=ADMINISTRATOR, first_name=ADMINISTRATOR, new_password=admin_password or None).insert()
        User(email=GUEST, first_name=GUEST).insert()


def running_workers(site: Site) -> list[str]:
    """Returns the names of the worker processes of a site that live."""
    names = workers.registered(site.database)
    dead = workers.liveness_of(site.database, site.folder).dead(names)
    return [name for name in names if name not in dead]


def drop_site(site: Site, *, report: Report = quiet) -> None:
    """Drops a site: its tables, what the broker holds of it, its folder, and that it is the one in use.

    What fails leaves the folder, so that the site can be dropped again.

    Order: after its workers have ended (`running_workers`).
    """
    with setup_lock(site.folder):
        with migrate_lock(site.database.engine):
            migrations.drop_all(site.database.engine, metadata, histories(site))
        left = migrations.table_names(site.database.engine)
        if left:
            report(f"tables of no installed app stay in the database: {', '.join(left)}")
        try:
            site.broker.clear()
        except BrokerUnavailable as error:
            if site.settings.redis_url != EMBEDDED:  # which has simply not been started
                report(f"the queues of the site stay on the broker: {error}")
        folder = site.folder
        forget_site(site)
        shutil.rmtree(folder)
        config.forget_use(folder.parent, folder.name)
