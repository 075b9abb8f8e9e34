"""A class becomes a table: its columns in order, with types, defaults and keys; wrong declarations are refused."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import CreateTable

from doclife.core.errors import SchemaError
from doclife.model.document import Document
from doclife.schema import fieldtypes as fields
from doclife.schema.meta import Meta
from doclife.schema.tables import CHILD_COLUMNS, STANDARD_COLUMNS


def _columns(cls):
    return [column.name for column in cls.__table__.columns]


def test_every_table_begins_with_the_standard_columns():
    class Plain(Document):
        title = fields.Data()

    assert _columns(Plain) == [*STANDARD_COLUMNS, "title"]
    assert Plain._blueprint.columns == (*STANDARD_COLUMNS, "title")
    assert [column.name for column in Plain.__table__.primary_key] == ["name"]


def test_submittable_types_and_rows_have_more():
    class Sent(Document):
        meta = Meta(submittable=True)

    class Row(Document):
        meta = Meta(istable=True)

    assert _columns(Sent) == [*STANDARD_COLUMNS, "amended_from"]
    assert _columns(Row) == [*STANDARD_COLUMNS, *CHILD_COLUMNS]
    assert Row.__table__.c.parent.index


def test_a_table_field_has_no_column():
    class Line(Document):
        meta = Meta(istable=True)

    class Whole(Document):
        rows = fields.Table(Line)
        later = fields.Table["Line"]("Line")

    assert _columns(Whole) == list(STANDARD_COLUMNS)
    assert [each.options for each in Whole.meta.get_table_fields()] == ["Line", "Line"]


def _ddl(dialect, **declared):
    cls = type("Ddl", (Document,), {"__module__": __name__, **declared})
    text = str(CreateTable(cls.__table__).compile(dialect=dialect))
    return {line.split()[0].strip('`"'): line.strip().rstrip(",") for line in text.splitlines() if line.strip()}


EVERY = {
    "data": fields.Data,
    "long": lambda: fields.Data(length=300),
    "text": fields.Text,
    "small": fields.SmallText,
    "code": fields.Code,
    "choice": lambda: fields.Select("a", "b"),
    "link": lambda: fields.Link("Role"),
    "flag": fields.Check,
    "number": fields.Int,
    "weight": fields.Float,
    "price": fields.Currency,
    "share": fields.Percent,
    "day": fields.Date,
    "moment": fields.Datetime,
    "at": fields.Time,
    "facts": fields.JSON,
    "secret": fields.Password,
}


def test_columns_on_sqlite():
    ddl = _ddl(sqlite.dialect(), **{name: make() for name, make in EVERY.items()})
    assert ddl["data"] == "data VARCHAR(140)"
    assert ddl["long"] == '"long" VARCHAR(300)' or ddl["long"] == "long VARCHAR(300)"
    assert ddl["text"] == "text TEXT"
    assert ddl["flag"] == "flag SMALLINT DEFAULT '0' NOT NULL"
    assert ddl["number"] == "number INTEGER DEFAULT '0' NOT NULL"
    assert ddl["price"] == "price REAL DEFAULT '0' NOT NULL"
    assert ddl["day"] == "day DATE"


def test_columns_on_postgresql():
    ddl = _ddl(postgresql.dialect(), **{name: make() for name, make in EVERY.items()})
    assert ddl["data"] == 'data VARCHAR(140) COLLATE "C"'
    assert ddl["text"] == 'text VARCHAR COLLATE "C"', "without a length that is TEXT"
    assert ddl["price"] == "price NUMERIC(21, 6) DEFAULT '0' NOT NULL"
    assert ddl["number"] == "number BIGINT DEFAULT '0' NOT NULL"
    assert ddl["moment"] == "moment TIMESTAMP WITHOUT TIME ZONE"


def test_columns_on_mariadb():
    ddl = _ddl(mysql.dialect(), **{name: make() for name, make in EVERY.items()})
    assert "VARCHAR(140)" in ddl["data"]
    assert "utf8mb4_nopad_bin" in ddl["data"]
    assert ddl["text"].startswith("text LONGTEXT")
    assert ddl["price"] == "price NUMERIC(21, 6) NOT NULL DEFAULT '0'"
    assert ddl["moment"] == "moment DATETIME(6)"
    assert ddl["at"] in ("at TIME(6)", "`at` TIME(6)")


def test_numbers_are_never_null_and_everything_else_may_be():
    class Nulls(Document):
        flag = fields.Check()
        number = fields.Int(reqd=True)
        title = fields.Data(reqd=True)
        day = fields.Date(reqd=True)

    nullable = {column.name for column in Nulls.__table__.columns if column.nullable}
    assert {"title", "day"} <= nullable
    assert not {"flag", "number", "docstatus", "idx", "name"} & nullable


def test_keys_follow_the_options():
    class Keyed(Document):
        one = fields.Data(unique=True)
        two = fields.Data(index=True)
        three = fields.Data(renamed_from="third")

    table = Keyed.__table__
    assert (table.c.one.unique, table.c.two.index, table.c.three.info) == (True, True, {"renamed_from": "third"})


def test_fields_are_inherited_and_may_be_declared_anew():
    class Base(Document):
        title = fields.Data()
        price = fields.Currency()

    class Derived(Base):
        meta = Meta()
        title = fields.Data(length=20)
        more = fields.Int()

    assert list(Derived.meta.by_name) == ["title", "price", "more"]
    assert Derived.meta.get_field("title").length == 20
    assert Base.meta.get_field("title").length == 0


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"meta": Meta(submittable=True, istable=True)}, "a child type cannot be submittable"),
        ({"meta": Meta(title_field="titel")}, r"title_field names no field 'titel'\. Did you mean 'title'"),
        ({"meta": Meta(search_fields=["title", "x"])}, "search_fields names no field 'x'"),
        ({"meta": Meta(autoname="field:titel")}, r"autoname='field:titel' names no field\. Did you mean 'title'"),
        ({"_hidden": fields.Data()}, r"Wrong\._hidden: this name is taken"),
        ({"city": fields.Data(fetch_from="outlet")}, r"fetch_from='outlet' must be 'link_field\.source_field'"),
        ({"city": fields.Data(fetch_from="titel.city")}, r"fetch_from='titel\.city' .*Did you mean 'title'"),
    ],
)
def test_a_wrong_declaration_is_refused(declared, message):
    with pytest.raises(SchemaError, match=message):
        type("Wrong", (Document,), {"__module__": __name__, "title": fields.Data(), **declared})


def test_an_unknown_option_is_refused_with_the_nearest():
    with pytest.raises(SchemaError, match=r"Data\(\) has no option 'requd'\. Did you mean 'reqd'"):
        fields.Data(requd=True)
    with pytest.raises(SchemaError, match=r"Currency\(\) has no option 'precison'"):
        fields.Currency(precison=2)


def test_the_template_of_a_new_document_has_every_column():
    class Fresh(Document):
        title = fields.Data()
        count = fields.Int()

    template = Fresh._blueprint.template
    assert set(template) == set(Fresh._blueprint.columns)
    assert (template["title"], template["count"], template["docstatus"], template["name"]) == (None, 0, 0, None)
