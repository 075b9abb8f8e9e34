"""Every operator of filters against a model in plain Python, with NULLs, on every database."""

from __future__ import annotations

import operator
import re
import string
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doclife.core.amount import Amount
from doclife.core.context import Context
from doclife.query.db import db
from tests.contract.databases import fresh_engine
from tests.unit.query.kit import QueryTestInvoice, site_on, store

pytestmark = pytest.mark.slow_on_servers

BACKENDS = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.fixture(scope="module", params=BACKENDS)
def context(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    folder: Path = tmp_path_factory.mktemp("filters")
    with fresh_engine(request.param, folder) as engine, site_on(engine) as opened:
        yield opened


class Kind(NamedTuple):
    """One kind of column: what is stored in it and asked for, and its empty value."""

    field: str
    values: st.SearchStrategy[Any]
    #: what counts as not set beside NULL; no value where nothing does
    empty: tuple[Any, ...]
    nullable: bool = True


# letters in both cases, wildcards, the escape, blanks, what sorts behind ASCII
LETTERS = "aAbBzéÉüÜß%_\\' \t0,;`\"🙂"
KINDS = [
    Kind("customer", st.text(LETTERS, max_size=4), ("",)),
    Kind("remarks", st.text(LETTERS, max_size=4), ("",)),
    Kind("posting_date", st.dates(date(2026, 1, 1), date(2026, 1, 6)), ()),
    Kind("due", st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 3)), ()),
    Kind("at", st.times(time(1), time(1, 0, 3)), ()),
    Kind("visits", st.integers(-2, 3), (0,), nullable=False),
    Kind("net_total", st.integers(-2, 3).map(Amount) | st.just(Amount("0.5")), (Amount(0),), nullable=False),
    Kind("weight", st.sampled_from([-1.5, 0.0, 0.1, 0.25, 3.0]), (0.0,), nullable=False),
]


def is_set(kind: Kind, stored: Any) -> bool:
    return stored is not None and stored not in kind.empty


def means_nothing(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def equal(kind: Kind, stored: Any, value: Any) -> bool:
    if value is None:
        return stored is None
    return not is_set(kind, stored) if means_nothing(value) else bool(stored == value)


def ordered(relation: Callable[[Any, Any], bool]) -> Callable[[Kind, Any, Any], bool]:
    return lambda kind, stored, value: stored is not None and value is not None and relation(stored, value)


def among(kind: Kind, stored: Any, values: list[Any]) -> bool:
    asks_for_none = any(value is None or means_nothing(value) for value in values)
    return (asks_for_none and not is_set(kind, stored)) or any(
        stored == value for value in values if value is not None and not means_nothing(value)
    )


def between(kind: Kind, stored: Any, ends: list[Any]) -> bool:
    return stored is not None and ends[0] <= stored <= ends[1]


def like(kind: Kind, stored: Any, pattern: str) -> bool:
    if stored is None:
        return False
    parts, letters = "", iter(pattern)
    for letter in letters:
        if letter == "\\":
            parts += re.escape(next(letters, "\\"))
        else:
            parts += {"%": ".*", "_": "."}.get(letter, re.escape(letter))
    return re.fullmatch(parts, stored, re.IGNORECASE | re.DOTALL) is not None


SIMPLE: dict[str, Callable[[Kind, Any, Any], bool]] = {
    "=": equal,
    "!=": lambda kind, stored, value: not equal(kind, stored, value),
    "<": ordered(operator.lt),
    "<=": ordered(operator.le),
    ">": ordered(operator.gt),
    ">=": ordered(operator.ge),
}
LISTS: dict[str, Callable[[Kind, Any, Any], bool]] = {
    "in": among,
    "not in": lambda kind, stored, values: not among(kind, stored, values),
}


@st.composite
def questions(draw: st.DrawFn) -> tuple[Kind, str, Any, Callable[[Any], bool]]:
    """Draws a filter: the column, the operator, the value, and the model of it."""
    kind = draw(st.sampled_from(KINDS))
    value = kind.values | st.none() if kind.nullable else kind.values
    text = kind.field in ("customer", "remarks")
    shapes = [*SIMPLE, *LISTS, "between", "is"] + (["like", "not like"] if text else [])
    word = draw(st.sampled_from(shapes))
    given_value: Any
    if word in SIMPLE:
        given_value = draw(value)
        model = SIMPLE[word]
    elif word in LISTS:
        given_value = draw(st.lists(value, max_size=3))
        model = LISTS[word]
    elif word == "between":
        given_value = [draw(kind.values), draw(kind.values)]
        model = between
    elif word == "is":
        given_value = draw(st.sampled_from(["set", "not set"]))
        wanted = given_value == "set"
        return kind, word, given_value, lambda stored: is_set(kind, stored) == wanted
    else:
        given_value = draw(st.text(LETTERS, max_size=4))
        negated = word == "not like"
        return kind, word, given_value, lambda stored: like(kind, stored, given_value) != negated
    return kind, word, given_value, lambda stored: model(kind, stored, given_value)


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[Kind, str, Any, Callable[[Any], bool]], list[Any]]:
    question = draw(questions())
    kind = question[0]
    return question, draw(st.lists(kind.values | st.none() if kind.nullable else kind.values, min_size=1, max_size=6))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(case=cases())
def test_every_operator_means_what_it_says(context, case):
    (kind, word, value, holds), column = case
    rows = dict(zip(string.ascii_uppercase, column, strict=False))
    context.unit.rollback()
    with context.unit.database.engine.begin() as connection:
        connection.execute(sa.delete(QueryTestInvoice.__table__))
    store(context, QueryTestInvoice, *({"name": name, kind.field: stored} for name, stored in rows.items()))
    expected = [name for name, stored in rows.items() if holds(stored)]
    filters = [[kind.field, word, value]]
    assert db.get_all("Query Test Invoice", filters, pluck="name", order_by="name") == expected
    assert db.count("Query Test Invoice", filters) == len(expected)
    assert db.get_value("Query Test Invoice", filters, order_by="name") == (expected or [None])[0]
