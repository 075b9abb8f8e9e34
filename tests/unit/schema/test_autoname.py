"""Naming rules are read with the class: what they mean, and what is refused before a document is named."""

from __future__ import annotations

import re

import pytest

from doclife.core.errors import InvalidNamingSeriesError, SchemaError
from doclife.database.types import NameNumber
from doclife.schema.autoname import (
    BRACED,
    NUMBER,
    TEXT,
    WORD,
    Part,
    read_format,
    read_series,
    series_options,
)
from doclife.schema.fieldtypes import JSON, Currency, Data, Password, Select, Table
from doclife.schema.meta import Meta


@pytest.fixture
def declare(site):
    """Declares a type with a naming rule and returns its class."""
    from doclife.model.document import Document

    class NamedLine(Document):
        meta = Meta(istable=True)

    def make(rule, **options):
        class Named(Document):
            meta = Meta(autoname=rule, **options)
            title = Data()
            price = Currency()
            secret = Password()
            data = JSON()
            lines = Table(NamedLine)

        return Named

    return make


# reading


def test_a_series_is_cut_at_its_dots():
    assert read_series("INV-.YYYY.-.{title}.-.####") == (
        "INV-.YYYY.-.{title}.-.####",
        (
            Part(WORD, "INV-"),
            Part(WORD, "YYYY"),
            Part(WORD, "-"),
            Part(BRACED, "title"),
            Part(WORD, "-"),
            Part(NUMBER, "####"),
        ),
    )
    assert read_series("..A...#.").parts == (Part(WORD, "A"), Part(NUMBER, "#"))
    assert not read_series("A.B").is_numbered


def test_a_format_is_cut_at_its_braces():
    assert read_format("EX-{MM}.{title}-{##}!").parts == (
        Part(TEXT, "EX-"),
        Part(BRACED, "MM"),
        Part(TEXT, "."),
        Part(BRACED, "title"),
        Part(TEXT, "-"),
        Part(NUMBER, "##"),
        Part(TEXT, "!"),
    )


@pytest.mark.parametrize("read", [read_series, read_format])
def test_only_the_first_run_of_signs_is_the_number(read):
    text = "A.##.B.###" if read is read_series else "A{##}B{###}"
    assert [part.kind for part in read(text).parts].count(NUMBER) == 1


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("", ""),
        ("hash", "hash"),
        ("Hash", "hash"),
        ("Prompt", "prompt"),
        ("UUID", "uuid"),
        ("Autoincrement", "autoincrement"),
        ("By script", "by script"),
        ("Field:title", "field:"),
        ("field: title ", "field:"),
        ("FORMAT:{title}", "format:"),
        ("format: {title}", "format:"),
        ("A.####", "series"),
        (" A.#### ", "series"),
    ],
)
def test_rules_are_known_in_any_case(declare, rule, kind):
    rule = declare(rule)._blueprint.naming
    assert rule.kind == kind
    assert rule.field == ("title" if kind == "field:" else "")


def test_names_of_autoincrement_types_are_numbers_in_the_table(declare):
    column = declare("autoincrement").__table__.c.name
    assert isinstance(column.type, NameNumber)
    assert column.primary_key
    assert column.autoincrement is False
    assert not isinstance(declare("hash").__table__.c.name.type, NameNumber)


# what is refused with the class


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (
            "promt",
            "has no counter and is no rule. Did you mean 'prompt'? A series has a run of # between dots",
        ),
        ("INV-", "has no counter and is no rule. A series has a run of # between dots, as in 'INV-.#####'"),
        ("feild:title", "Did you mean 'field:'?"),
        ("field:titel", "names no field. Did you mean 'title'?"),
        ("field:", "names no field."),
        ("field:lines", "a Table field cannot be a document's name"),
        ("field:secret", "a Password field cannot be a document's name"),
        ("field:data", "a JSON field cannot be a document's name"),
        ("INV-####", "in 'INV-####' the # are text and no number; put dots around them, as in 'INV-.####'"),
        ("INV-.#-.####", "in '#-' the # are text and no number"),
        ("INV-{title}.####", "in 'INV-{title}' the braces are text and no field; put dots around them"),
        ("INV-.{title.####", "in '{title' the braces are text"),
        ("INV-.{}.####", "{} must be a run of #, a field, one of YYYY"),
        ("INV;.####", "may hold letters, digits, blanks and - / . # { } only"),
        ("INV-.{lines}.####", "{lines} is a Table field, which cannot be part of the name"),
        ("INV-.{secret}.####", "{secret} is a Password field, which cannot be part of the name"),
        ("INV-.{name}.####", "{name} is what is being named"),
        ("format:INV", "gives every document the same name; add a counter, as in 'format:INV{####}'"),
        ("format:", "gives every document the same name"),
        ("format:INV-{title", "has a brace without its partner, at 'INV-{title'"),
        ("format:INV-}{##}", "has a brace without its partner"),
        ("format:INV-{ title }", "{ title } must be a run of #"),
        ("format:INV-{title.x}", "{title.x} must be a run of #"),
        ("format:<{##}>", "has < or >, which no name may have"),
        ("format:{data}", "{data} is a JSON field"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_naming_class_and_rule(declare, rule, problem):
    with pytest.raises(SchemaError, match=re.escape(problem)) as caught:
        declare(rule)
    assert str(caught.value).startswith(f"declare.<locals>.make.<locals>.Named: autoname={rule!r}")


def test_a_series_of_the_document_needs_its_field(site):
    from doclife.model.document import Document

    with pytest.raises(SchemaError, match=r"needs the field that holds a document's series: naming_series = Select"):

        class Serial(Document):
            meta = Meta(autoname="naming_series:", naming_series=["A-"])

    with pytest.raises(SchemaError, match=r"naming_series='A-' must be a list of series"):

        class SerialText(Document):
            meta = Meta(autoname="naming_series:", naming_series="A-")
            naming_series = Data()

    with pytest.raises(SchemaError, match=r"SerialWrong: autoname='naming_series:': the naming series 'B;\.#####' may"):

        class SerialWrong(Document):
            meta = Meta(autoname="naming_series:")
            naming_series = Select("A-", "B;")


def test_the_options_of_a_series_are_those_of_the_meta_or_of_the_field(site):
    from doclife.model.document import Document

    class SerialField(Document):
        meta = Meta(autoname="naming_series:")
        naming_series = Select("", "A-", "B-")

    class SerialMeta(Document):
        meta = Meta(autoname="naming_series:", naming_series=["C-"])
        naming_series = Select("", "A-", "B-")

    assert series_options(SerialField.meta) == ["A-", "B-"]
    assert series_options(SerialMeta.meta) == ["C-"]


@pytest.mark.parametrize("text", ["A;.#", "A%.#", "", "A\n.#"])
def test_other_characters_are_refused_where_a_series_is_read(text):
    with pytest.raises(InvalidNamingSeriesError, match="may hold letters, digits"):
        read_series(text)
