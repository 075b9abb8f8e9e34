"""Arguments of Frappe's signatures: those that do something here, and those that are refused with the way out."""

import pytest

from doclife.core.errors import DataError, NotSupported, ValidationError
from doclife.query.db import db
from doclife.query.lists import get_all, get_list
from tests.unit.query.kit import QueryTestInvoice, QueryTestItem, QueryTestOutlet, store

INVOICE = "Query Test Invoice"


@pytest.fixture(autouse=True)
def invoices(context):
    store(context, QueryTestOutlet, {"name": "PUNE", "city": "Pune", "royalty": 7})
    store(
        context,
        QueryTestInvoice,
        {"name": "A", "customer": "Asha", "visits": 5, "net_total": 7, "outlet": "PUNE"},
        {"name": "B", "customer": "Ben", "visits": 9, "net_total": 8, "outlet": "PUNE"},
    )


SHOWN = {
    "get_all": lambda: get_all(INVOICE, {"customer": "Asha"}, debug=True),
    "get_list": lambda: get_list(INVOICE, {"customer": "Asha"}, debug=True),
    "get_value": lambda: db.get_value(INVOICE, {"customer": "Asha"}, debug=True),
    "get_values": lambda: db.get_values(INVOICE, {"customer": "Asha"}, debug=True),
    "exists": lambda: db.exists(INVOICE, {"customer": "Asha"}, debug=True),
    "count": lambda: db.count(INVOICE, {"customer": "Asha"}, debug=True),
    "set_value": lambda: db.set_value(INVOICE, {"customer": "Asha"}, "visits", 1, debug=True),
    "delete": lambda: db.delete(INVOICE, {"customer": "Asha"}, debug=True),
    "sql": lambda: db.sql("SELECT name FROM `tabQuery Test Invoice` WHERE customer = %s", "Asha", debug=True),
}


@pytest.mark.parametrize("call", SHOWN)
def test_debug_shows_statements_and_values_and_no_more_than_those(call, capsys):
    SHOWN[call]()
    shown = capsys.readouterr().err
    assert "tabQuery Test Invoice" in shown
    assert "'Asha'" in shown
    assert " s\n" in shown
    get_all(INVOICE)
    assert capsys.readouterr().err == ""


def test_debug_shows_a_value_by_name_too(capsys):
    assert db.get_value(INVOICE, "A", "customer", debug=True) == "Asha"
    assert "'A'" in capsys.readouterr().err


REFUSED = {
    "run of a list": (lambda: get_all(INVOICE, run=False), r"run=False: .*db\.select"),
    "run of a value": (lambda: db.get_value(INVOICE, "A", run=0), r"run=0"),
    "run of values": (lambda: db.get_values(INVOICE, "A", run=False), r"db\.select"),
    "ignore_ifnull": (lambda: get_list(INVOICE, ignore_ifnull=True), "'is', 'set'"),
    "explain": (lambda: db.sql("SELECT 1", explain=True), "EXPLAIN"),
    "auto_commit": (lambda: db.sql("SELECT 1", auto_commit=1), r"db\.commit\(\)"),
    "run of a text": (lambda: db.sql("SELECT 1", run=False), "debug=True"),
}


@pytest.mark.parametrize("call", REFUSED)
def test_what_has_no_effect_here_is_refused(call):
    refused, message = REFUSED[call]
    with pytest.raises(NotSupported, match=message):
        refused()


def test_values_that_ask_for_nothing_pass():
    found = get_all(INVOICE, "A", run=1, ignore_ifnull=0, ignore_permissions=True, parent_doctype="Whatever")
    assert found == [{"name": "A"}]
    assert db.sql("SELECT 1", explain=False, auto_commit=0) == ((1,),)


def test_update_gives_further_values_to_every_dict():
    assert get_all(INVOICE, fields=["name"], order_by="name", update={"kind": "x"}) == [
        {"name": "A", "kind": "x"},
        {"name": "B", "kind": "x"},
    ]
    rows = db.sql("SELECT name FROM `tabQuery Test Invoice` WHERE name = 'A'", as_dict=True, update={"kind": "x"})
    assert [(row.name, row.kind) for row in rows] == [("A", "x")]


def test_get_is_every_column():
    found = db.get(INVOICE, "A")
    assert (found.customer, found.visits, "secret" in found) == ("Asha", 5, False)
    assert db.get(INVOICE, {"customer": "Ben"}, as_dict=False)[0] == "B"
    assert db.get(INVOICE, "Z") is None
    assert db.get(INVOICE, "Z", as_dict=False) is None


def test_sql_as_iterator_and_list_and_by_database():
    texts = "SELECT name FROM `tabQuery Test Invoice` ORDER BY name"
    rows = db.sql(texts, as_iterator=True)
    assert next(rows) == ("A",)
    assert list(rows) == [("B",)]
    assert db.sql_list(texts) == ["A", "B"]
    assert db.sql_list("SELECT name FROM `tabQuery Test Invoice` WHERE visits > %(n)s", {"n": 5}) == ["B"]
    assert db.multisql(dict.fromkeys(("sqlite", "postgres", "mariadb"), texts), as_dict=True)[1].name == "B"
    with pytest.raises(
        DataError, match=r"multisql\(\) has texts for oracle, and this site is on (sqlite|postgres|maria)"
    ):
        db.multisql({"oracle": "SELECT 1 FROM dual"})


def test_columns_are_compared_with_columns():
    assert get_all(INVOICE, {"visits": ["<", QueryTestInvoice.net_total]}, pluck="name") == ["A"]
    assert get_all(INVOICE, [["net_total", "=", QueryTestOutlet.royalty]], pluck="name") == ["A"]
    between = [INVOICE, "net_total", "between", [QueryTestOutlet.royalty, 7]]
    assert get_all(INVOICE, [between], pluck="name") == ["A"]
    assert db.count(INVOICE, {"visits": [">", QueryTestInvoice.net_total]}) == 1
    assert db.set_value(INVOICE, {"net_total": QueryTestOutlet.royalty}, "visits", 0) == 1


def test_a_column_of_a_type_without_a_part_in_the_query_is_no_cross_product():
    with pytest.raises(ValidationError, match="nothing here links it"):
        get_all("Query Test Outlet", {"royalty": QueryTestItem.rate})
