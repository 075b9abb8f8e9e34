"""The days of time spans, worked out with a calendar of 2026."""

from datetime import date

import pytest

from doclife.core.errors import ValidationError
from doclife.query.timespans import SPANS, neighbour, span

TUESDAY = date(2026, 3, 10)


def days(first, last):
    return date.fromisoformat(first), date.fromisoformat(last)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("today", ("2026-03-10", "2026-03-10")),
        ("yesterday", ("2026-03-09", "2026-03-09")),
        ("tomorrow", ("2026-03-11", "2026-03-11")),
        ("last week", ("2026-03-01", "2026-03-07")),  # Sunday to Saturday
        ("this week", ("2026-03-08", "2026-03-14")),
        ("next week", ("2026-03-15", "2026-03-21")),
        ("last month", ("2026-02-01", "2026-02-28")),
        ("this month", ("2026-03-01", "2026-03-31")),
        ("next month", ("2026-04-01", "2026-04-30")),
        ("last quarter", ("2025-10-01", "2025-12-31")),
        ("this quarter", ("2026-01-01", "2026-03-31")),
        ("next quarter", ("2026-04-01", "2026-06-30")),
        ("last 6 months", ("2025-07-01", "2025-12-31")),
        ("next 6 months", ("2026-04-01", "2026-09-30")),
        ("last year", ("2025-01-01", "2025-12-31")),
        ("this year", ("2026-01-01", "2026-12-31")),
        ("next year", ("2027-01-01", "2027-12-31")),
        ("last 7 days", ("2026-03-03", "2026-03-10")),
        ("last 14 days", ("2026-02-24", "2026-03-10")),
        ("last 30 days", ("2026-02-08", "2026-03-10")),
        ("last 90 days", ("2025-12-10", "2026-03-10")),
        ("next 7 days", ("2026-03-10", "2026-03-17")),
        ("next 14 days", ("2026-03-10", "2026-03-24")),
        ("next 30 days", ("2026-03-10", "2026-04-09")),
        ("next 90 days", ("2026-03-10", "2026-06-08")),
    ],
)
def test_every_span(words, expected):
    assert span(words, TUESDAY) == days(*expected)
    assert span(f" {words.upper().replace(' ', '  ')} ", TUESDAY) == days(*expected)
    assert words in SPANS


def test_the_table_above_is_complete():
    assert len(SPANS) == len(set(SPANS)) == 25


def test_a_month_that_is_shorter_does_not_run_over():
    assert span("next month", date(2026, 1, 31)) == days("2026-02-01", "2026-02-28")
    assert span("last month", date(2026, 3, 31)) == days("2026-02-01", "2026-02-28")


@pytest.mark.parametrize(
    ("length", "words"),
    [("1 week", "week"), ("1 month", "month"), ("3 months", "quarter"), ("6 months", "6 months"), ("1 year", "year")],
)
def test_previous_and_next_name_the_same_spans_by_length(length, words):
    assert neighbour("previous", length, TUESDAY) == span(f"last {words}", TUESDAY)
    assert neighbour("next", length, TUESDAY) == span(f"next {words}", TUESDAY)


def test_unknown_spans_are_refused():
    with pytest.raises(ValidationError, match=r"Did you mean 'last quarter'\?"):
        span("last quater", TUESDAY)
    with pytest.raises(ValidationError, match="use one of 1 week, 1 month"):
        neighbour("next", "2 weeks", TUESDAY)
