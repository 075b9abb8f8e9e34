"""Query conditions of hooks, and the right to select: what lists hold, and what single documents are asked."""

import pytest

from doclife.core.errors import DataError, HookError, PermissionDenied, UnknownFieldError, ValidationError
from doclife.doctypes.user import HasRole
from doclife.query.db import db
from doclife.query.lists import get_all, get_list
from doclife.query.restrictions import excluded, is_restricted
from tests.unit.permissions import declared
from tests.unit.permissions.declared import HERE
from tests.unit.query.kit import (
    QueryTestBrand,
    QueryTestInvoice,
    QueryTestItem,
    QueryTestOutlet,
    count_statements,
    give,
    store,
)

INVOICE, OUTLET, BRAND, ITEM = "Query Test Invoice", "Query Test Outlet", "Query Test Brand", "Query Test Item"
BACKSLASH = "\\"


@pytest.fixture(autouse=True)
def documents(context):
    give(context, asha="Query Clerk", mira="Query Manager", pia="Query Picker")
    store(
        context,
        QueryTestInvoice,
        {"name": "A", "customer": "x", "owner": "asha", "outlet": "PUNE", "margin": 7, "net_total": 10},
        {"name": "B", "customer": "x", "owner": "ben", "outlet": "GOA", "margin": 8, "net_total": 20},
        {"name": "C", "customer": "y", "owner": "asha", "outlet": None, "margin": 9, "net_total": 30},
        {"name": "D", "customer": None, "owner": "ben", "outlet": "PUNE", "margin": 9},
    )
    store(context, QueryTestOutlet, {"name": "PUNE", "city": "Pune"}, {"name": "GOA", "city": "Goa"})
    row = {"parenttype": INVOICE, "parentfield": "items"}
    store(
        context,
        QueryTestItem,
        {"name": "1", "parent": "A", "item_code": "CONE", "outlet": "PUNE", **row},
        {"name": "2", "parent": "B", "item_code": "TUB", "outlet": "GOA", **row},
        {"name": "3", "parent": "B", "item_code": "CONE", **row},
    )
    with declared.declared():
        yield context


def names(doctype=INVOICE, **more):
    return get_list(doctype, pluck="name", order_by="name", **more)


FORMS = [
    {"customer": "x"},
    [["customer", "=", "x"]],
    [{"customer": "x"}, ["net_total", "<", 25]],
    [QueryTestInvoice.customer == "x"],
    QueryTestInvoice.customer == "x",
    (QueryTestInvoice.customer == "x") & (QueryTestInvoice.net_total < 25),
    "customer = 'x'",
    "`tabQuery Test Invoice`.`customer` = 'x'",
    "  `tabQuery Test Invoice`.customer = 'x' -- and no more",
    "customer = 'x' or 1 = 2",
    "exists (select 1 from `tabQuery Test Item` where parent = `tabQuery Test Invoice`.name)",
    {"items.item_code": ["in", ["CONE", "TUB"]]},
    {"outlet.city": ["in", ["Pune", "Goa"]], "customer": ["is", "set"]},
    lambda user: f"customer = {db.escape('x')}",
]


@pytest.mark.parametrize("said", FORMS, ids=range(len(FORMS)))
def test_a_condition_may_be_said_in_every_form(context, said):
    declared.conditions[INVOICE] = said
    assert names() == ["A", "B"]
    hidden, hooks = excluded(context, QueryTestInvoice, ["A", "B", "C", "D", "absent"], "mira")
    assert sorted(hidden) == ["C", "D"]
    assert [hook.path for hook in hooks] == [f"{HERE}.said"]


@pytest.mark.parametrize("nothing", [None, "", "  ", [], {}, ()], ids=repr)
def test_nothing_restricts_nothing(context, nothing):
    declared.conditions[INVOICE] = nothing
    assert names() == ["A", "B", "C", "D"]
    texts = count_statements(context)
    assert excluded(context, QueryTestInvoice, ["A"], "mira") == ([], [])
    assert texts == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (True, "True is no condition; return SQL as a text"),
        (False, "False is no condition"),
        (0, "0 is no condition"),
        (["A", "B"], r"a list holds filters, and names are written \{'name': \['in', names\]\}"),
        ({"A"}, r"\{'A'\} is no condition"),
    ],
    ids=["true", "false", "number", "names", "set"],
)
def test_what_is_no_condition_is_refused(context, said, reason):
    declared.conditions[INVOICE] = said
    for ask in (names, lambda: excluded(context, QueryTestInvoice, ["A"], "mira")):
        with pytest.raises(HookError, match=reason) as caught:
            ask()
        assert f"in {HERE}.said: permission_query_conditions['*'] of guard" in caught.value.__notes__


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"custmer": "x"}, UnknownFieldError),
        ("1=1) or (1=1", DataError),
        ({"customer": ["is", "odd"]}, ValidationError),
    ],
    ids=["field", "brackets", "operator"],
)
def test_a_condition_that_cannot_be_read_names_its_hook(said, error):
    declared.conditions[INVOICE] = said
    with pytest.raises(error) as caught:
        names()
    assert f"in {HERE}.said: permission_query_conditions['*'] of guard" in caught.value.__notes__


def test_a_condition_that_the_database_refuses_names_its_hook_and_leaves_the_transaction_usable(context):
    declared.conditions[INVOICE] = "absent = 1"
    for ask in (names, lambda: excluded(context, QueryTestInvoice, ["A"], "mira")):
        with pytest.raises(DataError) as caught:
            ask()
        assert f"with the query conditions of {HERE}.said (guard)" in caught.value.__notes__
    declared.conditions.clear()
    assert len(names()) == 4


def test_all_of_them_must_hold_beside_filters_and_rules():
    declared.conditions[INVOICE] = "customer = 'x' or customer = 'y'"
    declared.further[INVOICE] = {"net_total": [">", 10]}
    assert names() == ["B", "C"]
    assert names(filters={"customer": "y"}) == ["C"]
    assert names(or_filters=[["name", "A"], ["name", "B"]]) == ["B"]
    assert names(user="asha") == ["C"]


def test_they_hold_for_administrator_and_for_lists_alone(context):
    declared.conditions[INVOICE] = {"name": ["in", []]}
    assert context.user == "Administrator"
    assert names() == []
    assert names(ignore_permissions=True) == ["A", "B", "C", "D"]
    assert len(get_all(INVOICE)) == db.count(INVOICE) == len(db.select(QueryTestInvoice).all()) == 4
    assert db.get_value(INVOICE, "A", "customer") == "x"
    assert db.exists(INVOICE, "A") == "A"


def test_the_hook_is_asked_about_whoever_asks(context):
    declared.conditions[INVOICE] = lambda user: {"owner": user}
    assert names(user="mira") == []
    context.user = "asha"
    assert names() == ["A", "C"]
    assert declared.asked == [(INVOICE, "mira"), (INVOICE, "asha")]


@pytest.mark.parametrize(
    "value",
    [
        "50%",
        "%%",
        "%s",
        "it's",
        '"',
        "`",
        BACKSLASH,
        f"{BACKSLASH}'",
        ":x",
        "?",
        "a;b",
        "--",
        "/*",
        ")",
        "é🙂",
        "{}",
        "$$",
    ],
)
def test_an_escaped_value_is_compared_as_it_is(context, value):
    store(
        context, QueryTestInvoice, {"name": "odd", "customer": value}, {"name": "even", "customer": f"{value}{value}"}
    )
    declared.conditions[INVOICE] = lambda user: f"customer = {db.escape(value)}"
    assert names() == ["odd"]
    assert excluded(context, QueryTestInvoice, ["odd", "even"], "mira")[0] == ["even"]


WRITTEN = [
    "owner = 'asha' or name = 'B'",
    "`tabQuery Test Invoice`.owner = 'asha' or `tabQuery Test Invoice`.name = 'B'",
]


@pytest.mark.parametrize("said", WRITTEN, ids=["bare", "qualified"])
def test_names_in_sql_mean_the_listed_type_whatever_is_joined(said):
    declared.conditions[INVOICE] = said
    fields = ["name", "outlet.city", "items.item_code"]
    found = get_list(INVOICE, fields=fields, order_by="name, items.item_code")
    assert [(row.name, row.city, row.item_code) for row in found] == [
        ("A", "Pune", "CONE"),
        ("B", "Goa", "CONE"),
        ("B", "Goa", "TUB"),
        ("C", None, None),
    ]
    assert names(filters={"outlet.city": "Goa"}) == ["B"]
    grouped = get_list(INVOICE, fields=["outlet.city", "count(name) as n"], group_by="outlet.city", order_by="n")
    assert sorted((row.city or "", row.n) for row in grouped) == [("", 1), ("Goa", 1), ("Pune", 1)]


def test_linked_documents_that_are_left_out_are_as_if_they_were_not_there(context):
    declared.conditions[OUTLET] = "city = 'Pune' and `tabQuery Test Outlet`.name is not null"
    expected = [("A", "Pune"), ("B", None), ("C", None), ("D", "Pune")]
    found = get_list(INVOICE, fields=["name", "outlet.city"], order_by="name")
    assert [(row.name, row.city) for row in found] == expected
    assert names(filters={"outlet.city": "Goa"}) == []
    declared.conditions[OUTLET] = {"city": "Pune"}
    found = get_list(INVOICE, fields=["name", "outlet.city"], order_by="name")
    assert [(row.name, row.city) for row in found] == expected
    context.user = "asha"
    assert [row.city for row in get_list(INVOICE, fields=["name", "outlet.city"], order_by="name")] == ["Pune", None]


def test_a_type_that_links_itself_is_restricted_on_both_sides(context):
    store(
        context,
        QueryTestBrand,
        {"name": "top", "title": "Top", "city": "Goa"},
        {"name": "low", "title": "Low", "city": "Pune", "above": "top"},
        {"name": "least", "title": "Least", "city": "Pune", "above": "low"},
    )
    for said in (
        "city = 'Pune'",
        "`tabQuery Test Brand`.city = 'Pune'",
        {"city": "Pune"},
        QueryTestBrand.city == "Pune",
    ):
        declared.conditions[BRAND] = said
        found = get_list(BRAND, fields=["name", "above.title"], order_by="name")
        assert [(row.name, row.title) for row in found] == [("least", "Low"), ("low", None)]


def test_child_rows_are_restricted_with_their_documents(context):
    declared.conditions[INVOICE] = "owner = 'ben' and customer = 'x'"
    listed = {"parent_doctype": INVOICE, "pluck": "name", "order_by": "name"}
    assert get_list(ITEM, **listed) == ["2", "3"]
    assert get_list(ITEM, {"item_code": "CONE"}, **listed) == ["3"]
    assert declared.asked == [(INVOICE, "Administrator")] * 2, "rows are not asked about by themselves"
    declared.conditions[OUTLET] = {"city": "Pune"}
    found = get_list(ITEM, fields=["name", "outlet.city"], parent_doctype=INVOICE, order_by="name")
    assert [(row.name, row.city) for row in found] == [("2", None), ("3", None)]


def test_a_condition_may_look_at_what_the_user_may_not_see(context):
    context.user = "asha"
    declared.conditions[INVOICE] = {"margin": [">", 8], "outlet": ["is", "not set"]}
    assert names() == ["C"]
    declared.conditions[OUTLET] = {"city": "Nowhere"}
    declared.conditions[INVOICE] = {"outlet.city": "Pune"}
    assert names() == ["A"]


def test_a_restricted_list_costs_one_statement(context):
    declared.conditions[INVOICE] = {"outlet.city": "Pune"}
    names()
    texts = count_statements(context)
    context.unit.rollback()
    assert names() == ["A", "D"]
    assert excluded(context, QueryTestInvoice, ["A", "B"], "mira")[0] == ["B"]
    assert len(texts) == 2


def test_types_without_hooks_are_not_asked_about(context):
    assert is_restricted(context, QueryTestInvoice)
    context.site.registry.apps[-1] = declared.app({"permission_query_conditions": {OUTLET: f"{HERE}.said"}})
    context.site.cache.clear()
    assert not is_restricted(context, QueryTestInvoice)
    assert is_restricted(context, QueryTestOutlet)


# -- the right to select ---------------------------------------------------------------------------


@pytest.fixture
def brands(context):
    store(
        context,
        QueryTestBrand,
        {"name": "N", "title": "North", "city": "Pune", "margin": 5, "owner": "asha"},
        {"name": "S", "title": "South", "city": "Goa", "margin": 6, "owner": "ben", "above": "N"},
    )
    row = {"parenttype": BRAND, "parentfield": "items"}
    store(context, QueryTestItem, {"name": "11", "parent": "N", "item_code": "CONE", **row})
    give(context, both="Query Clerk")
    store(context, HasRole, {"name": "2nd", "parent": "both", "parenttype": "User", "role": "Query Picker"})


@pytest.mark.usefixtures("brands")
def test_who_may_select_sees_what_documents_are_known_by(context):
    context.user = "pia"
    assert get_list(BRAND, fields=["*"], order_by="name") == [
        {"name": "N", "title": "North", "city": "Pune"},
        {"name": "S", "title": "South", "city": "Goa"},
    ]
    assert get_list(BRAND, fields=["title", "margin", "sum(margin) as m"], order_by="title") == [
        {"title": "North"},
        {"title": "South"},
    ]
    assert names(BRAND, filters={"city": "Goa"}) == ["S"]
    assert get_list(BRAND, fields=["name", {"items": ["item_code"]}], order_by="name") == [{"name": "N"}, {"name": "S"}]
    for question in ({"filters": {"margin": 5}}, {"order_by": "margin"}, {"filters": {"items.item_code": "CONE"}}):
        with pytest.raises(PermissionDenied, match="you may not read Query Test"):
            get_list(BRAND, **question)
    with pytest.raises(PermissionDenied, match="pia may not read Query Test Brand; Query Clerk, Query Manager may"):
        get_list(ITEM, parent_doctype=BRAND)


@pytest.mark.usefixtures("brands")
def test_who_may_select_all_and_read_some_sees_all_as_long_as_selecting_shows_it(context):
    context.user = "both"
    store(context, QueryTestBrand, {"name": "own", "title": "Own", "margin": 7, "owner": "both"})
    assert names(BRAND) == ["N", "S", "own"]
    assert len(get_list(BRAND, fields=["title", "city"])) == 3
    for fields in ("*", ["name", "margin"], ["name", {"items": ["item_code"]}], ["name", "items.item_code"]):
        assert [row.name for row in get_list(BRAND, fields=fields)] == ["own"]
    assert names(BRAND, filters={"margin": [">", 0]}) == ["own"]
    assert get_list(BRAND, pluck="name", order_by="margin") == ["own"]
    assert names(BRAND, filters={"above.margin": 5}) == []
    assert get_list(ITEM, parent_doctype=BRAND) == []


@pytest.mark.usefixtures("brands")
def test_a_linked_document_that_may_be_selected_shows_no_more(context):
    store(context, QueryTestBrand, {"name": "own", "title": "Own", "owner": "both", "above": "N"})
    context.user = "both"
    assert get_list(BRAND, {"name": "own"}, ["name", "above.title as t"]) == [{"name": "own", "t": "North"}]
    assert get_list(BRAND, {"name": "own"}, ["name", "above.margin as m"]) == [{"name": "own", "m": None}]
    context.user = "mira"
    assert get_list(BRAND, {"name": "own"}, ["name", "above.margin as m"]) == [{"name": "own", "m": 5}]
