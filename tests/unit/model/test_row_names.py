"""Names of rows, by the rule of their own type; and the names of batches, whose numbers are taken together."""

from __future__ import annotations

import re
import uuid

import pytest

from doclife.core.errors import (
    NameError,
    SchemaError,
    ValidationError,
)
from doclife.model.access import get_doc
from doclife.model.bulk import insert_many
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data, Int, Table
from doclife.schema.meta import Meta
from doclife.testing import capture_statements, travel_to
from tests.unit.model.shop import ShopInvoice, ShopItem

HASH = re.compile(r"[0-9a-v]{10}")


class FieldRow(Document):
    meta = Meta(istable=True, autoname="field:code")
    code = Data(reqd=True)
    qty = Int()


class SeriesRow(Document):
    meta = Meta(istable=True, autoname="format:{parent}/{kind}-{##}")
    kind = Data()


class PromptRow(Document):
    meta = Meta(istable=True, autoname="prompt")


class UuidRow(Document):
    meta = Meta(istable=True, autoname="uuid")


class HashRow(Document):
    meta = Meta(istable=True)
    label = Data()


class Holder(Document):
    meta = Meta(autoname="HOLD-.##")
    by_field = Table(FieldRow)
    by_series = Table(SeriesRow)
    by_prompt = Table(PromptRow)
    by_uuid = Table(UuidRow)
    by_hash = Table(HashRow)


@pytest.fixture(autouse=True)
def types(site):
    site.use(Holder)
    return site


# rows


def test_rows_are_named_by_the_rule_of_their_own_type():
    doc = Holder()
    doc.by_field = [{"code": " F1 "}, {"code": "F2"}]
    doc.by_series = [{"kind": "a"}, {"kind": "b"}, {"kind": "a"}]
    doc.by_prompt = [{"name": "chosen"}]
    doc.by_uuid = [{}, {"name": "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"}]
    doc.by_hash = [{"name": "ignored"}]
    doc.insert()
    loaded = get_doc("Holder", "HOLD-01")
    assert [(row.name, row.code) for row in loaded.by_field] == [("F1", "F1"), ("F2", "F2")]
    assert [row.name for row in loaded.by_series] == ["HOLD-01/a-01", "HOLD-01/b-01", "HOLD-01/a-02"]
    assert [row.name for row in loaded.by_prompt] == ["chosen"]
    assert uuid.UUID(loaded.by_uuid[0].name).version == 7
    assert loaded.by_uuid[1].name == "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    assert HASH.fullmatch(loaded.by_hash[0].name)


def test_names_of_copied_rows_are_made_anew():
    doc = Holder(by_field=[{"code": "F1"}], by_series=[{"kind": "a"}], by_hash=[{}]).insert()
    doc.delete()
    before = [row.name for row in doc.get_all_children()]
    doc.by_field[0].code = "F9"
    doc.insert()
    assert [row.name for row in doc.get_all_children()][:2] == ["F9", "HOLD-02/a-01"]
    assert doc.by_hash[0].name != before[2]


def test_a_row_that_is_added_is_named_and_its_field_is_kept():
    doc = Holder(by_field=[{"code": "F1"}]).insert()
    doc.append("by_field", {"code": "F2"})
    doc.append("by_series", {"kind": "a"})
    doc.by_field[0].code = "changed"
    doc.save()
    loaded = get_doc("Holder", doc.name)
    assert [(row.name, row.code) for row in loaded.by_field] == [("F1", "F1"), ("F2", "F2")]
    assert [row.name for row in loaded.by_series] == ["HOLD-01/a-01"]


def test_a_row_that_a_handler_adds_is_named(site):
    site.registry.connect("Holder", "before_save", lambda doc: doc.append("by_field", {"code": "late"}))
    assert [row.name for row in Holder().insert().by_field] == ["late"]


@pytest.mark.parametrize(
    ("field", "row", "problem"),
    [
        ("by_field", {"code": "  "}, r"Holder HOLD-01, row 1 of by_field: Code \(code\) is required, it is"),
        ("by_prompt", {}, "Holder HOLD-01, row 1 of by_prompt: please set the document's name"),
        ("by_prompt", {"name": "a<b"}, "Holder HOLD-01, row 1 of by_prompt: the name 'a<b' has < or >"),
        ("by_uuid", {"name": "no"}, "Holder HOLD-01, row 1 of by_uuid: 'no' is not a UUID"),
    ],
)
def test_a_row_that_cannot_be_named_is_refused_naming_it(field, row, problem):
    with pytest.raises((ValidationError, NameError), match=problem):
        Holder({field: [row]}).insert()
    assert Holder().insert().name == "HOLD-01"


def test_events_of_naming_are_fired_for_rows(site):
    class EventRow(Document):
        meta = Meta(istable=True)
        label = Data()

        def autoname(self):
            if self.label:
                self.name = f"{self.parent}:{self.label}"

    class EventHolder(Document):
        meta = Meta(autoname="EH-.#")
        rows = Table(EventRow)

    site.use(EventHolder)
    seen = []
    site.registry.connect("Event Row", "before_naming", lambda row: seen.append((row.parent, row.idx, row.label)))
    doc = EventHolder(rows=[{"label": "x"}, {}]).insert()
    assert doc.rows[0].name == "EH-1:x"
    assert HASH.fullmatch(doc.rows[1].name)
    assert seen == [("EH-1", 1, "x"), ("EH-1", 2, None)]


def test_handlers_of_every_type_name_rows_too(site):
    site.registry.connect("*", "autoname", lambda doc: doc.set("name", f"{doc.doctype} of all"))
    doc = Holder(by_hash=[{}]).insert()
    assert (doc.name, doc.by_hash[0].name) == ("Holder of all", "Hash Row of all")


# batches


def _texts(work):
    ShopItem(title="begins the transaction").insert()
    with capture_statements() as statements:
        work()
    return [text for text in statements if not text.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK"))]


def test_a_batch_takes_its_numbers_with_one_statement_for_each_counter(site):
    class Batched(Document):
        meta = Meta(autoname="naming_series:")
        naming_series = Data()

    site.use(Batched)
    series = ["A-.##", "B-.YYYY.-.##", "A-.##", "A-.###", "C-.##", "B-.YYYY.-.##"]
    docs = [Batched(naming_series=each) for each in series]
    with travel_to("2026-03-09 08:00"):
        texts = _texts(lambda: insert_many(docs))
    assert [doc.name for doc in docs] == ["A-01", "B-2026-01", "A-02", "A-003", "C-01", "B-2026-02"]
    assert len(texts) == 3 + 1
    assert Batched(naming_series="A-.##").insert().name == "A-04"


def test_rows_of_a_batch_take_theirs_together_too():
    docs = [Holder(by_series=[{"kind": "a"}, {"kind": "a"}]) for _ in range(3)]
    texts = _texts(lambda: insert_many(docs))
    assert [row.name for doc in docs for row in doc.by_series] == [
        f"HOLD-0{n}/a-0{m}" for n in (1, 2, 3) for m in (1, 2)
    ]
    # documents, rows; the counter of the documents, and one for each document's rows
    assert len(texts) == 2 + 1 + 3


def test_a_controller_that_counts_by_itself_works_in_a_batch(site):
    from doclife.model.naming import make_autoname

    class CountsItself(Document):
        title = Data()

        def autoname(self):
            self.name = make_autoname(f"{self.title}-.##")

    site.use(CountsItself)
    docs = insert_many([CountsItself(title=title) for title in "xyx"])
    assert [doc.name for doc in docs] == ["x-01", "y-01", "x-02"]


def test_a_batch_that_fails_gives_its_numbers_back(site):
    def refuse(doc):
        if doc.remark:
            raise ZeroDivisionError

    site.registry.connect("Shop Invoice", "validate", refuse)
    with pytest.raises(ZeroDivisionError):
        insert_many([ShopInvoice(), ShopInvoice(), ShopInvoice(remark="fails")])
    assert [doc.name for doc in insert_many([ShopInvoice(), ShopInvoice()])] == ["INV-0001", "INV-0002"]


def test_a_batch_may_mix_fixed_and_counted_names(site):
    first = ShopInvoice(name="FIXED")
    first.flags.name_set = True
    docs = insert_many([first, ShopInvoice(), ShopInvoice()])
    assert [doc.name for doc in docs] == ["FIXED", "INV-0001", "INV-0002"]


def test_a_name_that_is_too_long_is_refused_before_its_number_is_taken(site):
    class Long(Document):
        meta = Meta(autoname="{title}.-.####")
        title = Data(length=300)

    site.use(Long)
    with pytest.raises(
        NameError, match=r"Long: '\{title\}.-.####' gives 'xxx.*', which is longer than the 140 characters"
    ):
        Long(title="x" * 136).insert()
    assert len(Long(title="x" * 135).insert().name) == 140


def test_a_word_in_braces_that_nothing_explains_is_refused_when_the_site_learns_of_the_type(site):
    class Unexplained(Document):
        meta = Meta(autoname="format:{titel}-{##}")
        title = Data()

    with pytest.raises(
        SchemaError,
        match=r"Unexplained: \{titel\} in autoname='format:\{titel\}-\{##\}' is no field, .* "
        r"Did you mean 'title'\?",
    ):
        site.use(Unexplained)
