"""The tick: every schedule that is due gets its job, once, whoever else ticks at the same time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import bindparam, select, update

from doclife.core import clock
from doclife.core.context import Context
from doclife.core.errors import DatabaseUnavailable, DoclifeError
from doclife.core.log import get_logger
from doclife.database.types import UtcDateTime
from doclife.scheduler.firing import Busy, fire
from doclife.scheduler.planning import planned
from doclife.scheduler.times import ALL
from doclife.schema.tables import scheduled_job_type
from doclife.uow.retry import is_conflict

SCHEDULE_FAILED = "schedule_failed"
SCHEDULE_SKIPPED = "schedule_skipped"

#: a run that is later than so many ticks was missed, and is left out where catch_up is "skip"
LATE_TICKS = 2

_type = scheduled_job_type.c

_DUE = select(scheduled_job_type).where(
    _type.name == bindparam("schedule"),
    _type.stopped == 0,
    _type.next_execution <= bindparam("now", type_=UtcDateTime()),
)
#: unless another transaction has locked it
_FREE = _DUE.with_for_update(skip_locked=True)

log = get_logger(__name__)


class Ticked(msgspec.Struct, kw_only=True):
    """What one tick has done."""

    #: schedules that were started, in order, and the ids of their jobs
    fired: list[tuple[str, str]] = msgspec.field(default_factory=list)
    #: schedules that could not be started, and why; they are due still
    failed: dict[str, str] = msgspec.field(default_factory=dict)
    #: whether the next tick need not wait for its time: missed runs of a schedule that catches up
    #: with all of them are still to come, or one lost against another transaction or is locked by it
    waiting: bool = False


def tick(
    site: Any,
    at: datetime | None = None,
    *,
    only_missed: bool = False,
    between: Callable[[], bool] | None = None,
) -> Ticked:
    """Starts the schedules that are due, each in a transaction of its own.

    One that cannot be started is logged and does not stop the others.

    Args:
        site: a loaded `doclife.site.runtime.Site`.
        at: the moment this tick stands for, aware, not after now: schedules of `all` are started
            once for it, and are due again one tick later. None: now, and due again at once.
        only_missed: leave out those of `all`.
        between: is called before each schedule; False ends the tick, and the others stay due.
    Raises:
        DatabaseUnavailable: the database cannot be reached; what is left is due still.
    Order: outside a context of this site; it opens one for each schedule.
    """
    now = clock.utc_now()
    due = select(_type.next_execution, _type.name).where(_type.stopped == 0, _type.next_execution <= now)
    if only_missed:
        due = due.where(_type.frequency != ALL)
    with site.database.reading() as connection:
        names = [row.name for row in sorted(connection.execute(due), key=tuple)]  # not each database sorts as another
    ticked = Ticked()
    for name in names:
        if between is not None and not between():
            break
        try:
            with site.work() as context:
                job, waiting = _start(context, name, now, at)
        except DatabaseUnavailable:
            raise
        except Exception as error:
            log.error(SCHEDULE_FAILED, schedule=name, reason=str(error), exc_info=not isinstance(error, DoclifeError))
            ticked.failed[name] = str(error)
            ticked.waiting |= is_conflict(error)
        else:
            ticked.waiting |= waiting
            if job is not None:
                ticked.fired.append((name, job))
    return ticked


def _start(context: Context, name: str, now: datetime, at: datetime | None) -> tuple[str | None, bool]:
    """Starts a schedule that is due and plans it anew; returns its job's id or None, and whether more runs wait."""
    unit, settings = context.unit, context.site.settings
    unit.before_write()  # what is read here stays true until the commit
    row = unit.link.execute(_FREE, {"schedule": name, "now": now}).first()
    if row is None:  # another scheduler was here first, or is here now; or somebody saves it
        return None, unit.link.execute(_DUE, {"schedule": name, "now": now}).first() is not None
    if row.frequency == ALL:
        return _start_all(context, row, now, at), False
    oldest = clock.to_utc(row.next_execution, settings.time_zone)
    policy = row.catch_up or settings.catch_up
    following = planned(context.site, row, oldest if policy == "all" else now)
    due = _in_time(context, row, oldest, now) if policy == "skip" else oldest
    fired = None if due is None else fire(context, row, due, now, next_execution=following)
    if isinstance(fired, Busy):
        if policy == "all":
            return None, True  # this run is still to come
        _skipped(name, fired)
    if not isinstance(fired, str):
        _plan(context, name, following)
        fired = None
    return fired, policy == "all" and following is not None and following <= now


def _in_time(context: Context, row: Any, due: datetime, now: datetime) -> datetime | None:
    """Returns when the first run of a schedule was due that is not late yet, or None."""
    late = now - timedelta(seconds=LATE_TICKS * context.site.settings.scheduler_tick_interval)
    if due >= late:
        return due
    first = planned(context.site, row, late)
    return None if first is None or first > now else first


def _start_all(context: Context, row: Any, now: datetime, at: datetime | None) -> str | None:
    """Starts a schedule that has no times of its own: each tick is one."""
    following = now if at is None else at + timedelta(seconds=context.site.settings.scheduler_tick_interval)
    fired = fire(context, row, at or now, now, next_execution=following)
    if fired is None and at is not None:  # the clock was set back: that it is due is all that counts
        fired = fire(context, row, now, now, next_execution=following)
    if isinstance(fired, str):
        return fired
    if isinstance(fired, Busy):
        _skipped(row.name, fired)
    _plan(context, row.name, following)
    return None


def _plan(context: Context, name: str, following: datetime | None) -> None:
    context.unit.link.execute(update(scheduled_job_type).where(_type.name == name).values(next_execution=following))


def _skipped(name: str, holder: Busy) -> None:
    log.info(SCHEDULE_SKIPPED, schedule=name, reason=f"its last job {holder.job} is {holder.status} still")
