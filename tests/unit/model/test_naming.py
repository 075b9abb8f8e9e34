"""Names: which rule gives them, what each form means, and what is refused."""

from __future__ import annotations

import re
import uuid

import pytest
import sqlalchemy as sa

from doclife.core.context import current
from doclife.core.errors import (
    DuplicateEntryError,
    InvalidNamingSeriesError,
    InvalidUUIDValue,
    NameError,
    ValidationError,
)
from doclife.core.ids import hash_name
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.model.naming import append_number_if_name_exists, getseries, make_autoname
from doclife.schema.fieldtypes import Data, Date
from doclife.schema.meta import Meta
from doclife.testing import travel_to
from doclife.uow.retry import is_conflict
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopOutlet, ShopSecretary, ShopSettings, ShopTax

HASH = re.compile(r"[0-9a-v]{10}")


@pytest.fixture
def named(site):
    """Makes an unsaved document of a type with a naming rule."""

    def make(rule, /, series=(), **values):
        class Named(Document):
            meta = Meta(autoname=rule, naming_series=series)
            title = Data()
            day = Date()
            naming_series = Data()

        site.use(Named)
        return Named(**values)

    return make


# the forms


def test_without_a_rule_the_callers_name_counts_and_otherwise_a_hash(named):
    assert named("", name="mine").insert().name == "mine"
    assert HASH.fullmatch(named("").insert().name)


def test_hash_names_ascend_within_a_process(named):
    names = [named("hash").insert().name for _ in range(20)]
    assert names == sorted(names)
    assert len(set(names)) == 20
    assert all(HASH.fullmatch(name) for name in names)


@pytest.mark.parametrize("rule", ["hash", "field:title", "X-.##", "format:Y-{##}", "naming_series:"])
def test_a_rule_that_makes_names_does_not_take_the_callers(named, rule):
    assert named(rule, series=["S-"], name="mine", title="T").insert().name != "mine"


def test_a_field_names_with_its_value_without_blanks_around(named):
    assert named("field:title", title="  Big Shop ").insert().name == "Big Shop"
    assert named("Field:title", title="Other").insert().name == "Other"


@pytest.mark.parametrize("empty", [None, "", "   "])
def test_a_field_that_names_must_not_be_empty(named, empty):
    with pytest.raises(ValidationError, match=r"Named: Title \(title\) is required, it is the document's name"):
        named("field:title", title=empty).insert()


def test_prompt_takes_the_callers_name_and_needs_it(named):
    assert named("prompt", name="mine").insert().name == "mine"
    assert named("Prompt").insert(set_name="other").name == "other"
    with pytest.raises(ValidationError, match="please set the document's name"):
        named("Prompt").insert()


def test_uuid_makes_version_7_and_takes_a_valid_one(named):
    assert uuid.UUID(named("UUID").insert().name).version == 7
    given = "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"
    assert named("uuid", name=given).insert().name == given.lower()
    with pytest.raises(InvalidUUIDValue, match="'not one' is not a UUID"):
        named("uuid", name="not one").insert()


def test_a_pattern_counts_per_text_before_the_number(named):
    assert named("INV-.###").insert().name == "INV-001"
    assert named("INV-.###").insert().name == "INV-002"
    assert named("OUT-.###").insert().name == "OUT-001"


def test_a_pattern_takes_dates_of_the_site_fields_and_text(named):
    with travel_to("2026-03-09 08:00"):
        assert named("A.YYYY.-.YY.MM.DD.-.JJJ.-.##").insert().name == "A2026-260309-068-01"
        assert named("W.WW.#").insert().name == "W111"
        assert named("{title}.-.#", title="shop").insert().name == "shop-1"
        assert named("title.-.#", title="shop").insert().name == "shop-2"
        assert named("{day}.-.#", title="shop").insert().name == "-1"


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_dates_in_names_are_those_of_the_site(named):
    with travel_to("2026-12-31T20:00:00+00:00"):
        assert named("A.YYYY.-.#").insert().name == "A2027-1"


@pytest.mark.parametrize(
    ("day", "week"), [("2021-01-01", "00"), ("2024-12-31", "53"), ("2026-01-05", "02"), ("2026-12-27", "52")]
)
def test_the_week_never_goes_back_within_a_year(named, day, week):
    with travel_to(f"{day} 12:00"):
        assert named("W.WW.-.#").insert().name == f"W{week}-1"


def test_a_number_longer_than_its_places_is_written_whole(named):
    for _ in range(11):
        last = named("N.#").insert()
    assert last.name == "N11"


def test_only_the_first_group_of_signs_is_a_number(named):
    assert named("A.##.B.###").insert().name == "A01B"


def test_a_format_fills_braces_anywhere(named):
    with travel_to("2026-03-09 08:00"):
        assert named("format:EX-{MM}-{title}-{##}!", title="shop").insert().name == "EX-03-shop-01!"
        assert named("format:EX-{MM}-{title}-{##}!", title="shop").insert().name == "EX-03-shop-02!"


def test_a_naming_series_is_the_fields_or_the_first_option(named):
    doc = named("naming_series:", series=["", "SO-", "PO-"])
    assert doc.insert().name == "SO-00001"
    assert doc.naming_series == "SO-"
    assert named("naming_series:", series=["SO-"], naming_series="PO-").insert().name == "PO-00001"
    assert named("naming_series:", series=["SO-"], naming_series="QO-.##").insert().name == "QO-01"


def test_a_naming_series_without_an_option_is_refused(named):
    with pytest.raises(ValidationError, match="Naming Series mandatory"):
        named("naming_series:").insert()


@pytest.mark.parametrize("pattern", ["A;.#", "A%.#", "A'.#", "Ä&.#"])
def test_other_characters_in_a_series_are_refused(named, pattern):
    with pytest.raises(InvalidNamingSeriesError, match=r"Named: the naming series .* may hold letters, digits"):
        named("naming_series:", series=["A-"], naming_series=pattern).insert()
    with pytest.raises(InvalidNamingSeriesError, match=r"^the naming series .* may hold letters, digits"):
        make_autoname(pattern)


def test_make_autoname_adds_the_number_that_a_pattern_lacks(site):
    assert make_autoname("A-") == "A-00001"
    assert make_autoname("A-.##") == "A-02"
    assert HASH.fullmatch(make_autoname())
    assert HASH.fullmatch(make_autoname("hash"))


def test_a_type_named_by_an_unknown_field_is_refused():
    from doclife.core.errors import SchemaError

    with pytest.raises(SchemaError, match=r"autoname='field:titel' names no field\. Did you mean 'title'"):

        class Misnamed(Document):
            meta = Meta(autoname="field:titel")
            title = Data()


# who decides


def test_autoname_of_the_controller_beats_the_rule(site):
    class SelfNamed(Document):
        meta = Meta(autoname="hash")
        title = Data()

        def autoname(self):
            if self.title:
                self.name = self.title.upper()

    site.use(SelfNamed)
    assert SelfNamed(title="x", name="ignored").insert().name == "X"
    assert HASH.fullmatch(SelfNamed().insert().name)


def test_a_handler_of_autoname_may_name_too(site):
    site.registry.connect("Shop Item", "autoname", lambda doc: doc.set("name", "by handler"))
    assert ShopItem(name="mine").insert().name == "by handler"


def test_set_name_beats_everything(site, named):
    assert named("field:title", title="T").insert(set_name="given").name == "given"
    assert ShopInvoice().insert(set_name="INV-X").name == "INV-X"


def test_before_naming_may_fill_what_names(site, named):
    doc = named("field:title")
    site.registry.connect("Named", "before_naming", lambda doc: doc.set("title", "filled"))
    assert doc.insert().name == "filled"


def test_a_single_is_named_by_its_type():
    assert ShopSettings(name="other").insert().name == "Shop Settings"


def test_the_callers_name_is_back_when_the_insert_fails(site):
    def refuse(doc):
        raise ZeroDivisionError

    site.registry.connect("Shop Item", "validate", refuse)
    item = ShopItem(name="mine")
    with pytest.raises(ZeroDivisionError):
        item.insert()
    assert item.name == "mine"


# what is refused


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a<b", "has < or >"),
        ("a>b", "has < or >"),
        ("x" * 141, "is longer than 140 characters"),
        ("New Shop Item 1", "is what a form calls a document without a name"),
        ("Shop Item", "is the name of the document type"),
    ],
)
def test_a_name_that_is_not_allowed_is_refused(name, problem):
    with pytest.raises(NameError, match=re.escape(problem)):
        ShopItem(name=name).insert()


def test_a_blank_name_is_refused():
    with pytest.raises(ValidationError, match="has no name"):
        ShopItem().insert(set_name="   ")


def test_a_name_of_140_characters_is_allowed():
    assert len(ShopItem(name="x" * 140).insert().name) == 140


# counters


def test_numbers_are_given_back_by_a_rollback_and_not_by_a_delete():
    first = ShopInvoice().insert()
    current().unit.commit()
    ShopInvoice().insert()
    current().unit.rollback()
    second = ShopInvoice().insert()
    assert (first.name, second.name) == ("INV-0001", "INV-0002")
    second.delete()
    assert ShopInvoice().insert().name == "INV-0003"


def test_the_number_of_a_failed_insert_is_given_back(site):
    def refuse(doc):
        if doc.remark:
            raise ZeroDivisionError

    site.registry.connect("Shop Invoice", "validate", refuse)
    with pytest.raises(ZeroDivisionError):
        ShopInvoice(remark="fails").insert()
    assert ShopInvoice().insert().name == "INV-0001"


def test_getseries_takes_the_next_number_as_text():
    assert [getseries("S-", 3), getseries("S-", 3), getseries("T-", 1)] == ["001", "002", "1"]


def test_a_number_is_appended_where_a_name_exists():
    assert append_number_if_name_exists("Shop Outlet", "Berlin") == "Berlin"
    ShopOutlet(code="Berlin").insert()
    assert append_number_if_name_exists("Shop Outlet", "Berlin") == "Berlin-1"
    ShopOutlet(code="Berlin-1").insert()
    ShopOutlet(code="Berlin-9").insert()
    ShopOutlet(code="Berlin-Mitte").insert()
    assert append_number_if_name_exists("Shop Outlet", "Berlin") == "Berlin-10"
    assert append_number_if_name_exists("Shop Outlet", "Berlin", "code", "/") == "Berlin/1"


def test_a_name_of_a_pattern_is_found_again(named):
    name = named("A b/.#").insert().name
    assert get_doc("Named", name).name == "A b/1"


# hash names that exist already


def _following(name):
    """Returns the hash name after this one: a number in base 32."""
    digits = "0123456789abcdefghijklmnopqrstuv"
    number = sum(digits.index(sign) * 32**place for place, sign in enumerate(reversed(name))) + 1
    return "".join(digits[number // 32**place % 32] for place in range(9, -1, -1))


def test_an_insert_under_a_hash_name_that_exists_takes_another(site):
    number = _following(hash_name())
    ShopSecretary(label="second").insert(set_name=number)
    doc = ShopSecretary(label="third", rows=[{"label": "a"}, {"label": "b"}]).insert()
    assert doc.name != number
    loaded = get_doc("Shop Secretary", doc.name)
    assert [(row.label, row.parent) for row in loaded.rows] == [("a", doc.name), ("b", doc.name)]
    assert get_doc("Shop Secretary", number).label == "second"


def test_a_name_that_the_caller_chose_is_not_replaced_by_another(site):
    ShopItem(name="mine").insert()
    with pytest.raises(DuplicateEntryError):
        ShopItem(name="mine").insert()


def test_a_row_whose_name_exists_is_a_conflict_that_may_be_tried_again(site):
    rows = [{"label": "a"}]
    first = hash_name()
    for _ in range(2):  # the document's own name, then its row's
        first = _following(first)
    ShopSecretary(label="holder").insert(set_name="holder")
    current().unit.link.execute(sa.insert(ShopTax.__table__).values(name=first, docstatus=0, idx=0, percent=0))
    with pytest.raises(DuplicateEntryError, match="a row's name exists already; do the operation again") as caught:
        ShopSecretary(label="x", rows=rows).insert()
    assert caught.value.context["conflict"] is True
    assert is_conflict(caught.value)
    assert len(ShopSecretary(label="x", rows=rows).insert().rows) == 1
