"""The schedules as people ask for them: what each says, when it is due next, and what it waits for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from doclife.core import clock
from doclife.core.errors import ValidationError, nearest
from doclife.jobs.listing import to_utc
from doclife.scheduler.declarations import CRON
from doclife.scheduler.firing import Busy, busy_of
from doclife.scheduler.grid import last_tick, tick_interval
from doclife.scheduler.times import ALIASES, ALL, FREQUENCIES, LONG, next_times
from doclife.schema.tables import scheduled_job_log, scheduled_job_type
from doclife.uow.unit import current_unit

#: words under which schedules are declared
EVENTS = (*(f"{word}{suffix}" for word in (ALL, *FREQUENCIES) for suffix in ("", LONG)), CRON)

_type = scheduled_job_type.c
_log = scheduled_job_log.c

_LAST_STATUS = (
    select(_log.status)
    .where(_log.scheduled_job_type == _type.name)
    .order_by(_log.creation.desc(), _log.name.desc())
    .limit(1)
    .correlate(scheduled_job_type)
    .scalar_subquery()
)


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule; times are aware, in the site's zone."""

    name: str
    app: str
    method: str
    #: all, hourly, daily, weekly, monthly, yearly, cron
    frequency: str
    cron_format: str | None
    #: in which the expression is meant
    time_zone: str
    queue: str
    #: seconds; None: the queue's
    timeout: int | None
    retries: int
    #: once, all, skip
    catch_up: str
    stopped: bool
    #: when it was started last
    last: datetime | None
    #: what became of it: scheduled, started, complete, failed, cancelled; None: there is no log of it
    last_status: str | None
    #: when it is due next, in order; none: its expression has ended. Of a stopped one what would be
    next: list[datetime]
    #: its job that is queued or started
    busy: Busy | None

    @property
    def words(self) -> set[str]:
        """The words of `scheduler_events` that mean it: "daily", and of one on the queue long "daily_long" alone."""
        if self.frequency == CRON:
            return {CRON}
        suffix = LONG if self.queue == "long" else ""
        same = FREQUENCIES.get(self.frequency)
        return {f"{word}{suffix}" for word, cron in FREQUENCIES.items() if cron == same} or {f"{ALL}{suffix}"}


def schedules(site: Any, names: Collection[str] | None = None, *, times: int = 1) -> list[Schedule]:
    """Returns the schedules of a site: those that come next first, stopped ones last.

    Args:
        site: a loaded `doclife.site.runtime.Site`.
        names: these alone; None: all.
        times: how many of the next times of each, at least 1.
    Order: inside a context of this site, whose zone the times have.
    """
    query = select(scheduled_job_type, _LAST_STATUS.label("last_status"))
    if names is not None:
        query = query.where(_type.name.in_(names))
    with site.database.reading() as connection:
        rows = connection.execute(query).all()
    jobs = busy_of(current_unit(), [row.name for row in rows])
    found = [_schedule(site, row, jobs.get(row.name), times) for row in rows]
    last = datetime.max.replace(tzinfo=clock.zone("UTC"))
    return sorted(found, key=lambda each: (each.stopped, each.next[0] if each.next else last, each.name))


def meant(found: Sequence[Schedule], word: str) -> list[Schedule]:
    """Returns the schedules that a word means.

    It is the name of one; or the path of a method, and means the entries of it; or a cron expression
    as declared, or as the list shows it, in capitals or not; or a word of `scheduler_events`, all of
    whose schedules it means. A word with `_long` means those on the queue long, one without it the others.

    Returns:
        None only for a word under which no schedule is declared.
    Raises:
        ValidationError: it means nothing.
    """
    text = " ".join(word.split())
    cron = ALIASES.get(text.lower(), text.lower())
    for means in (
        lambda each: each.name == text,
        lambda each: each.method == text,
        lambda each: each.cron_format is not None and each.cron_format.lower() == cron,
        lambda each: text.lower() in each.words,
    ):
        chosen = [each for each in found if means(each)]
        if chosen:
            return chosen
    if text.lower() in EVENTS:
        return []
    raise ValidationError(
        f"no schedule is meant by {word!r}.{_hint(found, text)} Say its name or method as `doclife scheduler list` "
        f"shows it, its cron expression, or {', '.join((ALL, *FREQUENCIES))} (each also with {LONG}) or {CRON}; "
        "what is new in hooks.py needs `doclife migrate`"
    )


def _hint(found: Sequence[Schedule], text: str) -> str:
    last_words = [each.method for each in found if each.method.rpartition(".")[2] == text]
    if last_words:
        return f" Did you mean {last_words[0]!r}?"
    return nearest(text, [*(each.name for each in found), *(each.method for each in found), *EVENTS])


def _schedule(site: Any, row: Any, job: Busy | None, times: int) -> Schedule:
    zone = site.settings.time_zone
    return Schedule(
        name=row.name,
        app=row.app,
        method=row.method,
        frequency=row.frequency,
        cron_format=row.cron_format,
        time_zone=row.time_zone or zone,
        queue=row.queue,
        timeout=row.timeout,
        retries=row.retries,
        catch_up=row.catch_up or site.settings.catch_up,
        stopped=bool(row.stopped),
        last=None if row.last_execution is None else _aware(row.last_execution, zone),
        last_status=row.last_status,
        next=[_aware(each, zone) for each in _next(site, row, times)],
        busy=job,
    )


def _next(site: Any, row: Any, n: int) -> list[datetime]:
    """Returns the stored time and those that follow it."""
    now = clock.utc_now()
    if row.frequency == ALL:
        interval = tick_interval(site.settings.scheduler_tick_interval)
        return [last_tick(now, interval) + interval * number for number in range(1, n + 1)]
    first: list[datetime] = []
    after = now
    if not row.stopped:  # otherwise it is planned anew when it is no longer stopped
        if row.next_execution is None:
            return []
        first = [to_utc(row.next_execution)]
        after = first[0] if (row.catch_up or site.settings.catch_up) == "all" else max(first[0], now)
    zone, spread_by = row.time_zone or site.settings.time_zone, f"{site.name}/{row.name}"
    return first + next_times(row.cron_format or row.frequency, zone, after, n - len(first), spread_by=spread_by)


def _aware(moment: datetime, zone: str) -> datetime:
    return clock.to_utc(moment, zone).astimezone(clock.zone(zone))
