"""Expressions for the simulation: the frequency words, those of real apps, and random ones."""

from __future__ import annotations

from random import Random

from tests.simulation.cron_model import BOUNDS, MONTHS, WEEKDAYS, expanded

#: every word that has times of its own, and what it stands for
WORDS = {
    "hourly": "0 * * * *",
    "daily": "0 0 * * *",
    "weekly": "0 0 * * 0",
    "monthly": "0 0 1 * *",
    "yearly": "0 0 1 1 *",
    "annual": "0 0 1 1 *",
    "hourly_long": "0 * * * *",
    "daily_long": "0 0 * * *",
    "weekly_long": "0 0 * * 0",
    "monthly_long": "0 0 1 * *",
    "yearly_long": "0 0 1 1 *",
    "annual_long": "0 0 1 1 *",
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

#: expressions of published apps
APPS = (
    "0 */6 * * *", "0 9 * * 1-5", "15 18 * * *", "*/6 * * * *", "0 19 * * *", "0 1 * * *", "0 6 * * *", "* * * * *",
    "*/15 * * * *", "*/30 9-17 * * 1-5",
)  # fmt: skip

#: hours near midnight and near the changes of clocks are drawn as often as all the others
_TELLING_HOURS = (0, 1, 2, 3)
#: days of the months, in leap years
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def random_expression(random: Random) -> str:
    """Returns an expression of five fields that doclife takes."""
    day, month, weekday = _day(random), _month(random), _weekday(random)
    # what would be refused
    longest = max(_LONGEST[each - 1] for each in expanded(3, month.lower()))
    if "#" in weekday or "L" in weekday:
        day = "*"
    elif len(expanded(4, weekday.lower())) == 7:
        weekday = "*"
    if day != "L" and (len(expanded(2, day)) == 31 or min(expanded(2, day)) > longest):
        day = "*"
    minute, hour = _minute(random), _hour(random)
    if minute == "*":  # of one hour: what is due at every minute is so among those of apps
        hour = str(random.randint(0, 23))
    return f"{minute} {hour} {day} {month} {weekday}"


def _minute(random: Random) -> str:
    kind = random.choices(("value", "list", "step", "range", "every"), (20, 10, 8, 6, 1))[0]
    if kind == "range":  # short ones, sometimes past the full hour: long ones would be as `*` is
        first = random.randint(0, 59)
        return f"{first}-{(first + random.randint(1, 6)) % 60}"
    return _field(random, 0, kind)


def _hour(random: Random) -> str:
    kind = random.choices(("value", "telling", "list", "step", "range", "every"), (4, 6, 4, 2, 3, 4))[0]
    if kind == "telling":
        return str(random.choice(_TELLING_HOURS))
    return _field(random, 1, kind)


def _day(random: Random) -> str:
    kind = random.choices(("every", "value", "list", "step", "range", "last"), (10, 3, 2, 1, 2, 1))[0]
    return "L" if kind == "last" else _field(random, 2, kind)


def _month(random: Random) -> str:
    kind = random.choices(("every", "value", "list", "step", "range", "names"), (12, 1, 1, 1, 1, 1))[0]
    if kind == "names":
        first, last = sorted(random.sample(range(12), 2))
        return f"{MONTHS[first]}-{MONTHS[last].upper()}"
    return _field(random, 3, kind)


def _weekday(random: Random) -> str:
    kinds = ("every", "value", "list", "range", "names", "sunday", "nth", "last")
    kind = random.choices(kinds, (12, 2, 1, 2, 2, 1, 1, 1))[0]
    if kind == "names":
        first, last = random.sample(range(7), 2)
        return f"{WEEKDAYS[first].capitalize()}-{WEEKDAYS[last]}"
    if kind == "sunday":
        return random.choice(("7", "5-7", "0-1", "sun,wed"))
    if kind == "nth":
        return f"{random.randint(0, 7)}#{random.randint(1, 5)}"
    if kind == "last":
        return f"L{random.randint(0, 7)}"
    return _field(random, 4, kind)


def _field(random: Random, place: int, kind: str) -> str:
    least, most, _names = BOUNDS[place]
    if kind == "every":
        return "*"
    if kind == "value":
        return str(random.randint(least, most))
    if kind == "list":
        return ",".join(map(str, random.sample(range(least, most + 1), random.randint(2, 3))))
    if kind == "step":
        step = random.randint(5 if place == 0 else 2, max(3, most // 2))
        return random.choice((f"*/{step}", f"{random.randint(least, most)}/{step}"))
    first, last = random.sample(range(least, most + 1), 2)
    if first > last:  # past the end, as 22-2
        return f"{first}-{last}"
    return random.choice((f"{first}-{last}", f"{first}-{last}/{random.randint(2, 7)}", f"{first}-{last},{least}"))
