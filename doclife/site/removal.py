"""Uninstalling an app: what goes with it, and the way there.

MariaDB commits each change of a table by itself, so a removal that is interrupted cannot be undone
there. It is one that can be repeated instead: the app counts as installed until all is done, and each
step passes over what is gone already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, inspect, or_, select, update

from doclife.core import clock, config
from doclife.core.errors import BrokerUnavailable, ConfigError, LinkExistsError
from doclife.database import migrate as migrations
from doclife.database.migrate_lock import migrate_lock
from doclife.database.ownership import table_owner
from doclife.database.removal import own_columns, remove
from doclife.events.hooks import AppHooks
from doclife.model.access import delete_doc
from doclife.outbox import runs
from doclife.query.lists import get_all
from doclife.scheduler.sync import sync
from doclife.schema.tables import background_job, metadata, scheduled_job_log, scheduled_job_type
from doclife.site.apps import candidate, own_apps, require_app
from doclife.site.load import forget_site, load_site
from doclife.site.locking import setup_lock
from doclife.site.migrating import STANDARD_ROLES, Report, history_of, quiet, reloaded, roles_of, run_hooks
from doclife.site.runtime import Site

_job = background_job.c


@dataclass(frozen=True)
class Removal:
    """What uninstalling an app would take away."""

    app: str
    #: tables that are dropped, with how many rows they have
    tables: dict[str, int] = field(default_factory=dict)
    #: columns dropped from tables of other apps ("table.column"), with how many rows have something in them
    columns: dict[str, int] = field(default_factory=dict)
    #: rows deleted from tables of other apps: they belong to documents of this one
    rows: dict[str, int] = field(default_factory=dict)
    #: roles that the app's types name and no other app's: deleted unless somebody has them
    roles: tuple[str, ...] = ()
    scheduled_jobs: int = 0
    #: logs of runs of its scheduled jobs
    scheduled_logs: int = 0
    #: jobs of the app that wait: they are cancelled
    queued_jobs: int = 0
    #: jobs of the app that run now: they end as they can
    running_jobs: int = 0

    def lines(self) -> Iterator[str]:
        """Yields what goes, a line each, for people."""
        for name, count in self.tables.items():
            yield f"table {name}: {_counted(count, 'row')}"
        for name, count in self.columns.items():
            yield f"column {name}: {_counted(count, 'value')}"
        for name, count in self.rows.items():
            yield f"in table {name}: {_counted(count, 'row')} of its documents"
        for role in self.roles:
            yield f"role {role}, unless somebody has it"
        if self.scheduled_jobs:
            yield _counted(self.scheduled_jobs, "scheduled job")
        if self.scheduled_logs:
            yield _counted(self.scheduled_logs, "log") + " of runs of its scheduled jobs"
        if self.queued_jobs:
            yield f"{_counted(self.queued_jobs, 'queued job')}: cancelled"
        if self.running_jobs:
            yield f"{_counted(self.running_jobs, 'job')} of it running now: fails when it meets a table that is gone"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def removal(site: Site, app: str) -> Removal:
    """Returns what uninstalling an app would take away; changes nothing.

    Raises:
        AppNotInstalledError: it is not installed. ConfigError: another app requires it.
    """
    own_apps(site)
    require_app(site, app)
    dependants = [each.name for each in site.apps if app in each.values.get("required_apps", ())]
    if dependants:
        raise ConfigError(
            f"app {app!r} is required by {' and '.join(map(repr, dependants))} on {site.name}; uninstall "
            f"{'it' if len(dependants) == 1 else 'them'} first"
        )
    with site.database.reading() as connection:
        there = set(inspect(connection).get_table_names())
        of_status = select(_job.status, func.count()).where(_of_app(app)).group_by(_job.status)
        jobs = {row[0]: row[1] for row in connection.execute(of_status)}
        schedules = select(func.count()).where(scheduled_job_type.c.app == app)
        own = [t for t in metadata.sorted_tables if table_owner(t) == app and t.name in there]
        return Removal(
            app,
            tables={table.name: _count(connection, table) for table in own},
            columns=_filled(connection, app),
            rows=_rows(connection, site, app),
            roles=tuple(_roles(site, app)),
            scheduled_jobs=connection.execute(schedules).scalar_one(),
            scheduled_logs=_count(connection, scheduled_job_log, _logs_of_app(app)),
            queued_jobs=jobs.get("queued", 0),
            running_jobs=jobs.get("started", 0),
        )


def uninstall_app(site: Site, app: str, *, report: Report = quiet) -> Site:
    """Uninstalls an app: tables, columns, rows and roles go as `removal` says; returns the site, loaded anew.

    What fails leaves the app installed; uninstalling it again goes on from there.

    Raises:
        AppNotInstalledError, ConfigError: as of `removal`.
    Order: before_uninstall, jobs cancelled, rows and tables, scheduled jobs, their jobs and logs, roles,
        after_uninstall, `installed_apps`.
    """
    with setup_lock(site.folder):
        site = reloaded(site)
        removal(site, app)
        hooks = next(each for each in site.apps if each.name == app)
        left = [name for name in site.settings.installed_apps if name != app]
        with candidate(site, left) as future, migrate_lock(future.database.engine):
            _take_out(site, future, hooks, report)
            after = site.registry.functions("after_uninstall", app=app)
            with future.work() as context:
                context.flags.in_uninstall = app
                for function in after:
                    function()
        config.write_site_config(site.sites_dir, site.name, {"installed_apps": left})
        forget_site(site)
        site = load_site(site.name, site.sites_dir)
    report(f"uninstalled {app}; restart the workers and servers of {site.name}, they have it loaded still")
    return site


def _take_out(site: Site, future: Site, hooks: AppHooks, report: Report) -> None:
    app, history, engine = hooks.name, history_of(hooks), future.database.engine
    if migrations.current(engine, history) is not None or migrations.head(history) is None:
        run_hooks(site, "before_uninstall", app)
    _cancel_jobs(site, app)
    with site.database.transaction() as connection:
        there = set(inspect(connection).get_table_names())
        for table, condition in _rows_elsewhere(site, app):
            if table.name in there:
                connection.execute(delete(table).where(condition))
    site.database.close()  # an open connection could hold a lock on what is dropped now
    remove(engine, metadata, history, report)
    sync(future)
    _cancel_jobs(site, app)  # what a scheduler has started until its schedule was gone
    with site.database.transaction() as connection:
        connection.execute(delete(scheduled_job_log).where(_logs_of_app(app)))
    with future.work():
        there = set(get_all("Role", {"name": ["in", list(_roles(site, app))]}, pluck="name"))
        for role in sorted(there):
            try:
                delete_doc("Role", role, ignore_permissions=True)
            except LinkExistsError as error:
                report(f"the role {role} stays: {error}")


def _roles(site: Site, app: str) -> Iterator[str]:
    """Yields the roles that types of this app name, and those of no other."""
    others = {role for each in site.apps if each.name != app for role in roles_of(site, each.name)}
    yield from (role for role in roles_of(site, app) if role not in others and role not in STANDARD_ROLES)


def _cancel_jobs(site: Site, app: str) -> None:
    with site.database.transaction() as connection:
        waiting = (_job.status == "queued", _of_app(app))
        ids = list(connection.execute(select(_job.name).where(*waiting)).scalars())
        now = clock.utc_now()
        error = f"the app {app} was uninstalled"
        values = {"status": "cancelled", "dedup_key": None, "ended_at": now, "error": error}
        connection.execute(update(background_job).where(*waiting).values(values))
        runs.cancelled(connection, ids, error)
    if ids:
        try:
            site.broker.forget(ids)
        except BrokerUnavailable:  # what it delivers later is found cancelled
            return


def _of_app(app: str) -> Any:
    return _job.method.startswith(f"{app}.", autoescape=True)


def _logs_of_app(app: str) -> Any:
    """Returns what holds of the logs of an app's schedules, whose names begin with it; those that are gone too."""
    schedule = scheduled_job_log.c.scheduled_job_type
    return or_(*(schedule.startswith(f"{app}{sign}", autoescape=True) for sign in (".", ": ")))


def _rows_elsewhere(site: Site, app: str) -> Iterator[tuple[Any, Any]]:
    """Yields tables of other apps, and what holds there of the rows of this app's documents or table fields."""
    for cls in site.doctypes.values():
        for name, field_ in cls._blueprint.table_fields.items():
            child = site.doctypes.get(field_.options)
            if child is None or child.meta.app == app:
                continue
            table = child.__table__
            of_type = table.c.parenttype == cls.meta.doctype
            if cls.meta.app == app:
                yield table, of_type
            elif cls._blueprint.added_by.get(name) == app:
                yield table, of_type & (table.c.parentfield == name)


def _rows(connection: Connection, site: Site, app: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for table, condition in _rows_elsewhere(site, app):
        found[table.name] = found.get(table.name, 0) + _count(connection, table, condition)
    return {name: count for name, count in found.items() if count}


def _count(connection: Connection, table: Any, condition: Any = None) -> int:
    query = select(func.count()).select_from(table)
    return int(connection.execute(query if condition is None else query.where(condition)).scalar_one())


def _filled(connection: Connection, app: str) -> dict[str, int]:
    found = {}
    for name, columns in own_columns(connection, metadata, app).items():
        table = metadata.tables[name]
        for column in columns:
            here = table.c[column]
            filled = here.is_not(None) if here.nullable else here != 0
            found[f"{name}.{column}"] = _count(connection, table, filled)
    return found
