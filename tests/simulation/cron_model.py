"""When crontab says that something is due, for every minute of a span; written from its definition, without croniter.

An expression is expanded by hand and asked of what the zone's clock shows at each minute of UTC. What holds on the days
on which the clock is changed is written here a second time: a time that names itself counts where it is shown first;
a gap is what the clock jumps over from one minute to the next.

Source: crontab(5); docs/decisions/0031-when-schedules-are-due.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
#: of the five fields: least, most, names from the least on
BOUNDS = [(0, 59, []), (0, 23, []), (1, 31, []), (1, 12, MONTHS), (0, 6, WEEKDAYS)]

#: bits that are set: minutes of a span, counted from its start
Bits = int


class Span:
    """What the clock of a zone shows at each minute of a span; its start lies on no day of a change."""

    def __init__(self, zone: str, start: datetime, days: int):
        self.zone, self.start, self.minutes = zone, start.astimezone(UTC), days * 1440
        self.end = self.start + self.minutes * MINUTE
        there = ZoneInfo(zone)
        walls = [(self.start + n * MINUTE).astimezone(there).replace(tzinfo=None) for n in range(self.minutes)]
        self.of_minute = [_where(bytes(wall.minute for wall in walls), value) for value in range(60)]
        self.of_hour = [_where(bytes(wall.hour for wall in walls), value) for value in range(24)]
        #: date, and its minutes from and to; more than once where the clock goes back over midnight
        self.dates: list[tuple[date, int, int]] = []
        for day, run in groupby(enumerate(walls), key=lambda each: each[1].date()):
            numbers = [number for number, _ in run]
            self.dates.append((day, numbers[0], numbers[-1] + 1))
        #: minutes that show a time which was not shown before
        latest, first = datetime.min, bytearray()
        #: minutes at which the clock went forward, and what it left out
        self.gaps: list[tuple[int, list[datetime]]] = []
        for number, wall in enumerate(walls):
            first.append(wall > latest)
            if number and wall > walls[number - 1] + MINUTE:
                left_out = int((wall - walls[number - 1]) / MINUTE)
                self.gaps.append((number, [walls[number - 1] + k * MINUTE for k in range(1, left_out)]))
            latest = max(latest, wall)
        self.first = _where(bytes(first), 1)

    def moments(self, bits: Bits) -> list[datetime]:
        """Returns the minutes of a set of bits, in UTC."""
        return [self.start + n * MINUTE for n, bit in enumerate(reversed(f"{bits:b}")) if bit == "1"]


def due(text: str, span: Span) -> Bits:
    """Returns the minutes of a span at which an expression of five fields is due."""
    fields = text.lower().split()
    minutes, hours = (expanded(n, fields[n]) for n in (0, 1))
    days = bytearray(b"0" * span.minutes)
    for day, begin, end in span.dates:
        if _on(day, fields):
            days[begin:end] = b"1" * (end - begin)
    bits = _bits(days) & _any(span.of_minute, minutes) & _any(span.of_hour, hours)
    fixed = not any(sign in fields[0] + fields[1] for sign in "*/-")
    if fixed:
        bits &= span.first
    if fixed or not any(sign in fields[1] for sign in "*/"):
        for number, left_out in span.gaps:
            if any(wall.minute in minutes and wall.hour in hours and _on(wall.date(), fields) for wall in left_out):
                bits |= 1 << number
    return bits


def _on(day: date, fields: list[str]) -> bool:
    """Tells whether month and days of an expression hold a date: both days, or either where both are restricted."""
    if day.month not in expanded(3, fields[3]):
        return False
    answers = [_day_of_month(day, fields[2]), _weekday(day, fields[4])]
    return any(answers) if "*" not in (fields[2], fields[4]) else all(answers)


def _day_of_month(day: date, field: str) -> bool:
    if field == "l":
        return (day + DAY).day == 1
    return day.day in expanded(2, field)


def _weekday(day: date, field: str) -> bool:
    weekday = day.isoweekday() % 7
    if field.startswith("l"):  # the last of its month
        return weekday == int(field[1:]) % 7 and (day + 7 * DAY).month != day.month
    name, _, number = field.partition("#")
    if number and (day.day - 1) // 7 + 1 != int(number):
        return False
    return weekday in expanded(4, name)


def expanded(place: int, field: str) -> frozenset[int]:
    """Returns the values of one field."""
    return frozenset(value for part in field.split(",") for value in _part(place, part))


def _part(place: int, part: str) -> Iterator[int]:
    least, most, names = BOUNDS[place]
    span, _, step = part.partition("/")
    if span == "*":
        first, last = least, most
    else:
        ends = [names.index(end) + least if end in names else int(end) for end in span.split("-")]
        first, last = ends[0], most if step and len(ends) == 1 else ends[-1]
    size = most - least + 1
    if last < first:  # past the end, and on from the beginning
        last += size
    for value in range(first, last + 1, int(step or 1)):
        yield (value - least) % size + least  # 7 is Sunday


def _where(values: bytes, wanted: int) -> Bits:
    return _bits(values.translate(bytes(49 if value == wanted else 48 for value in range(256))))


def _bits(digits: bytes | bytearray) -> Bits:
    return int(bytes(reversed(digits)), 2)


def _any(masks: list[Bits], values: frozenset[int]) -> Bits:
    found = 0
    for value in values:
        found |= masks[value]
    return found
