"""Naming, told again in another way: patterns are lists of parts, names are put together from what the parts mean.

Knows nothing of the code it checks; weeks and days of the year are counted by hand.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

#: fields of the documents that patterns may name
FIELDS = ("title", "day", "count")
DATES = ("YYYY", "YY", "MM", "DD", "WW", "JJJ")

#: (kind, value): text between dots, a word of the date, a field in braces or without, a number of so many digits
Part = tuple[str, Any]

_text = st.text("AXQ-/ 1", min_size=1, max_size=4)
_part: st.SearchStrategy[Part] = st.one_of(
    st.tuples(st.just("text"), _text),
    st.tuples(st.just("date"), st.sampled_from(DATES)),
    st.tuples(st.just("braced"), st.sampled_from(FIELDS)),
    st.tuples(st.just("bare"), st.sampled_from(FIELDS)),
    st.tuples(st.just("number"), st.integers(1, 6)),
)
#: few short prefixes, so that documents meet in counters
patterns = st.one_of(
    st.lists(_part, min_size=1, max_size=6),
    st.sampled_from(
        [[("text", "A-"), ("number", 2)], [("text", "A-"), ("date", "MM"), ("number", 3)], [("text", "A-")]]
    ),
)
titles = st.one_of(st.none(), st.sampled_from(["", "a", "b", " b ", "A-1"]), st.text("ab 1.-é", max_size=5))
days = st.one_of(st.none(), st.dates(date(2019, 12, 20), date(2027, 1, 10)))
moments = st.one_of(
    st.datetimes(datetime(2019, 12, 20), datetime(2027, 1, 10)),
    st.builds(  # the ends of years, where weeks belong to another one
        lambda year, days: datetime(year, 1, 1, 12) + timedelta(days=days), st.integers(2016, 2032), st.integers(-4, 3)
    ),
)


def as_series(pattern: list[Part]) -> str:
    """Returns the text of a pattern as a naming series."""
    made = {"braced": lambda name: f"{{{name}}}", "number": lambda digits: "#" * digits}
    return ".".join(made.get(kind, str)(value) for kind, value in pattern)


def as_format(pattern: list[Part]) -> str:
    """Returns the text of a pattern behind "format:"."""
    made = {"text": str, "number": lambda digits: f"{{{'#' * digits}}}"}
    return "".join(made.get(kind, lambda word: f"{{{word}}}")(value) for kind, value in pattern)


def _day_of_year(day: date) -> int:
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    lengths = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return sum(lengths[: day.month - 1]) + day.day


def _week(day: date) -> str:
    """The week of ISO 8601, but "00" before the first one of the year and "53" behind the last."""
    week = (_day_of_year(day) - day.isoweekday() + 10) // 7
    if week < 1:
        return "00"
    first = date(day.year, 1, 1).isoweekday()
    leap = _day_of_year(date(day.year, 12, 31)) == 366
    weeks = 53 if first == 4 or (leap and first == 3) else 52
    return "53" if week > weeks else f"{week:02}"


def _word(word: str, now: datetime) -> str:
    return {
        "YYYY": str(now.year),
        "YY": str(now.year)[2:],
        "MM": f"{now.month:02}",
        "DD": f"{now.day:02}",
        "WW": _week(now.date()),
        "JJJ": f"{_day_of_year(now.date()):03}",
    }[word]


@dataclass
class Model:
    """What the counters and the tables must hold."""

    counters: dict[str, int] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    entries: int = 0

    def copy(self) -> Model:
        """Returns a copy, to go back to."""
        return copy.deepcopy(self)

    def take(self, prefix: str) -> int:
        """Returns the next number of a counter."""
        self.counters[prefix] = self.counters.get(prefix, 0) + 1
        return self.counters[prefix]

    def name(self, pattern: list[Part], values: dict[str, Any], now: datetime) -> str:
        """Returns the next name of a pattern that has a number."""
        texts, digits, number = [], 0, 0
        for kind, value in pattern:
            if kind == "number":
                if not digits:
                    digits, number = value, self.take("".join(texts))
                    texts.append(str(number).rjust(digits, "0"))
            elif kind == "text":
                texts.append(value)
            elif kind == "date":
                texts.append(_word(value, now))
            else:
                texts.append("" if values[value] is None else str(values[value]))
        return "".join(texts).strip()


def numbered(pattern: list[Part]) -> list[Part]:
    """Returns a pattern with five digits at its end where it has no number."""
    return pattern if any(kind == "number" for kind, _ in pattern) else [*pattern, ("number", 5)]
