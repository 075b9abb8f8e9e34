"""doclife's plan beside the model: which times are missed, which are too many, which come twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from doclife.scheduler import times
from tests.simulation.cron_model import MINUTE, Bits, Span, due


class Result(NamedTuple):
    """What became of one expression in one span."""

    expression: str
    zone: str
    runs: int
    missed: list[datetime]
    #: not due, or due and fired before
    wrong: list[datetime]

    def __str__(self) -> str:
        told = [f"{what} {each:%Y-%m-%d %H:%M} UTC" for what in ("missed", "wrong") for each in getattr(self, what)[:3]]
        return f"{self.expression!r} in {self.zone}: {', '.join(told)}"


def fired(expression: str, span: Span, random: Random) -> Iterator[datetime]:
    """Yields when a schedule fires in a span, in UTC: planned as the scheduler does.

    It fires at the first tick behind its time, and the next time is planned from that tick.
    """
    planned = times.next_time(expression, span.zone, span.start - timedelta(seconds=1))
    while planned is not None and (at := planned.astimezone(UTC)) < span.end:
        yield at
        tick = at + timedelta(seconds=random.random() * 59)
        planned = times.next_time(expression, span.zone, tick)


def compare(expression: str, meaning: str, span: Span, random: Random) -> Result:
    """Compares what doclife fires with what the model says.

    Args:
        expression: as an app declares it.
        meaning: the same in five fields, for the model.
        span: which zone and minutes.
        random: when ticks come within a minute.
    """
    wanted = due(meaning, span)
    found = bytearray(b"0" * span.minutes)
    wrong, runs, before = [], 0, span.start - MINUTE
    for at in fired(expression, span, random):
        runs += 1
        number, rest = divmod(at - span.start, MINUTE)
        if rest or at <= before:
            wrong.append(at)
        if at <= before:  # the plan may be going round
            break
        found[number] = ord("1")
        before = at
    bits: Bits = int(bytes(reversed(found)), 2)
    missed = span.moments(wanted & ~bits)
    return Result(expression, span.zone, runs, missed, wrong + span.moments(bits & ~wanted))
