"""Hostile texts wherever a query takes text: they are refused or mean what they say, and change and betray nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doclife.core.context import Context
from doclife.core.errors import DoclifeError
from doclife.query.db import db
from doclife.query.lists import get_all, get_list
from tests.contract.databases import fresh_engine
from tests.unit.query.kit import QueryTestInvoice, QueryTestItem, QueryTestOutlet, site_on, store

pytestmark = pytest.mark.slow_on_servers

BACKENDS = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]
INVOICE, OUTLET = "Query Test Invoice", "Query Test Outlet"
#: stands in a password and in a table that no query here names
CANARY = "canary-4711"
ROWS = [
    {"name": "A", "customer": "Asha", "visits": 1, "net_total": 5, "secret": CANARY},
    {"name": "B", "customer": "it's; --", "visits": 2, "net_total": 7, "secret": CANARY},
    {"name": "C", "customer": None, "visits": 0, "net_total": 0, "secret": CANARY},
]


@pytest.fixture(scope="module", params=BACKENDS)
def context(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    folder: Path = tmp_path_factory.mktemp("injection")
    with fresh_engine(request.param, folder) as engine, site_on(engine) as opened:
        store(opened, QueryTestInvoice, *ROWS)
        store(opened, QueryTestOutlet, {"name": "X", "city": CANARY, "royalty": 3})
        row = {"parent": "A", "parenttype": INVOICE, "parentfield": "items"}
        store(opened, QueryTestItem, {"name": "1", "idx": 1, "item_code": "CONE", **row})
        opened.local["before"] = everything(opened.unit.link.connection)
        yield opened


def everything(connection: Any) -> list[Any]:
    """Returns all that the tables hold."""
    tables = [cls.__table__ for cls in (QueryTestInvoice, QueryTestOutlet, QueryTestItem)]
    return [sorted(map(repr, connection.execute(sa.select(table)))) for table in tables]


PIECES = st.sampled_from(
    [
        *(
            "'",
            '"',
            "`",
            ";",
            "--",
            "#",
            "/*",
            "*/",
            "/*!",
            "(",
            ")",
            ",",
            ".",
            "=",
            "||",
            "\\",
            "%",
            "%s",
            "%(a)s",
            ":a",
        ),
        *(
            "\0",
            "\n",
            "\t",
            " ",
            "@@",
            "$$",
            "*",
            "-",
            "+",
            "1",
            "0x41",
            "9" * 40,
            "\ud800",
            "🙂",
            "'",
            "''",
            "\\'",
            "{",
            "[",
        ),
        *(
            "select",
            "union",
            "UNION ALL",
            "from",
            "where",
            "or 1=1",
            "and",
            "drop table",
            "delete from",
            "update",
            "set",
        ),
        *("insert into", "values", "null", "case when", "over", "limit", "collate", "into outfile", "returning"),
        *(
            "name",
            "customer",
            "visits",
            "secret",
            "city",
            "items",
            "outlet",
            "outlet.city",
            "items.qty",
            "rowid",
            "ctid",
        ),
        *("`tabQuery Test Outlet`", '"tabQuery Test Outlet"', "`tabQuery Test Invoice`.", "tabQuery Test Outlet.city"),
        *("sum(", "count(", "max(", "distinct ", "ifnull(", "concat(", "sleep(1)", "pg_sleep(1)", "version()", "now()"),
        *(" as ", " desc", " asc", "name--", "1)", "true", "is not null"),
    ]
)
HOSTILE = st.lists(PIECES, min_size=1, max_size=7).map("".join) | st.lists(PIECES, min_size=1, max_size=5).map(" ".join)

#: place -> the call that takes the text there
PLACES: dict[str, Callable[[str], Any]] = {
    "fields": lambda text: get_all(INVOICE, fields=[text], order_by=None),
    "fields of a text": lambda text: get_all(INVOICE, fields=text),
    "fields of a user": lambda text: get_list(INVOICE, fields=[text, "name"]),
    "key of a value": lambda text: get_all(INVOICE, fields=[{"COUNT": "name", "as": text}]),
    "function": lambda text: get_all(INVOICE, fields=[{text: "visits"}]),
    "argument": lambda text: get_all(INVOICE, fields=[{"MAX": text}]),
    "columns of rows": lambda text: get_all(INVOICE, fields=[{"items": [text]}]),
    "rows": lambda text: get_all(INVOICE, fields=[{text: ["name"]}]),
    "pluck": lambda text: get_all(INVOICE, pluck=text),
    "order": lambda text: get_all(INVOICE, order_by=text),
    "group": lambda text: get_all(INVOICE, fields="count(*) as n", group_by=text),
    "filter": lambda text: get_all(INVOICE, {text: "x"}),
    "filter of a list": lambda text: get_all(INVOICE, [[text, "!=", "x"]]),
    "or filter": lambda text: get_all(INVOICE, or_filters={text: "x", "name": "A"}),
    "type of a filter": lambda text: get_all(INVOICE, [[text, "name", "=", "x"]]),
    "operator": lambda text: get_all(INVOICE, {"customer": [text, "x"]}),
    "word of is": lambda text: get_all(INVOICE, {"customer": ["is", text]}),
    "span": lambda text: get_all(INVOICE, {"posting_date": ["timespan", text]}),
    "filters": lambda text: get_all(INVOICE, text),
    "type": lambda text: get_all(text),
    "value": lambda text: db.get_value(INVOICE, "A", text),
    "value of filters": lambda text: db.get_value(INVOICE, {text: 1}, "name"),
    "count": lambda text: db.count(INVOICE, {text: ["like", "%"]}),
    "exists": lambda text: db.exists(INVOICE, {text: 1}),
    "set_value": lambda text: db.set_value(INVOICE, "nobody", text, 1),
    "set_value of filters": lambda text: db.set_value(INVOICE, {"name": "nobody", text: 1}, "visits", 5),
    "delete": lambda text: db.delete(INVOICE, {"name": "nobody", text: 1}),
    "bulk_insert": lambda text: db.bulk_insert(INVOICE, ["name", text], []),
    "bulk_update": lambda text: db.bulk_update(INVOICE, {text: {"visits": 5}}),
    "column of bulk_update": lambda text: db.bulk_update(INVOICE, {"nobody": {text: 5}}),
    "select": lambda text: db.select(QueryTestInvoice).order_by(text).names(),
    "index": lambda text: db.add_index(INVOICE, [text]) if text not in QueryTestInvoice._blueprint.columns else None,
    "has_column": lambda text: db.has_column(INVOICE, text),
    "table_exists": lambda text: db.table_exists(text),
}


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=HOSTILE)
def test_a_text_in_the_place_of_a_name_changes_and_betrays_nothing(context, place, text):
    context.unit.rollback()
    try:
        answer = PLACES[place](text)
    except DoclifeError:
        answer = None
    # names of outlets are linked by no invoice, and passwords are in no list
    if place not in ("value", "value of filters"):
        assert CANARY not in repr(answer)
    assert everything(context.unit.link.connection) == context.local["before"]
    assert not isinstance(answer, list) or len(answer) <= len(ROWS)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=HOSTILE, stored=HOSTILE.filter(lambda text: "\0" not in text))  # where SQLite's LIKE ends a text
def test_a_text_as_a_value_means_itself(context, text, stored):
    context.unit.rollback()
    try:
        db.set_value(INVOICE, "C", "customer", stored)
    except DoclifeError:
        stored = None  # longer than its column, or no text for this database
    values = {"A": "Asha", "B": "it's; --", "C": stored}

    def found(filters: Any) -> list[str] | None:
        try:
            names: list[str] = get_all(INVOICE, filters, pluck="name", order_by="name")
        except DoclifeError:
            return None
        return names

    equal = [name for name, value in values.items() if value == text]
    if text.strip():
        answers = [
            found({"customer": text}),
            found({"customer": ["in", [text, "nobody"]]}),
            found([["customer", "=", text]]),
            found({"customer": ["between", [text, text]]}),
            found(QueryTestInvoice.customer == text),
        ]
        assert all(answer in (equal, None) for answer in answers)
        # what a database does not take as a text it refuses everywhere
        assert len({answer is None for answer in answers}) == 1
        assert (answers[0] is None) <= ("\0" in text or "\ud800" in text)
    assert found(["nobody", text, text]) in ([name for name in values if name == text], None)
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    alike = [name for name, value in values.items() if value is not None and value.lower() == text.lower()]
    assert found({"customer": ["like", escaped]}) in (alike, None)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=HOSTILE, name=st.sampled_from(["A", "B", "Z"]))
def test_an_escaped_text_is_one_literal(context, text, name):
    context.unit.rollback()
    table = "`tabQuery Test Invoice`"
    expected = [("A", text)] if name == "A" else []
    for asked in (
        lambda: db.sql(f"SELECT name, {db.escape(text)} FROM {table} WHERE name = 'A' AND name = %s", name),
        lambda: db.sql(
            f"SELECT name, {db.escape(text, percent=False)} FROM {table} WHERE name = 'A' AND name = '{name}'"
        ),
        lambda: db.sql(f"SELECT name, %s FROM {table} WHERE name = 'A' AND name = %s", (text, name)),
        lambda: db.sql(f"SELECT name, %(t)s FROM {table} WHERE name = 'A' AND name = %(n)s", {"t": text, "n": name}),
    ):
        try:
            answer = asked()
        except DoclifeError:
            assert "\0" in text or "\ud800" in text  # which is no text to this database
            continue
        assert [tuple(row) for row in answer] == expected
    assert everything(context.unit.link.connection) == context.local["before"]
