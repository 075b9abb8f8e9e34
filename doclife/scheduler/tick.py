"""The tick: every schedule that is due gets its job, once, whoever else ticks at the same time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from doclife.core import clock
from doclife.core.context import current
from doclife.core.errors import DoclifeError
from doclife.core.log import get_logger
from doclife.scheduler.firing import Busy, fire
from doclife.scheduler.sync import first_time
from doclife.scheduler.times import ALL
from doclife.schema.tables import scheduled_job_type
from doclife.uow.unit import UnitOfWork

SCHEDULE_FAILED = "schedule_failed"
SCHEDULE_SKIPPED = "schedule_skipped"

#: a run that is later than so many ticks was missed, and is left out where catch_up is "skip"
LATE_TICKS = 2

_type = scheduled_job_type.c

log = get_logger(__name__)


def tick(site: Any) -> int:
    """Enqueues the jobs of the schedules that are due; returns how many.

    One that cannot be enqueued is logged and does not stop the others.

    Args:
        site: a loaded `doclife.site.runtime.Site`.
    Order: outside a context of this site; it opens one for each schedule.
    """
    now = clock.utc_now()
    due = select(_type.name).where(_type.stopped == 0, _type.next_execution <= now).order_by(_type.next_execution)
    with site.database.reading() as connection:
        names = list(connection.execute(due).scalars())
    enqueued = 0
    for name in names:
        try:
            with site.work():
                fired = _fire(site, name, now)
        except DoclifeError as error:
            log.error(SCHEDULE_FAILED, schedule=name, reason=str(error))
        else:
            enqueued += fired
    return enqueued


def _fire(site: Any, name: str, now: datetime) -> int:
    context = current()
    unit: UnitOfWork = context.unit
    unit.before_write()  # what is read here stays true until the commit
    query = select(scheduled_job_type).where(_type.name == name, _type.stopped == 0, _type.next_execution <= now)
    row = unit.link.execute(query.with_for_update(skip_locked=True)).first()
    if row is None:  # another scheduler was here first
        return 0
    # `all` has no times of its own: each tick is one
    due = now if row.frequency == ALL else clock.to_utc(row.next_execution, site.settings.time_zone)
    policy = row.catch_up or site.settings.catch_up
    after = due if policy == "all" else now
    following = first_time(row.frequency, row.cron_format, row.time_zone, site.settings, after)
    late = due + timedelta(seconds=LATE_TICKS * site.settings.scheduler_tick_interval) < now
    fired = None if late and policy == "skip" else fire(context, row, due, now, next_execution=following)
    if isinstance(fired, str):
        return 1
    if isinstance(fired, Busy):
        if policy == "all":
            return 0  # this run is still to come
        log.info(SCHEDULE_SKIPPED, schedule=name, reason=f"its last job {fired.job} is {fired.status} still")
    unit.link.execute(update(scheduled_job_type).where(_type.name == name).values(next_execution=following))
    return 0
