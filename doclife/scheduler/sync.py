"""Sync: the rows of scheduled job types follow what the apps declare; stops and times survive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from doclife.core import clock
from doclife.core.context import ADMINISTRATOR
from doclife.core.errors import HookError, QueryDeadlockError, ValidationError
from doclife.core.log import get_logger
from doclife.database.errors import DuplicateKey
from doclife.scheduler.declarations import Declared, declared
from doclife.scheduler.planning import STORED, is_outdated, planned
from doclife.scheduler.times import ALL
from doclife.schema.tables import scheduled_job_type

SYNCED = "scheduled_jobs_synced"

#: several processes may begin to sync in one moment; who comes second finds nothing to do
TRIES = 5

_type = scheduled_job_type.c

#: what a declaration says, by column
_DECLARED = (
    "app", "method", "entry", "frequency", "cron_format", "queue", "timeout", "retries", "catch_up", "time_zone",
)  # fmt: skip

log = get_logger(__name__)


def sync(site: Any) -> int:
    """Brings the rows up to date with the hooks of the site's apps; returns how many changed.

    A changed cron text changes its row, whose `stopped` and last time stay; entries that are gone
    are removed. A time to come that would not be planned now is planned anew, in rows of server
    scripts too, whose other columns are left alone; what is due already stays due. When nothing has
    changed nothing is written.

    Args:
        site: a loaded `doclife.site.runtime.Site`.
    Raises:
        HookError: a declaration cannot be used.
    """
    wanted = {each.name: each for each in declared(site.apps, site.settings)}
    with site.database.reading() as connection:
        if not _changes(connection, site, wanted):
            return 0
    changed = _write_all(site, wanted)
    log.info(SYNCED, changed=changed)
    return changed


def _write_all(site: Any, wanted: dict[str, Declared]) -> int:
    for left in reversed(range(TRIES)):
        try:
            with site.database.transaction() as connection:
                changes = _changes(connection, site, wanted, lock=True)
                for name, values in changes.items():
                    _write(connection, site, name, values)
            return len(changes)
        except (DuplicateKey, QueryDeadlockError):  # another process does the same in this moment
            if not left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def unsynced(site: Any) -> list[str]:
    """Returns the names of the rows that `sync` would write.

    Raises:
        HookError: a declaration cannot be used.
    """
    wanted = {each.name: each for each in declared(site.apps, site.settings)}
    with site.database.reading() as connection:
        return list(_changes(connection, site, wanted))


def _changes(
    connection: Connection, site: Any, wanted: dict[str, Declared], *, lock: bool = False
) -> dict[str, dict[str, Any]]:
    """Returns what is to be written into rows, by name and in its order; nothing: the row is to go.

    Args:
        connection: to read on.
        site: whose rows they are.
        wanted: declarations by name.
        lock: the rows, so that no tick plans one of them in between.
    """
    columns = [_type[column] for column in _DECLARED]
    query = select(_type.name, *columns, _type.server_script, STORED).order_by(_type.name)
    rows = {row.name: row for row in connection.execute(query.with_for_update() if lock else query)}
    now = clock.utc_now()
    changes: dict[str, dict[str, Any]] = {}
    for name in sorted(rows.keys() | wanted.keys()):
        row, declaration = rows.get(name), wanted.get(name)
        if declaration is not None:
            values = {column: getattr(declaration, column) for column in _DECLARED}
            changed = {
                column: value for column, value in values.items() if row is None or getattr(row, column) != value
            }
        elif row is not None and row.server_script is None:
            changes[name] = {}
            continue
        else:
            changed = {}
        said: Any = declaration or row
        try:
            if row is None or _is_to_plan(site, row, said, now):
                changed["next_execution"] = planned(site, said, now)
        except ValidationError as error:  # H stands for a month that has no such day
            raise HookError(f"{said.app}: scheduler_events: {name}: {error}") from error
        if row is None:
            changed |= {"name": name, "owner": ADMINISTRATOR, "creation": clock.to_site(now, site.settings.time_zone)}
        if changed:
            changes[name] = changed
    return changes


def _is_to_plan(site: Any, row: Any, declaration: Any, now: datetime) -> bool:
    # What was due at each tick has missed nothing under its new times.
    were_ticks = row.frequency == ALL and declaration.frequency != ALL
    return were_ticks or is_outdated(site, declaration, row.stored, now)


def _write(connection: Connection, site: Any, name: str, values: dict[str, Any]) -> None:
    if not values:
        connection.execute(delete(scheduled_job_type).where(_type.name == name))
        return
    if values.keys() != {"next_execution"}:
        values |= {"modified": clock.now(site.settings.time_zone), "modified_by": ADMINISTRATOR}
    if "name" in values:
        connection.execute(scheduled_job_type.insert().values(values))
    else:
        connection.execute(update(scheduled_job_type).where(_type.name == name).values(values))
