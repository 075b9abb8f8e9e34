"""What the guards of Frappe's queries refuse, in every place that takes a name; each would be SQL if it passed."""

import pytest

from doclife.core.errors import DoclifeError, ValidationError
from doclife.query.db import db
from doclife.query.lists import get_all
from tests.unit.query.kit import QueryTestInvoice, QueryTestOutlet, store

INVOICE = "Query Test Invoice"

HOSTILE = {
    "subquery": "(SELECT city FROM `tabQuery Test Outlet`)",
    "subquery of a servers spelling": '(select "city" from "tabQuery Test Outlet" limit 1)',
    "union": "name UNION SELECT city FROM `tabQuery Test Outlet`",
    "second statement": "name; DELETE FROM `tabQuery Test Outlet`",
    "comment": "name /* */",
    "comment to the end": "name -- ",
    "comment of mariadb": "name /*!50000 , secret */",
    "hash comment": "name # ",
    "sleep": "sleep(5)",
    "sleep of postgres": "pg_sleep(5)",
    "benchmark": "benchmark(1000000, md5(1))",
    "concat": "concat(name, customer)",
    "concat_ws": "concat_ws(',', name, customer)",
    "if": "if(visits, name, customer)",
    "nullif": "nullif(name, 'x')",
    "version": "version()",
    "user": "user()",
    "database": "database()",
    "current user": "current_user",
    "variable": "@@version",
    "set variable": "@a := 1",
    "file": "load_file('/etc/passwd')",
    "file of postgres": "pg_read_file('/etc/passwd')",
    "case": "case when visits = 1 then name else customer end",
    "predicate": "name = 'A' or 1 = 1",
    "from": "name from `tabQuery Test Outlet`",
    "where": "name where 1 = 1",
    "join": "name join `tabQuery Test Outlet`",
    "limit": "name limit 1",
    "into": "name into outfile '/tmp/x'",
    "collate": "name collate nocase",
    "cast": "cast(name as char)",
    "cast of postgres": "name::text",
    "window": "count(*) over ()",
    "row id": "rowid",
    "system column": "ctid",
    "quoted": '"name" "x" "y"',
    "placeholder": "%s",
    "placeholder by name": ":name",
    "operand by the hundred": " + ".join(["visits"] * 200),
    "brackets by the thousand": "(" * 3000 + "visits" + ")" * 3000,
    "minus by the thousand": "- " * 3000 + "visits",
    "number without end": "9" * 5000,
    "number out of range": str(2**64),
    "text without end": "name, " * 10_000 + "name",
}

PLACES = {
    "fields": lambda text: get_all(INVOICE, fields=[text], order_by=None),
    "fields of a text": lambda text: get_all(INVOICE, fields=text, order_by=None),
    "function": lambda text: get_all(INVOICE, fields=[{text: "visits"}]),
    "argument": lambda text: get_all(INVOICE, fields=[{"MAX": text}], order_by=None),
    "order": lambda text: get_all(INVOICE, order_by=text),
    "order of documents": lambda text: db.select(QueryTestInvoice).order_by(text).all(),
    "group": lambda text: get_all(INVOICE, fields="count(*) as n", group_by=text),
    "filter": lambda text: get_all(INVOICE, {text: "A"}),
    "filter of a list": lambda text: get_all(INVOICE, [[text, "=", "A"]]),
    "operator": lambda text: get_all(INVOICE, [["name", text, "A"]]),
    "type": lambda text: get_all(INVOICE, [[text, "name", "=", "A"]]),
    "value": lambda text: db.get_value(INVOICE, "A", text),
    "set_value": lambda text: db.set_value(INVOICE, "A", text, "A"),
    "delete": lambda text: db.delete(INVOICE, {text: "A"}),
    "bulk_insert": lambda text: db.bulk_insert(INVOICE, ["name", text], [["N", "A"]]),
}


@pytest.fixture(autouse=True)
def invoices(context):
    store(context, QueryTestInvoice, {"name": "A", "customer": "Asha", "visits": 1, "secret": "hash"})
    store(context, QueryTestOutlet, {"name": "PUNE", "city": "Pune"})


def refuses(call):
    try:
        call()
    except DoclifeError:
        return True
    return False


@pytest.mark.parametrize("hostile", HOSTILE)
def test_it_is_refused_everywhere(hostile):
    text = HOSTILE[hostile]
    assert [place for place, call in PLACES.items() if not refuses(lambda call=call: call(text))] == []
    assert db.count("Query Test Outlet") == 1
    assert db.get_value(INVOICE, "A", "customer") == "Asha"


def test_an_alias_is_a_key_and_no_sql():
    for alias in ("`x; DROP TABLE y`", '`a"b`', "`a'b`", "`%s`", "`:a`", "`--`"):
        assert get_all(INVOICE, fields=[f"name as {alias}"]) == [{alias[1:-1]: "A"}]
    assert get_all(INVOICE, fields=[{"COUNT": "name", "as": 'n" from x; --'}]) == [{'n" from x; --': 1}]


def test_a_field_without_rows_has_no_columns_of_rows():
    with pytest.raises(ValidationError, match=r"Query Test Invoice\.customer has no rows"):
        get_all(INVOICE, fields=[{"customer": ["name"]}])


def test_a_star_is_no_argument_but_of_count():
    assert get_all(INVOICE, fields=[{"COUNT": "*", "as": "n"}]) == [{"n": 1}]
    for field in ("count(outlet.*)", "max(*)", {"COUNT": "name.*"}):
        with pytest.raises(ValidationError):
            get_all(INVOICE, fields=[field])


def test_functions_in_functions_have_an_end():
    nested: object = "visits"
    for _ in range(2000):
        nested = {"ADD": [nested, 1]}
    with pytest.raises(ValidationError, match="nested too deep"):
        get_all(INVOICE, fields=[nested])


def test_passwords_are_neither_shown_nor_asked_about():
    assert get_all(INVOICE, fields=["name", "secret", "max(secret) as m"]) == [{"name": "A"}]
    for question in ({"filters": {"secret": "hash"}}, {"order_by": "secret"}, {"group_by": "secret"}):
        with pytest.raises(DoclifeError, match="is a password"):
            get_all(INVOICE, **question)


def test_filters_in_json_have_an_end():
    for name in ("[" * 100_000, '{"a":' * 100_000):  # not JSON, so the name of a document
        assert get_all(INVOICE, name) == []
    brackets = "[" * 500 + "]" * 500
    for filters in (f'{{"name": {brackets}}}', f'[["name", "in", {brackets}]]'):
        with pytest.raises(ValidationError):
            get_all(INVOICE, filters)


def test_messages_quote_no_more_than_helps():
    deep: list[object] = []
    for _ in range(2000):
        deep = [deep]
    for call in (
        lambda: get_all(INVOICE, [deep]),
        lambda: get_all(INVOICE, {"name": deep}),
        lambda: get_all(INVOICE, {"name": ["in", deep]}),
        lambda: get_all(INVOICE, {"name": ["between", deep]}),
        lambda: get_all(INVOICE, fields=[deep, "name"]),
        lambda: get_all(INVOICE, fields=[{"MAX": deep}]),
        lambda: get_all(INVOICE, fields=[{"items": deep, "returns": deep}]),
        lambda: get_all(INVOICE, order_by=deep),
        lambda: get_all(INVOICE, pluck="x" * 100_000),
        lambda: db.set_value(INVOICE, "A", "visits", deep),
    ):
        with pytest.raises(DoclifeError) as refusal:
            call()
        assert len(str(refusal.value)) < 1000
