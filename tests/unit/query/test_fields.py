"""Fields, groups and orders of lists."""

from datetime import date, datetime

import pytest

from doclife.core import clock
from doclife.core.amount import Amount
from doclife.core.errors import UnknownFieldError, ValidationError
from doclife.query.lists import get_all
from doclife.query.parser import parse_fields
from tests.unit.query.kit import QueryTestInvoice, QueryTestItem, QueryTestOutlet, store

INVOICE = "Query Test Invoice"


@pytest.fixture(autouse=True)
def invoices(context):
    store(context, QueryTestOutlet, {"name": "PUNE", "city": "Pune"}, {"name": "AGRA", "city": "Agra"})
    store(
        context,
        QueryTestInvoice,
        {"name": "A", "customer": "Asha", "net_total": "0.10", "visits": 1, "outlet": "PUNE", "weight": 1.5},
        {"name": "B", "customer": "Ben", "net_total": "0.20", "visits": 2, "outlet": "AGRA", "weight": 2.5},
        {"name": "C", "customer": "Asha", "net_total": "0.60", "visits": 4, "outlet": "PUNE", "weight": 0.0},
        {"name": "D", "customer": None, "net_total": "0", "visits": 0, "posting_date": date(2026, 3, 10)},
    )
    row = {"parent": "A", "parenttype": INVOICE, "parentfield": "items"}
    store(
        context,
        QueryTestItem,
        {"name": "2", "idx": 2, "item_code": "TUB", "qty": 3, "rate": "1.10", "outlet": "AGRA", **row},
        {"name": "1", "idx": 1, "item_code": "CONE", "qty": 2, "rate": "0.05", **row},
    )
    return context


def rows(*fields, **options):
    return get_all(INVOICE, fields=list(fields), **{"order_by": "name", **options})


def one(field, **options):
    found = get_all(INVOICE, fields=[field], **options)
    assert len(found) == 1
    (value,) = found[0].values()
    return value


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        (None, ["name"]),
        ("name", ["name"]),
        ("name, customer", ["name", "customer"]),
        ('["name", "customer"]', ["name", "customer"]),
        (["name as id", "customer who"], ["id", "who"]),
        (["`name`", "`tabQuery Test Invoice`.`customer`"], ["name", "customer"]),
        (["`tabQuery Test Invoice`.`customer` as `a b`"], ["a b"]),
        (["outlet.city", "outlet.royalty as r"], ["city", "r"]),
        (["count(name) as n"], ["n"]),
        (["count(name)", "SUM( net_total )"], ["count(name)", "SUM( net_total )"]),
        ([{"SUM": "net_total", "as": "total"}], ["total"]),
        ([{"SUM": "net_total"}, {"COUNT": None}], ["SUM(net_total)", "COUNT(*)"]),
        ({"MAX": "visits", "as": "most"}, ["most"]),
        ([QueryTestInvoice.name, QueryTestInvoice.net_total], ["name", "net_total"]),
        (QueryTestInvoice.visits, ["visits"]),
        (["name as as_of"], ["as_of"]),
    ],
    ids=str,
)
def test_every_form_of_fields(fields, keys):
    assert list(get_all(INVOICE, fields=fields, order_by=None)[0]) == keys


def test_star_is_every_column_but_passwords():
    found = get_all(INVOICE, {"name": "A"}, "*")[0]
    assert set(found) == set(QueryTestInvoice._blueprint.columns) - {"secret"}
    assert found.net_total == Amount("0.10")
    assert type(found.net_total) is Amount
    assert get_all(INVOICE, {"name": "A"}, ["*", "outlet.city"])[0].city == "Pune"
    assert set(get_all(INVOICE, {"name": "A"}, "outlet.*")[0]) == set(QueryTestOutlet._blueprint.columns)


def test_rows_and_links_are_joined_from_the_left():
    assert [(r.name, r.city) for r in rows("name", "outlet.city")] == [
        ("A", "Pune"),
        ("B", "Agra"),
        ("C", "Pune"),
        ("D", None),
    ]
    found = rows("name", "items.item_code", "`tabQuery Test Item`.`qty`", order_by="name, items.idx")
    assert [tuple(r.values()) for r in found] == [
        ("A", "CONE", 2),
        ("A", "TUB", 3),
        ("B", None, None),
        ("C", None, None),
        ("D", None, None),
    ]
    assert rows(QueryTestItem.item_code, filters={"items.qty": 3}) == [{"item_code": "TUB"}]


def test_aggregates_of_money_are_exact_amounts():
    total = one("sum(net_total)")
    assert (total, type(total)) == (Amount("0.90"), Amount)  # the floats of SQLite would give 0.9000000000000001
    assert str(total).rstrip("0") == "0.9"
    average = one("avg(net_total)")
    assert (average, type(average)) == (Amount("0.225"), Amount)
    assert one("max(net_total)") == Amount("0.60")
    assert type(one("min(net_total)")) is Amount
    assert one("sum(net_total)", filters={"name": "nobody"}) is None
    product = one("sum(net_total * visits)")
    assert (product, type(product)) == (Amount("2.90"), Amount)  # .10 + .40 + 2.40
    assert one("sum(net_total * 0.05)") == Amount("0.045")
    assert one("sum(net_total) / count(name)") == Amount("0.225")
    assert one({"SUM": {"MUL": ["net_total", 2]}}) == Amount("1.80")


def test_aggregates_of_other_numbers_keep_their_kind():
    for field, expected in [
        ("sum(visits)", 7),
        ("count(name)", 4),
        ("count(customer)", 3),
        ("count(*)", 4),
        ("count()", 4),
        ("count(distinct customer)", 2),
        ({"COUNT": {"DISTINCT": "customer"}}, 2),
        ({"count": "distinct customer"}, 2),
        ("sum(distinct visits)", 7),
        ("max(visits) - min(visits)", 4),
        ("sum(visits * 2 + 1)", 18),
        ("sum(-visits)", -7),
        ("avg(visits)", 1.75),
        ("sum(visits) / 2", 3.5),
        ("sum(visits) / sum(paid)", None),  # nothing is divided by 0
        ("sum(weight)", 4.0),
        ("min(customer)", "Asha"),
        ("max(posting_date)", date(2026, 3, 10)),
    ]:
        found = one(field)
        assert (found, type(found)) == (expected, type(expected)), field


def test_functions_of_single_values():
    with clock.travel(datetime(2026, 3, 10, 20, 0), tick=False):
        found = rows(
            "year(posting_date) as y",
            "month(posting_date) as m",
            "day(posting_date) as d",
            "now() as now",
            "date(now()) as today",
            "locate('sh', customer) as at",
            "ifnull(customer, 'nobody') as who",
            "coalesce(net_total, 0) as total",
            "abs(visits - 3) as off",
            "'x''y' as text",
            "1.5 as number",
            filters={"name": ["in", "A,D"]},
        )
    assert found[1] == {
        "y": 2026,
        "m": 3,
        "d": 10,
        "now": datetime(2026, 3, 11, 1, 30),
        "today": date(2026, 3, 11),
        "at": None,
        "who": "nobody",
        "total": 0,
        "off": 3,
        "text": "x'y",
        "number": 1.5,
    }
    assert (found[0].y, found[0].at, found[0].who) == (None, 2, "Asha")


def test_groups_and_orders_know_columns_and_keys():
    fields = ["customer", "sum(net_total) as total"]
    assert get_all(INVOICE, fields=fields, group_by="customer", order_by="total desc") == [
        {"customer": "Asha", "total": Amount("0.70")},
        {"customer": "Ben", "total": Amount("0.20")},
        {"customer": None, "total": Amount(0)},
    ]
    by_key = get_all(
        INVOICE, {"visits": [">", 0]}, ["ifnull(outlet.city, '?') as town", "count(name) as n"], group_by="town"
    )
    assert sorted(tuple(row.values()) for row in by_key) == [("Agra", 1), ("Pune", 2)]
    two_keys = "customer desc, `tabQuery Test Invoice`.`net_total` DESC"
    assert rows("name", filters={"customer": ["is", "set"]}, order_by=two_keys) == [{"name": name} for name in "BCA"]
    assert get_all(INVOICE, order_by=[QueryTestInvoice.visits.desc()], pluck="name") == ["C", "B", "A", "D"]
    assert get_all(INVOICE, order_by="visits * -1", limit=1, pluck="name") == ["C"]
    assert get_all(INVOICE, fields=["count(name) as n", "outlet"], group_by=["outlet"], order_by="count(name) desc")[
        0
    ] == {"n": 2, "outlet": "PUNE"}


def test_distinct_in_either_place():
    assert sorted(get_all(INVOICE, pluck="outlet", filters={"outlet": ["is", "set"]}, distinct=True)) == [
        "AGRA",
        "PUNE",
    ]
    assert len(get_all(INVOICE, fields=["distinct customer"])) == 3
    assert get_all(INVOICE, {"items.qty": [">", 0]}, pluck="name", order_by="name") == ["A", "A"]
    assert get_all(INVOICE, {"items.qty": [">", 0]}, pluck="name", distinct=True) == ["A"]


def test_child_rows_as_lists():
    found = rows("name", {"items": ["item_code", "rate", "outlet.city"]}, filters={"name": ["in", "A,B"]})
    assert found == [
        {
            "name": "A",
            "items": [
                {"item_code": "CONE", "rate": Amount("0.05"), "city": None},
                {"item_code": "TUB", "rate": Amount("1.10"), "city": "Agra"},
            ],
        },
        {"name": "B", "items": []},
    ]
    with pytest.raises(ValidationError, match="dicts of single documents"):
        rows({"items": ["item_code"]}, as_list=True)


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ("net_totl", UnknownFieldError, "Did you mean 'net_total'"),
        ("sum(net_totl)", UnknownFieldError, "Did you mean 'net_total'"),
        ("items", UnknownFieldError, r"items\.idx"),
        ("sum(customer)", ValidationError, "is for numbers"),
        ("customer + 1", ValidationError, "is for numbers"),
        ("sum(max(visits))", ValidationError, "another aggregate"),
        ("sum(visits, paid)", ValidationError, "does not take 2"),
        ("sum(*)", ValidationError, "field of its own"),
        ("sleep(5)", ValidationError, r"no function sleep\(\)"),
        ("summ(visits)", ValidationError, "Did you mean 'sum'"),
        ("name; drop table x", ValidationError, "cannot be read as a field from '; drop table x' on"),
        ("(select name from x)", ValidationError, "from 'name from x"),
        ("name /* x */", ValidationError, "cannot be read"),
        ("name -- x", ValidationError, "cannot be read"),
        ("name union select 1", ValidationError, "from 'select 1' on"),
        ("name as", ValidationError, "something is missing"),
        ("sum(visits", ValidationError, "something is missing"),
        ("name,", ValidationError, "something is missing"),
        ("a.b.c", ValidationError, "from '.c' on"),
        ("'open", ValidationError, "cannot be read"),
        ([5], ValidationError, "5 is no field"),
        ([{"SUM": "visits", "AVG": "visits"}], ValidationError, "must name one function"),
        ([{"DIV": ["visits"]}], ValidationError, "two values"),
        ([{"SUM": 3.5j}], ValidationError, "argument of a function"),
        ('["name"', ValidationError, "not JSON"),
    ],
    ids=str,
)
def test_what_is_no_field_is_refused(fields, error, message):
    with pytest.raises(error, match=message):
        get_all(INVOICE, fields=fields)


@pytest.mark.parametrize(
    "order", ["name; x", "name desc desc", "nam", "sleep(1)", "name asc nulls last", 5, [5]], ids=str
)
def test_orders_and_groups_are_parsed_too(order):
    with pytest.raises(ValidationError):
        get_all(INVOICE, order_by=order)
    with pytest.raises(ValidationError):
        get_all(INVOICE, group_by=order)


def test_signs_bind_as_in_arithmetic():
    left_first, product_first, grouped = (one(field, filters={"name": "C"}) for field in FORMULAS)
    assert (left_first, product_first, grouped) == (-3, 13, 15)


FORMULAS = ("visits - 5 - 2", "visits * 3 + 1", "(visits + 1) * 3")


def test_parsing_is_remembered():
    assert parse_fields("sum(net_total) as total") is parse_fields("sum(net_total) as total")
