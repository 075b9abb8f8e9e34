"""What is stored comes back as it was, on every database, and what cannot be stored is refused by name."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from doclife.core.amount import Amount
from doclife.core.errors import CharacterLengthExceededError, DoesNotExistError, UniqueValidationError, ValidationError
from doclife.model.access import get_doc, get_docs
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopOutlet, ShopThing

TEXTS = [
    "",
    " ",
    "é",
    "e\u0301",
    "👩‍👩‍👧‍👦",
    "a\nb\tc\r\n",
    "100% %s %(x)s :x ? \\ ' \" ` ; --",
    "\u202eright to left",
    "ß" * 140,
    "\N{MATHEMATICAL DOUBLE-STRUCK CAPITAL X}" * 140,
]
VALUES = [
    *(("label", text) for text in TEXTS),
    ("short", "👍" * 5),
    ("small", "x" * 100_000),
    ("text", "😀 %s\n" * 20_000),
    ("code", "\\n\\\\'"),
    ("choice", "Green"),
    ("flag", 1),
    ("count", 2**63 - 1),
    ("count", -(2**63)),
    ("weight", 0.1),
    ("weight", -1.7976931348623157e308),
    ("weight", 5e-324),
    ("price", Amount("-0.000001")),
    ("price", Amount("999999999.999999")),
    ("price", Amount("123456789012345")),
    ("share", Amount("-12.5")),
    ("day", date(1, 1, 1)),
    ("day", date(9999, 12, 31)),
    ("moment", datetime(1, 1, 1, 0, 0, 0, 1)),
    ("moment", datetime(9999, 12, 31, 23, 59, 59, 999999)),
    ("at", time(0)),
    ("at", time(23, 59, 59, 999999)),
    ("data", {"a": [1, 2.5, None, {"b": "é\u0000"}], "": {}}),
    ("data", []),
    ("data", "text"),
    ("data", 0),
    ("data", False),
]


@pytest.mark.parametrize(("field", "value"), VALUES, ids=[f"{n}-{each[0]}" for n, each in enumerate(VALUES)])
def test_a_value_comes_back_inserted_and_updated(unit, field, value):
    made = ShopThing({field: value}).insert()
    later = ShopThing().insert()
    later.set(field, value)
    later.save()
    unit.commit()
    for name in (made.name, later.name):
        found = get_doc("Shop Thing", name)
        assert (found.get(field), type(found.get(field))) == (value, type(value))
        assert not found.has_value_changed(field)


@pytest.mark.parametrize("name", [*(text for text in TEXTS if text.strip()), "N" * 140, "a/b?c=d&e#f"])
def test_a_name_may_be_any_text(unit, name):
    made = ShopItem(title="x").insert(set_name=name)
    assert made.name == name.strip()
    assert ShopThing(item=made.name).insert().item == made.name
    made.title = "y"
    made.save()
    assert get_doc("Shop Item", made.name).title == "y"
    made.delete(force=True)
    with pytest.raises(DoesNotExistError):
        get_doc("Shop Item", made.name)


def test_names_that_only_differ_in_case_accents_or_blanks_are_different(unit):
    for name in ("Oslo", "OSLO", "Óslo", "O\u0301slo"):
        ShopItem(title=name).insert(set_name=name)
    assert get_doc("Shop Item", "OSLO").title == "OSLO"
    assert get_doc("Shop Item", "O\u0301slo").title == "O\u0301slo"


@pytest.mark.parametrize("asked", ["äpfel gmbh", "äPFEL GMBH"])
def test_a_link_takes_the_stored_spelling(unit, asked):
    ShopItem().insert(set_name="äpfel GmbH")
    assert ShopThing(item=asked).insert().item == "äpfel GmbH"


def test_unique_fields_may_be_empty_many_times_and_the_refusal_leaves_the_transaction_usable(unit):
    ShopOutlet(code="A").insert()
    other = ShopOutlet(code="B").insert()
    with pytest.raises(UniqueValidationError, match=r"code.* must be unique, and 'A' is taken"):
        other.db_set("code", "A")  # save() sets the field that names back to the name
    ShopOutlet(code="C").insert()
    unit.commit()
    assert [each.code for each in get_docs("Shop Outlet", ["A", "B", "C"])] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("label", "x" * 141, CharacterLengthExceededError),
        ("label", "\ud800", ValidationError),
        ("count", 2**63, ValidationError),
        ("price", "1e15", ValidationError),
        ("weight", "nan", ValidationError),
    ],
    ids=["long", "surrogate", "int", "amount", "float"],
)
def test_a_value_that_cannot_be_stored_is_refused_by_name(unit, field, value, error):
    ShopItem().insert(set_name="before")
    thing = ShopThing({field: value})
    if (field, unit.link.dialect) == ("price", "sqlite"):
        value = thing.price = "12345678901234.123457"
    with pytest.raises(error, match=rf"Shop Thing .*\({field}\)"):
        thing.insert()
    assert thing.is_new()
    ShopItem().insert(set_name="after")
    unit.commit()
    assert len(get_docs("Shop Item", ["before", "after"])) == 2


def test_more_rows_and_names_than_a_statement_takes(unit):
    """SQLite takes 32,766 parameters, and 2,500 rows of twelve columns have more."""
    invoice = ShopInvoice(rows=[{"code": str(n), "note": "old"} for n in range(2500)]).insert()
    for row in invoice.rows:
        row.note = "new"
    invoice.save()
    assert {row.note for row in get_doc("Shop Invoice", invoice.name).rows} == {"new"}
    invoice.rows = []
    invoice.save()
    assert get_doc("Shop Invoice", invoice.name).rows == []
    names = [ShopItem().insert().name for _ in range(1100)]
    assert [each.name for each in get_docs("Shop Item", names)] == names
