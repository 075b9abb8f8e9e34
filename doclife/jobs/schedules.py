"""How the scheduler of a site is: who ticks, when last, and what is due. `doclife.jobs.problems` judges it.

Everything is read from the database; neither a worker nor the broker is asked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, case, func, select

from doclife.core import clock, config
from doclife.core.settings import Settings
from doclife.database.link import Database
from doclife.database.now import database_now
from doclife.jobs.listing import to_utc
from doclife.outbox.moments import TICK, noted
from doclife.schema.tables import lease, scheduled_job_type

#: name of the lease of who ticks
SCHEDULER = "scheduler"
#: settings each of which keeps the scheduler from enqueuing, the strongest first
SWITCHES = ("maintenance_mode", "disable_scheduler", "pause_scheduler")
#: the frequency word of schedules that are due at each tick, and have no times of their own
ALL = "all"
#: so many ticks late is a tick that does not come, and a schedule that was not enqueued
LATE_TICKS = 2.5
#: seconds that are never called late
LEAST_LATE_S = 5.0

_lease = lease.c
_type = scheduled_job_type.c


class Leader(msgspec.Struct, frozen=True, kw_only=True):
    """Who does a duty of which one process at a time is in charge."""

    #: None: nobody does
    holder: str | None
    #: until when it leads if it does not renew that
    until: datetime | None


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule, and when it is or was due."""

    name: str
    method: str
    at: datetime


class SchedulerState(Leader, frozen=True, kw_only=True):
    """The scheduler at one moment; times are naive, in the site's zone inside a context, else UTC."""

    #: of SWITCHES those that are set
    switches: list[str]
    #: seconds from one tick to the next
    tick_interval: float
    #: None: it has never ticked
    last_tick: datetime | None
    #: seconds since then
    last_tick_age_s: float | None
    #: schedules that are to come
    active: int
    stopped: int
    #: active ones that were due and have not been enqueued for longer than a tick that comes takes
    overdue: int
    first_overdue: Due | None
    #: the active schedule that is due next; those that are due at each tick are left out
    next: Due | None

    @property
    def late_s(self) -> float:
        """Seconds after which something that a tick does is late."""
        return max(LATE_TICKS * self.tick_interval, LEAST_LATE_S)

    @property
    def ticks(self) -> bool:
        """Whether the last tick is not longer ago than it may be."""
        return self.last_tick_age_s is not None and self.last_tick_age_s <= self.late_s


def scheduler_state(site: Any) -> SchedulerState:
    """Returns how the scheduler of a site is now.

    Args:
        site: a loaded `doclife.site.runtime.Site`; its settings are read anew, as the scheduler does at each tick.
    Raises:
        ConfigError: the settings cannot be read. DatabaseUnavailable: the database does not answer.
    """
    database, settings = site.database, config.load_settings(site.sites_dir, site.name).settings
    leads = leader(database, SCHEDULER)
    last_tick = noted(database, TICK)
    interval = settings.scheduler_tick_interval
    late = database_now(database.dialect, -max(LATE_TICKS * interval, LEAST_LATE_S))
    active = [_type.stopped == 0, _type.next_execution.is_not(None)]
    overdue = [*active, _type.next_execution < late]
    counts = select(*(_count(*each) for each in (active, [_type.stopped != 0], overdue)))
    with database.reading() as connection:
        figures = connection.execute(counts).one()
    return SchedulerState(
        holder=leads.holder,
        until=leads.until,
        switches=set_switches(settings),
        tick_interval=interval,
        last_tick=last_tick,
        last_tick_age_s=None if last_tick is None else _age_s(last_tick),
        active=int(figures[0] or 0),
        stopped=int(figures[1] or 0),
        overdue=int(figures[2] or 0),
        first_overdue=_first(database, overdue) if figures[2] else None,
        next=_first(database, [*active, _type.frequency != ALL]),
    )


def set_switches(settings: Settings) -> list[str]:
    """Returns those of SWITCHES that are set, the strongest first."""
    return [each for each in SWITCHES if getattr(settings, each)]


def leader(database: Database, name: str) -> Leader:
    """Returns who holds a lease that has not run out."""
    leads = _lease.until > database_now(database.dialect)
    query = select(_lease.holder, _lease.until).where(_lease.name == name, _lease.holder.is_not(None), leads)
    with database.reading() as connection:
        row = connection.execute(query).first()
    return Leader(holder=None, until=None) if row is None else Leader(holder=row.holder, until=row.until)


def _age_s(moment: datetime) -> float:
    """Returns the seconds since a time of the database, whose clock may be a little ahead."""
    return max((clock.utc_now() - to_utc(moment)).total_seconds(), 0.0)


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[Any]:
    found = conditions[0]
    for each in conditions[1:]:
        found = found & each
    return func.sum(case((found, 1), else_=0))


def _first(database: Database, conditions: list[ColumnElement[bool]]) -> Due | None:
    query = select(_type.name, _type.method, _type.next_execution).where(*conditions)
    with database.reading() as connection:
        row = connection.execute(query.order_by(_type.next_execution, _type.name).limit(1)).first()
    return None if row is None else Due(name=row.name, method=row.method, at=row.next_execution)
