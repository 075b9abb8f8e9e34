"""Sync: the rows of scheduled job types follow what the apps declare; stops and times survive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from doclife.core import clock
from doclife.core.context import ADMINISTRATOR
from doclife.core.log import get_logger
from doclife.core.settings import Settings
from doclife.database.errors import DuplicateKey
from doclife.scheduler import times
from doclife.scheduler.declarations import Declared, declared
from doclife.schema.tables import scheduled_job_type

SYNCED = "scheduled_jobs_synced"

_type = scheduled_job_type.c

#: what a declaration says, by column
_DECLARED = (
    "app", "method", "entry", "frequency", "cron_format", "queue", "timeout", "retries", "catch_up", "time_zone",
)  # fmt: skip
#: of these the times depend
_TIMING = ("frequency", "cron_format", "time_zone")

log = get_logger(__name__)


def sync(site: Any) -> int:
    """Brings the rows up to date with the hooks of the site's apps; returns how many changed.

    A changed cron text changes its row, whose `stopped` and last time stay; entries that are gone
    are removed. When nothing has changed nothing is written.

    Args:
        site: a loaded `doclife.site.runtime.Site`.
    Raises:
        HookError: a declaration cannot be used.
    """
    wanted = {each.name: each for each in declared(site.apps, site.settings)}
    with site.database.reading() as connection:
        if not _changes(connection, wanted):
            return 0
    try:
        with site.database.transaction() as connection:
            changes = _changes(connection, wanted)
            for name in changes:
                _write(connection, site.settings, name, wanted.get(name))
    except DuplicateKey:  # another process did the same in this moment
        return 0
    log.info(SYNCED, changed=len(changes))
    return len(changes)


def _changes(connection: Connection, wanted: dict[str, Declared]) -> list[str]:
    """Returns the names of the rows that are missing, different or too many."""
    columns = [_type[name] for name in _DECLARED]
    query = select(_type.name, *columns).where(_type.server_script.is_(None))
    stored = {row.name: tuple(row)[1:] for row in connection.execute(query)}
    changed = [
        name
        for name, each in wanted.items()
        if stored.get(name) != tuple(getattr(each, column) for column in _DECLARED)
    ]
    return changed + [name for name in stored if name not in wanted]


def _write(connection: Connection, settings: Settings, name: str, wanted: Declared | None) -> None:
    if wanted is None:
        connection.execute(delete(scheduled_job_type).where(_type.name == name))
        return
    now = clock.utc_now()
    site_now = clock.to_site(now, settings.time_zone)
    values: dict[str, Any] = {column: getattr(wanted, column) for column in _DECLARED}
    values |= {"modified": site_now, "modified_by": ADMINISTRATOR}
    timing = [_type[column] for column in _TIMING]
    before = connection.execute(select(*timing).where(_type.name == name)).first()
    if before is None or tuple(before) != tuple(values[column] for column in _TIMING):
        values["next_execution"] = first_time(wanted.frequency, wanted.cron_format, wanted.time_zone, settings, now)
    if before is None:
        values |= {"name": name, "owner": ADMINISTRATOR, "creation": site_now}
        connection.execute(scheduled_job_type.insert().values(values))
    else:
        connection.execute(update(scheduled_job_type).where(_type.name == name).values(values))


def first_time(
    frequency: str, cron_format: str | None, time_zone: str | None, settings: Settings, after: datetime
) -> datetime | None:
    """Returns when a schedule is due next after a moment; `all` is due at once, at each tick."""
    if frequency == times.ALL:
        return after
    return times.next_time(cron_format or frequency, time_zone or settings.time_zone, after)
