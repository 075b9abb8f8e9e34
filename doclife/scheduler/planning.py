"""Planning: when a schedule is due next, and what is planned anew."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, type_coerce, update

from doclife.core import clock
from doclife.core.context import current
from doclife.core.errors import ConfigError, ValidationError
from doclife.core.log import get_logger
from doclife.database.executes import Executes
from doclife.database.types import NaiveDateTime
from doclife.scheduler import times
from doclife.schema.tables import scheduled_job_type

NOT_PLANNED = "schedule_not_planned"

_type = scheduled_job_type.c

#: when a row is due next, naive UTC, inside a context as outside of one
STORED = type_coerce(_type.next_execution, NaiveDateTime()).label("stored")
#: what planning asks of a row
COLUMNS = (_type.name, _type.frequency, _type.cron_format, _type.time_zone, STORED)

log = get_logger(__name__)


def planned(site: Any, row: Any, after: datetime) -> datetime | None:
    """Returns when a schedule is due next, strictly after a moment; None: its expression has ended.

    One of `all` is due at each tick, so at once.

    Args:
        site: whose schedule it is.
        row: has its name, frequency, cron_format and time_zone.
        after: aware.
    """
    if row.frequency == times.ALL:
        return after
    zone = row.time_zone or site.settings.time_zone
    return times.next_time(row.cron_format or row.frequency, zone, after, spread_by=f"{site.name}/{row.name}")


def is_outdated(site: Any, row: Any, stored: datetime | None, now: datetime) -> bool:
    """Tells whether a schedule waits for a time that would not be planned now.

    The site's time zone has changed, or the clock was set back. What is due already stays due.

    Args:
        site: whose schedule it is.
        row: as for `planned`.
        stored: when it is due next, naive UTC.
        now: aware.
    """
    due = None if stored is None else stored.replace(tzinfo=UTC)
    if due is not None and due <= now:
        return False
    if row.frequency == times.ALL:
        return due is None or due > now + timedelta(seconds=site.settings.scheduler_tick_interval)
    return planned(site, row, now) != due


def plan_anew(site: Any, names: Collection[str] | None = None) -> int:
    """Plans schedules from now on: what was missed until now is not made up. Returns how many changed.

    One that cannot be planned is logged, and does not stop the others.

    Args:
        site: whose schedules they are.
        names: these alone; None: all.
    Order: in a context of the site, whose open transaction it belongs to.
    """
    unit = current().unit
    unit.before_write()  # what is read here stays true until the commit
    query = select(*COLUMNS).order_by(_type.name).with_for_update()
    if names is not None:
        query = query.where(_type.name.in_(names))
    rows = unit.link.execute(query).all()
    now = clock.utc_now()
    changed = 0
    for row in rows:
        changed += _write(unit.link, row, _anew(site, row, now, missed=True))
    return changed


def plan_outdated(site: Any) -> int:
    """Plans anew what waits for a time that would not be planned now, whatever the hooks say. Returns how many changed.

    What is due already stays due. When nothing is outdated nothing is written. One that cannot be
    planned is logged, and does not stop the others.

    Args:
        site: whose schedules they are.
    Order: outside a context of this site; it has a transaction of its own.
    """
    query = select(*COLUMNS).order_by(_type.name)
    with site.database.reading() as connection:
        now = clock.utc_now()
        names = [row.name for row in connection.execute(query) if _anew(site, row, now)]
    changed = 0
    for name in names:
        with site.database.transaction() as connection:
            row = connection.execute(query.where(_type.name == name).with_for_update()).first()
            if row is not None:
                changed += _write(connection, row, _anew(site, row, clock.utc_now()))
    return changed


def plan_again(doc: Any) -> None:
    """Plans a schedule anew that is no longer stopped: what it missed meanwhile is not made up.

    Order: before a Scheduled Job Type is written.
    """
    if doc.stopped or not doc.has_value_changed("stopped"):
        return
    context = current()
    following = planned(context.site, doc, clock.utc_now())
    doc.next_execution = None if following is None else clock.to_site(following, context.site.settings.time_zone)
    # A document is not written where its site time stays as it was, as it does an hour later in the night in which
    # the clock is set back.
    context.unit.before_write()
    _write(context.unit.link, doc, {"next_execution": following})


def _anew(site: Any, row: Any, now: datetime, *, missed: bool = False) -> dict[str, datetime | None]:
    """Returns what is to be written into a row that is outdated, or with `missed` overdue; nothing: it stays."""
    overdue = missed and row.frequency != times.ALL and row.stored is not None
    try:
        if (overdue and row.stored.replace(tzinfo=UTC) <= now) or is_outdated(site, row, row.stored, now):
            return {"next_execution": planned(site, row, now)}
    except (ValidationError, ConfigError) as error:  # of another version of the app, or its zone is gone from this host
        log.error(NOT_PLANNED, schedule=row.name, reason=str(error))
    return {}


def _write(on: Executes, row: Any, values: dict[str, datetime | None]) -> bool:
    if values:
        on.execute(update(scheduled_job_type).where(_type.name == row.name).values(values))
    return bool(values)
