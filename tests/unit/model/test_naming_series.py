"""Series for tools: previews, prefixes, counters; and the parts that apps explain."""

from __future__ import annotations

import re
from datetime import date

import pytest

from doclife.core.context import current
from doclife.core.errors import (
    HookError,
    InvalidNamingSeriesError,
    NameError,
    SchemaError,
    UnknownFieldError,
    ValidationError,
)
from doclife.model.document import Document
from doclife.model.naming import NamingSeries, append_number_if_name_exists, getseries, make_autoname
from doclife.schema.fieldtypes import JSON, Check, Currency, Data, Date, Password, Time
from doclife.schema.meta import Meta
from doclife.testing import travel_to
from tests.unit.model.shop import ShopOutlet

HERE = "tests.unit.model.test_naming_series"


class PartThing(Document):
    meta = Meta(autoname="naming_series:")
    naming_series = Data()
    title = Data()
    day = Date()
    at = Time()
    price = Currency()
    done = Check()
    data = JSON()
    secret = Password()


class FiscalThing(Document):
    meta = Meta(autoname="format:{FY}/{title}/{###}")
    title = Data()
    day = Date()


def fiscal_year(doc, part):
    """The fiscal year from April on, of the document's day."""
    assert part == "FY"
    day = doc.day if doc is not None else date(2026, 1, 1)
    start = day.year if day.month >= 4 else day.year - 1
    return f"{start}-{start + 1 - 2000}"


def region(doc, part):
    return None if doc is None or not doc.title else doc.title[:2]


def wide(doc, part):
    return 12


def takes_one(doc):
    return ""


# the helper


def test_a_series_shows_its_first_names_without_counting():
    with travel_to("2026-03-09 08:00"):
        series = NamingSeries("INV-.YYYY.-.###")
        assert series.get_preview() == ["INV-2026-001", "INV-2026-002", "INV-2026-003"]
        assert series.get_prefix() == "INV-2026-"
        assert series.get_current_value() == 0
        assert series.generate_next_name() == "INV-2026-001"
        assert series.get_current_value() == 1
        assert series.get_preview() == ["INV-2026-001", "INV-2026-002", "INV-2026-003"]


def test_a_series_without_a_number_gets_five_digits():
    assert NamingSeries("INV-").get_preview()[0] == "INV-00001"
    assert NamingSeries("INV-").series == "INV-.#####"


def test_a_counter_is_set_and_counts_from_there():
    series = NamingSeries("INV-.###")
    series.update_counter(41)
    assert (series.get_current_value(), getseries("INV-", 3)) == (41, "042")
    series.update_counter(0)
    assert series.generate_next_name() == "INV-001"
    current().unit.rollback()
    assert series.get_current_value() == 0


@pytest.mark.parametrize("count", [-1, 1.5, "7", None, True], ids=repr)
def test_a_counter_is_a_whole_number(count):
    with pytest.raises(ValidationError, match=r"the counter of 'INV-\.###' cannot be .*: a whole number from 0 on"):
        NamingSeries("INV-.###").update_counter(count)


def test_a_series_with_fields_needs_a_document():
    doc = PartThing(title="shop")
    series = NamingSeries("{title}.-.##")
    assert (series.get_prefix(doc), series.get_prefix()) == ("shop-", "-")
    assert series.get_preview(doc)[0] == "shop-01"
    assert series.generate_next_name(doc) == "shop-01"
    series.update_counter(5, doc)
    assert (series.get_current_value(doc), series.get_current_value()) == (5, 0)


@pytest.mark.parametrize("series", ["A;.##", "INV-##", "INV{x}.##", ""])
def test_a_series_that_cannot_be_used_is_refused(series):
    made = NamingSeries(series)
    if not series:
        made.validate()  # nothing but a number is a series
        return
    for use in (made.validate, made.get_prefix, made.get_preview, made.generate_next_name, made.get_current_value):
        with pytest.raises(InvalidNamingSeriesError, match=re.escape(repr(made.series))):
            use()


# parts


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{day}.-.#", "2026-03-09-1"),
        ("{at}.-.#", "08:30:00-1"),
        ("{price}.-.#", "9.50-1"),
        ("{done}.-.#", "1-1"),
        ("{data}.-.#", "-1"),
        ("{owner}.-.#", "Administrator-1"),
        ("docstatus.-.#", "0-1"),
        ("nothing.-.#", "nothing-1"),
        ("day.-.#", "2026-03-09-1"),
        ("timestamp.-.#", "2026-03-09 08:00:00-1"),
        ("YYYY.YY.MM.DD.WW.JJJ.-.#", "202626030911068-1"),
    ],
)
def test_parts_are_fields_and_dates(site, pattern, name):
    site.use(PartThing)
    values = {"day": "2026-03-09", "at": "08:30", "price": "9.50", "done": 1, "data": [1]}
    with travel_to("2026-03-09 08:00"):
        assert PartThing(naming_series=pattern, **values).insert().name == name


def test_an_unknown_word_in_braces_is_refused_with_the_nearest(site):
    site.use(PartThing)
    with pytest.raises(
        InvalidNamingSeriesError, match=r"Part Thing: \{titel\} in '\{titel\}\.-\.#' is no field.*'title'"
    ):
        PartThing(naming_series="{titel}.-.#").insert()
    with pytest.raises(InvalidNamingSeriesError, match=r"\{b\} in '\{b\}\.#' is no field"):
        make_autoname("{b}.#", doc={"a": "x"})
    assert make_autoname("{a}.#", doc={"a": "x"}) == "x1"
    assert make_autoname("{a}.#") == "1"


def test_no_series_shows_a_password(site):
    site.use(PartThing)
    with pytest.raises(InvalidNamingSeriesError, match=r"\{secret\} in '\{secret\}\.#' is no field"):
        PartThing(naming_series="{secret}.#", secret="hush").insert()
    assert PartThing(naming_series="secret.-.#", secret="hush").insert().name == "secret-1"


def test_a_prefix_longer_than_a_name_is_refused(site):
    site.use(PartThing)
    with pytest.raises(NameError, match="longer than the 140 characters of a name"):
        PartThing(naming_series=f"{'x' * 138}.###").insert()


# the hook


def test_an_app_explains_parts(site):
    site.use_hooks("years", {"naming_series_variables": {"FY": f"{HERE}.fiscal_year", "RR": f"{HERE}.region"}})
    site.use(FiscalThing, PartThing)
    assert FiscalThing(title="a", day="2026-03-31").insert().name == "2025-26/a/001"
    assert FiscalThing(title="a", day="2026-04-01").insert().name == "2026-27/a/001"
    assert FiscalThing(title="a", day="2026-04-01").insert().name == "2026-27/a/002"
    doc = PartThing(naming_series="RR.-.FY.-.{RR}.-.##", title="north", day="2026-04-01").insert()
    assert doc.name == "no-2026-27-no-01"
    assert PartThing(naming_series="RR.-.##").insert().name == "-01", "None is nothing"
    assert NamingSeries("FY.-.##").get_prefix() == "2025-26-"
    assert make_autoname("FY.-.##", doc=doc) == "2026-27-01"


def test_a_field_beats_a_variable_of_its_name(site):
    site.use_hooks("years", {"naming_series_variables": {"title": f"{HERE}.region", "MORE": f"{HERE}.wide"}})
    site.use(PartThing)
    assert PartThing(naming_series="{title}.-.MORE.#", title="north").insert().name == "north-121"


def test_the_first_app_that_explains_a_part_counts(site):
    site.use_hooks("first", {"naming_series_variables": {"RR": [f"{HERE}.region"]}})
    site.use_hooks("second", {"naming_series_variables": {"RR": f"{HERE}.wide"}})
    site.use(PartThing)
    assert PartThing(naming_series="RR.#", title="north").insert().name == "no1"


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"FY": f"{HERE}.missing"}, "'FY'.*has no 'missing'"),
        ({"FY": f"{HERE}.takes_one"}, r"'FY'.*takes_one does not fit; write it as fn\(doc, part\)"),
        ({"FY": "nowhere"}, "'FY'.*is not a dotted path"),
        ({"FY": [f"{HERE}.region", f"{HERE}.wide"]}, "'FY'.*must be one dotted path"),
        ({"FY": 7}, "'FY'.*must be a dotted path"),
        ({"YYYY": f"{HERE}.region"}, "'YYYY'.*none of YYYY, YY"),
        ({"a-b": f"{HERE}.region"}, "'a-b'.*a part is a word"),
        ({1: f"{HERE}.region"}, "1.*a part is a word"),
    ],
)
def test_a_variable_that_cannot_be_used_is_refused_with_app_and_key(site, variables, problem):
    with pytest.raises(HookError, match=rf"years: naming_series_variables\[{problem}"):
        site.use_hooks("years", {"naming_series_variables": variables})


def test_a_rule_with_a_word_that_no_app_explains_is_refused(site):
    with pytest.raises(
        SchemaError, match=r"Fiscal Thing: \{FY\} in autoname='format:\{FY\}.* is no field.*installed app"
    ):
        site.use(FiscalThing)


# a number behind what exists


def test_numbers_behind_values_count_among_all_and_look_at_those_that_match():
    for code, city in (
        ("a", "Oslo"),
        ("a-1", "Bergen"),
        ("a-7", "Oslo"),
        ("a-x", "Oslo"),
        ("a-", "Oslo"),
        ("a-٣", "Oslo"),
    ):
        ShopOutlet(code=code, city=city).insert()
    assert append_number_if_name_exists("Shop Outlet", "a", "code") == "a-8"
    assert append_number_if_name_exists(ShopOutlet, "a") == "a-8"
    assert append_number_if_name_exists("Shop Outlet", "a", filters={"city": "Bergen"}) == "a"
    assert append_number_if_name_exists("Shop Outlet", "a", filters={"city": "Oslo"}) == "a-8"
    assert append_number_if_name_exists("Shop Outlet", "Oslo", "city", separator=" no. ") == "Oslo no. 1"
    assert append_number_if_name_exists("Shop Outlet", "A") == "A", "letters count as they are"


def test_wild_cards_in_a_value_are_text():
    for code in ("a%", "a_", "ab-5"):
        ShopOutlet(code=code).insert()
    assert append_number_if_name_exists("Shop Outlet", "a%") == "a%-1"
    assert append_number_if_name_exists("Shop Outlet", "a_") == "a_-1"


def test_numbers_behind_values_need_a_column_of_text(site):
    class Counted(Document):
        meta = Meta(autoname="autoincrement")

    site.use(Counted)
    with pytest.raises(UnknownFieldError, match=r"Shop Outlet has no field 'cod'\. Did you mean 'code'"):
        append_number_if_name_exists("Shop Outlet", "a", "cod")
    with pytest.raises(ValidationError, match="Counted: names are numbers, to which no number can be appended"):
        append_number_if_name_exists("Counted", "1")
