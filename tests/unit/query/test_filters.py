"""Filters: forms, operators and names, against rows that are known."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from doclife.core import clock
from doclife.core.errors import NotSupported, UnknownDoctypeError, UnknownFieldError, ValidationError
from doclife.query.execute import read
from doclife.query.filters import any_of, conditions
from doclife.query.scope import Scope
from doclife.query.select import first_name
from tests.unit.query.kit import QueryTestInvoice, QueryTestItem, QueryTestOutlet, QueryTestReturn, store


def names(context, filters, or_filters=None):
    scope = Scope(QueryTestInvoice)
    where = [*conditions(scope, filters), *any_of(scope, or_filters)]
    statement = select(scope.table.c.name).select_from(scope.source).where(*where)
    return sorted(row[0] for row in read(context.unit, statement))


@pytest.fixture
def invoices(context):
    store(context, QueryTestOutlet, {"name": "PUNE", "city": "Pune"}, {"name": "AGRA", "city": "Agra"})
    store(
        context,
        QueryTestInvoice,
        {"name": "A", "customer": "Asha", "status": "Open", "net_total": 100, "visits": 1, "outlet": "PUNE"},
        {"name": "B", "customer": "ben", "status": "Paid", "net_total": 200.5, "visits": 2, "outlet": "AGRA"},
        {"name": "C", "customer": "", "status": None, "net_total": 0, "visits": 0, "outlet": None},
        {"name": "D", "customer": None, "status": "Open", "net_total": 300, "visits": 2, "outlet": "PUNE"},
    )
    return context


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("A", "A"),
        (None, "ABCD"),
        ({}, "ABCD"),
        ([], "ABCD"),
        (["A", "D", "Z"], "AD"),
        (("A", "B"), "AB"),
        ({"status": "Open"}, "AD"),
        ({"status": "Open", "visits": 2}, "D"),
        ({"net_total": [">", 150]}, "BD"),
        ({"net_total": (">=", "200.5")}, "BD"),
        ([["status", "Open"], ["visits", "=", 1]], "A"),
        ([("status", ["in", ["Open"]])], "AD"),
        ([["Query Test Invoice", "status", "=", "Open"]], "AD"),
        ([["Query Test Invoice", "status", "=", "Open", False]], "AD"),
        ([{"status": "Open"}, ["visits", "<", 2]], "A"),
        ('{"status": "Open"}', "AD"),
        ('[["visits", "=", 2]]', "BD"),
        ({"`tabQuery Test Invoice`.`status`": "Paid"}, "B"),
    ],
    ids=str,
)
def test_every_form_of_filters(invoices, filters, expected):
    assert names(invoices, filters) == list(expected)


def test_a_document_stands_for_its_name(invoices):
    outlet = QueryTestOutlet(name="PUNE")
    assert names(invoices, {"outlet": outlet}) == ["A", "D"]
    assert names(invoices, {"outlet": ["in", [outlet, "AGRA"]]}) == ["A", "B", "D"]
    assert names(invoices, QueryTestInvoice(name="B")) == ["B"]


def test_an_expression_is_a_filter(invoices):
    assert names(invoices, QueryTestInvoice.net_total > 150) == ["B", "D"]
    assert names(invoices, [QueryTestInvoice.net_total > 150, {"status": "Open"}]) == ["D"]
    assert names(invoices, {"visits": ["<", QueryTestInvoice.net_total]}) == ["A", "B", "D"]


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("status", "!=", "Open", "BC"),  # NULL is not Open
        ("status", "not in", ["Open"], "BC"),
        ("status", "not in", "Open, Paid", "C"),
        ("status", "in", "Open, Paid", "ABD"),
        ("status", "IN", {"Paid"}, "B"),
        ("status", "in", [], ""),
        ("status", "not in", [], "ABCD"),
        ("status", "in", [None, "Paid"], "BC"),
        ("status", "not in", [None, "Paid"], "AD"),
        ("status", "<", "P", "AD"),  # NULL is not less
        ("status", "=", None, "C"),
        ("status", "!=", None, "ABD"),
        ("status", "<", None, ""),
        ("customer", "=", None, "D"),
        ("customer", "=", "", "CD"),
        ("customer", "!=", "", "AB"),
        ("customer", "is", "set", "AB"),
        ("customer", "is", "not set", "CD"),
        ("customer", "Is", "Not  Set", "CD"),
        ("visits", "is", "set", "ABD"),
        ("visits", "is", "not set", "C"),
        ("visits", "in", ["1", 2.0], "ABD"),
        ("customer", "like", "a%", "A"),
        ("customer", "like", "%E%", "B"),
        ("customer", "not like", "%e%", "ACD"),
        ("customer", "like", None, ""),
        ("customer", "regex", "^[Ab]", "AB"),
        ("net_total", "between", [100, 250], "AB"),
        ("net_total", "between", (None, 250), ""),
        ("net_total", "like", "200%", "B"),
        ("paid", "=", False, "ABCD"),
        ("name", "!=", "A", "BCD"),
    ],
)
def test_every_operator(invoices, field, operator, value, expected):
    assert names(invoices, [[field, operator, value]]) == list(expected)


def test_or_filters_are_one_condition(invoices):
    assert names(invoices, {"status": "Open"}, {"visits": 1, "net_total": 300}) == ["A", "D"]
    assert names(invoices, None, [["visits", "=", 0], ["status", "Paid"]]) == ["B", "C"]
    assert names(invoices, {"status": "Open"}, []) == ["A", "D"]


def test_between_days_covers_whole_days_of_a_datetime(context):
    late = datetime(2026, 1, 31, 23, 59, 59, 999999)
    store(
        context,
        QueryTestInvoice,
        {"name": "FIRST", "due": datetime(2026, 1, 1), "posting_date": date(2026, 1, 1)},
        {"name": "LATE", "due": late, "posting_date": date(2026, 1, 31)},
        {"name": "NEXT", "due": late + timedelta(microseconds=1), "posting_date": date(2026, 2, 1)},
        {"name": "NONE"},
    )
    for days in (["2026-01-01", "2026-01-31"], [date(2026, 1, 1), date(2026, 1, 31)]):
        assert names(context, {"due": ["between", days]}) == ["FIRST", "LATE"]
        assert names(context, {"posting_date": ["between", days]}) == ["FIRST", "LATE"]
    assert names(context, {"due": ["between", ["2026-01-01", "2026-01-31 12:00:00"]]}) == ["FIRST"]
    assert names(context, {"due": ["between", [date(2026, 1, 1), datetime(2026, 1, 31)]]}) == ["FIRST"]
    assert names(context, {"posting_date": ["!=", "2026-01-01"]}) == ["LATE", "NEXT", "NONE"]
    assert names(context, {"posting_date": [">", datetime(2026, 1, 30, 5)]}) == ["LATE", "NEXT"]
    assert names(context, {"posting_date": ["like", "2026-01%"]}) == ["FIRST", "LATE"]


def test_a_missing_end_of_between_is_today(context):
    store(
        context,
        QueryTestInvoice,
        {"name": "OLD", "posting_date": date(2026, 3, 9)},
        {"name": "TODAY", "posting_date": date(2026, 3, 10)},
        {"name": "SOON", "posting_date": date(2026, 3, 11)},
    )
    # 20:00 in UTC is the next day at the site, in Kolkata
    with clock.travel(datetime(2026, 3, 9, 20, 0), tick=False):
        assert names(context, {"posting_date": ["between", ["2026-03-09"]]}) == ["OLD", "TODAY"]
        assert names(context, {"posting_date": ["between", [None, "2026-03-11"]]}) == ["SOON", "TODAY"]
        assert names(context, {"posting_date": ["timespan", "today"]}) == ["TODAY"]
        assert names(context, {"posting_date": ["timespan", "yesterday"]}) == ["OLD"]
        assert names(context, {"posting_date": ["previous", "1 week"]}) == []
        assert names(context, {"posting_date": ["timespan", "this week"]}) == ["OLD", "SOON", "TODAY"]


def test_rows_and_links_by_dotted_name_or_document_type(invoices):
    row = {"parenttype": "Query Test Invoice", "parentfield": "items"}
    store(
        invoices,
        QueryTestItem,
        {"name": "1", "parent": "A", "item_code": "CONE", "qty": 1, **row},
        {"name": "2", "parent": "B", "item_code": "TUB", "qty": 5, **row},
        # another document's row that happens to name A
        {"name": "3", "parent": "A", "item_code": "TUB", "parenttype": "Quotation", "parentfield": "items"},
    )
    store(
        invoices,
        QueryTestReturn,
        {"name": "1", "parent": "D", "parenttype": "Query Test Invoice", "parentfield": "returns", "reason": "melted"},
    )
    for field in ("items.item_code", "`items`.`item_code`", "`tabQuery Test Item`.`item_code`", "item_code"):
        assert names(invoices, {field: "TUB"}) == ["B"]
    assert names(invoices, [["Query Test Item", "item_code", "=", "CONE"]]) == ["A"]
    assert names(invoices, [["Query Test Item", "qty", ">", 3], ["items.item_code", "TUB"]]) == ["B"]
    assert names(invoices, {"items.item_code": ["!=", "TUB"]}) == ["A", "C", "D"]  # none is NULL
    assert names(invoices, {"items.name": ["is", "set"]}) == ["A", "B"]
    assert names(invoices, {"reason": "melted"}) == ["D"]
    assert names(invoices, {"outlet.city": "Pune"}) == ["A", "D"]
    assert names(invoices, [["Query Test Outlet", "city", "=", "Agra"]]) == ["B"]
    assert names(invoices, {"outlet.city": ["!=", "Pune"]}) == ["B", "C"]


def test_like_takes_an_alphabet(context):
    store(context, QueryTestInvoice, {"name": "A", "customer": "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ ΑΒΓΔΕΖΗΘ"})
    assert names(context, {"customer": ["like", "абвгдежзийклмнопрстуфхцчшщъыьэюя αβγδεζηθ"]}) == ["A"]


def test_like_ignores_case_of_every_letter_and_takes_escaped_signs(context):
    store(
        context,
        QueryTestInvoice,
        {"name": "A", "customer": "CAFÉ Ünal"},
        {"name": "B", "customer": "cafe 100%"},
        {"name": "C", "customer": "a_b\\c"},
        {"name": "D", "customer": "axb"},
    )
    for pattern in ("café%", "CAFÉ%", "%ÜNAL", "%ünal", "caf_ %l"):
        assert names(context, {"customer": ["like", pattern]}) == ["A"]
    assert names(context, {"customer": ["like", "%100\\%"]}) == ["B"]
    assert names(context, {"customer": ["like", "a\\_b%"]}) == ["C"]
    assert names(context, {"customer": ["like", "a_b%"]}) == ["C", "D"]
    assert names(context, {"customer": ["like", "%\\\\c"]}) == ["C"]
    assert names(context, {"customer": ["like", "cafe\\"]}) == []


@pytest.mark.parametrize(
    ("filters", "error", "message"),
    [
        ({"custmer": "x"}, UnknownFieldError, "Did you mean 'customer'?"),
        ({"items": "x"}, UnknownFieldError, "items.idx"),
        ({"items.itemcode": "x"}, UnknownFieldError, "Did you mean 'item_code'?"),
        ({"outlets.city": "x"}, UnknownFieldError, "Did you mean 'outlet'?"),
        ({"qty": 1}, UnknownFieldError, "no field 'qty'"),  # items and returns have it
        ({"status": ["lik", "x"]}, ValidationError, "Did you mean 'like'?"),
        ({"status": ["Open", "Paid"]}, ValidationError, r"\['in', \[...\]\]"),
        ({"status": ["Open", "Paid", "Late"]}, ValidationError, r"\['in', \['Open', 'Paid', 'Late'\]\]"),
        ({"status": ["in", [["Open"]]]}, ValidationError, "flat list"),
        ({"posting_date": "soon"}, ValidationError, "a date as YYYY-MM-DD is expected"),
        ({"net_total": [">", "many"]}, ValidationError, "net_total cannot be compared with 'many'"),
        ({"visits": 2**63}, ValidationError, "64 bits"),
        ({"posting_date": ["between", "2026"]}, ValidationError, "takes \\[first, last\\]"),
        ({"net_total": ["between", [1]]}, ValidationError, "two values"),
        ({"net_total": ["timespan", "today"]}, ValidationError, "is for dates"),
        ({"posting_date": ["timespan", "this wek"]}, ValidationError, "Did you mean 'this week'?"),
        ({"posting_date": ["next", "2 weeks"]}, ValidationError, "1 week, 1 month"),
        ({"status": ["is", "empty"]}, ValidationError, "'set' or 'not set'"),
        ({"outlet": ["descendants of", "PUNE"]}, NotSupported, "no trees"),
        ([["status", "=", "Open", 1, 2, 3]], ValidationError, "is no filter"),
        ([5], ValidationError, "is no filter"),
        (3.5j, ValidationError, "no form of filters"),
        ([["Query Test Settings", "company", "=", "x"]], ValidationError, "nothing here links it"),
        ([["Query Test Outlets", "city", "=", "x"]], UnknownDoctypeError, "Did you mean 'Query Test Outlet'?"),
        ({"count(name)": 1}, ValidationError, "is not the name of a field"),
        ({"name; drop": 1}, ValidationError, "cannot be read"),
        ({7: 1}, ValidationError, "names its field by text"),
    ],
    ids=str,
)
def test_what_cannot_be_understood_is_refused_with_the_way_out(context, filters, error, message):
    with pytest.raises(error, match=message):
        names(context, filters)


def test_first_name_follows_the_types_own_order(context):
    early, late = datetime(2026, 1, 1), datetime(2026, 1, 2)
    rows = [("A", late), ("B", late), ("C", early)]
    store(context, QueryTestInvoice, *({"name": name, "creation": creation} for name, creation in rows))
    assert first_name(context.unit, QueryTestInvoice, {}) == "B"  # the latest; of two the later name
    assert first_name(context.unit, QueryTestInvoice, {"name": ["!=", "B"]}) == "A"
    assert first_name(context.unit, QueryTestInvoice, {"customer": "nobody"}) is None
