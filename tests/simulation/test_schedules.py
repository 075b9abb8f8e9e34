"""A sample of `make simulate`: the days around changes of clocks in many zones, and a year in two."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from random import Random

import pytest

from tests.simulation.compare import compare
from tests.simulation.cron_model import Span, due
from tests.simulation.expressions import APPS, WORDS, random_expression
from tests.simulation.plants import PLANTS, planted

#: zone, and the day before the one on which its clock is changed
CHANGES = [
    ("Europe/Berlin", (2026, 3, 28)),
    ("Europe/Berlin", (2026, 10, 24)),
    ("America/New_York", (2026, 3, 7)),
    ("America/New_York", (2026, 10, 31)),
    ("Australia/Lord_Howe", (2026, 4, 3)),  # by half an hour
    ("Australia/Lord_Howe", (2026, 10, 2)),
    ("Africa/Cairo", (2026, 4, 23)),  # at midnight
    ("Africa/Cairo", (2026, 10, 28)),
    ("America/Sao_Paulo", (2018, 2, 16)),  # at midnight, back into the day before
    ("America/Sao_Paulo", (2018, 11, 2)),
    ("America/St_Johns", (2010, 11, 5)),  # at a minute past midnight: the day is there twice
    ("Asia/Beirut", (2026, 3, 27)),
    ("Antarctica/Troll", (2026, 10, 24)),  # by two hours
    ("Pacific/Apia", (2011, 12, 29)),  # left out a day
]

EVERY = "* * * * *"


@cache
def _span(zone: str, start: tuple[int, int, int], days: int) -> Span:
    return Span(zone, datetime(*start, tzinfo=UTC), days)


@pytest.mark.parametrize(("zone", "start"), CHANGES)
def test_around_a_change_of_the_clock_all_fires_as_crontab_says(zone, start):
    random = Random(f"{zone} {start}")
    span = _span(zone, start, 3)
    drawn = [random_expression(random) for _ in range(12)]
    meanings = WORDS | {each: each for each in (*APPS, *drawn) if each != EVERY}
    found = [compare(expression, meaning, span, random) for expression, meaning in meanings.items()]
    assert [str(each) for each in found if each.missed or each.wrong] == []
    assert sum(each.runs for each in found) > 1000


@pytest.mark.slow
def test_a_year_of_random_schedules_fires_as_crontab_says():
    random = Random(5)
    for zone in ("America/New_York", "Australia/Lord_Howe"):
        span = Span(zone, datetime(2027, 1, 1, tzinfo=UTC), 365)
        for expression in [random_expression(random) for _ in range(10)]:
            found = compare(expression, expression, span, random)
            assert (found.missed, found.wrong) == ([], []), str(found)


@pytest.mark.parametrize("defect", PLANTS)
def test_a_planted_defect_is_found(defect):
    telling = ["30 2 * * *", "*/30 * * * *", "*/30 2 * * *", "10 */2 * * *", "0 12 28 * 6"]
    with planted(defect):
        found = [
            compare(expression, expression, _span("Europe/Berlin", start, 2), Random(1))
            for start in [(2026, 3, 28), (2026, 10, 24)]
            for expression in telling
        ]
    assert any(each.missed or each.wrong for each in found)


def test_the_model_itself_is_right_where_it_was_worked_out_by_hand():
    # 29 March 2026, a Sunday: at 01:00 UTC Berlin's clock goes from 02:00 to 03:00
    spring = Span("Europe/Berlin", datetime(2026, 3, 28, 22, tzinfo=UTC), 1)
    assert [(number, len(left_out)) for number, left_out in spring.gaps] == [(180, 60)]
    for text, utc in {
        "30 2 * * *": ["01:00"],
        "0,30 2,3 * * 0": ["01:00", "01:30"],
        "*/30 2 * * *": ["01:00"],
        "30 * * * sun": ["23:30", "00:30", "01:30"],
    }.items():
        assert [f"{each:%H:%M}" for each in spring.moments(due(text, spring))][: len(utc)] == utc
    # 25 October 2026: at 01:00 UTC from 03:00 to 02:00
    autumn = Span("Europe/Berlin", datetime(2026, 10, 24, 23, tzinfo=UTC), 1)
    for text, utc in {
        "30 2 * * *": ["00:30"],
        "*/30 2 25 10 *": ["00:00", "00:30", "01:00", "01:30"],
        "0 1-3 * * *": ["23:00", "00:00", "01:00", "02:00"],
        "0 0 L * *": [],
        "0 4 * * L7": ["03:00"],
        "0 4 * * sun#4": ["03:00"],
        "0 4 24 * 7": ["03:00"],
    }.items():
        assert [f"{each:%H:%M}" for each in autumn.moments(due(text, autumn))] == utc
