"""Names that count by themselves: texts in Python, numbers in the table, links to them are texts."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.core.errors import (
    DoesNotExistError,
    DuplicateEntryError,
    LinkExistsError,
    LinkValidationError,
    NameError,
    SchemaError,
    ValidationError,
)
from doclife.core.json import loads
from doclife.model.access import copy_doc, delete_doc, get_doc, get_docs
from doclife.model.bulk import insert_many
from doclife.model.document import Document
from doclife.query.db import db
from doclife.query.lists import get_all
from doclife.schema.fieldtypes import Data, DynamicLink, Int, Link, Table
from doclife.schema.meta import Meta
from doclife.testing import capture_statements


class NumberedRow(Document):
    meta = Meta(istable=True, autoname="Autoincrement")
    label = Data()
    entry = Link("Numbered Entry")


class NumberedEntry(Document):
    meta = Meta(autoname="autoincrement")
    label = Data()
    level = Int()
    rows = Table(NumberedRow)


class NumberedLink(Document):
    meta = Meta(autoname="prompt", submittable=True)
    entry = Link("Numbered Entry")
    kind = Data()
    target = DynamicLink("kind")
    label = Data(fetch_from="entry.label")


class NumberedAmended(Document):
    meta = Meta(submittable=True, autoname="autoincrement")
    label = Data()


@pytest.fixture(autouse=True)
def types(site):
    site.use(NumberedEntry, NumberedLink, NumberedAmended)
    return site


@pytest.fixture
def entries():
    """Documents "1" to "12" of levels 1 to 12."""
    return insert_many([NumberedEntry(label=f"entry {n}", level=n) for n in range(1, 13)])


# how they are given


def test_names_count_from_1_as_texts():
    first, second = NumberedEntry().insert(), NumberedEntry().insert()
    assert (first.name, second.name) == ("1", "2")
    assert get_doc("Numbered Entry", "2").name == "2"
    assert get_doc("Numbered Entry", 2).name == "2"


def test_the_table_holds_numbers(entries):
    table = NumberedEntry.__table__.name
    quote = "`" if current().unit.link.dialect in ("mysql", "mariadb") else '"'
    rows = current().unit.link.rows(f"SELECT name FROM {quote}{table}{quote} ORDER BY name DESC")
    assert [row[0] for row in rows] == list(range(12, 0, -1))


def test_a_name_in_the_dict_does_not_count():
    assert NumberedEntry(name="77").insert().name == "1"
    with pytest.raises(DoesNotExistError, match="'autoincrement' does not let"):
        NumberedEntry(name="77").save()


@pytest.mark.parametrize("given", [50, "50"], ids=repr)
def test_a_number_that_the_caller_fixes_moves_the_counter_past_it(given):
    assert NumberedEntry().insert(set_name=given).name == "50"
    assert NumberedEntry().insert().name == "51"
    assert NumberedEntry().insert(set_name=3).name == "3"
    assert NumberedEntry().insert().name == "52"


def test_an_import_keeps_the_numbers_it_brings():
    current().flags.in_import = True
    try:
        assert NumberedEntry(name="20").insert().name == "20"
    finally:
        current().flags.in_import = False
    assert NumberedEntry().insert().name == "21"


@pytest.mark.parametrize("given", ["abc", "012", "-4", "0", "1.5", "12 May", -4, 0.5, True, 10**18, "٣"], ids=repr)
def test_what_is_no_number_is_refused(given):
    with pytest.raises((NameError, ValidationError), match=r"whole number|no name"):
        NumberedEntry().insert(set_name=given)
    assert not get_all("Numbered Entry")


def test_a_number_that_is_taken_is_refused():
    NumberedEntry().insert(set_name=7)
    with pytest.raises(DuplicateEntryError, match="Numbered Entry '7' exists already"):
        NumberedEntry().insert(set_name="7")


def test_numbers_of_deleted_documents_do_not_come_back(entries):
    entries[-1].delete()
    assert NumberedEntry().insert().name == "13"


def test_an_amended_document_gets_a_number_too():
    first = NumberedAmended(docstatus=1).insert()
    first.cancel()
    amended = copy_doc(first)
    amended.amended_from = first.name
    amended.insert()
    assert (amended.name, amended.amended_from) == ("2", "1")


def test_autoname_of_the_controller_may_choose_the_number(site):
    class NumberedByItself(Document):
        meta = Meta(autoname="autoincrement")
        wanted = Int()

        def autoname(self):
            if self.wanted:
                self.name = self.wanted

    site.use(NumberedByItself)
    assert NumberedByItself(wanted=9).insert().name == "9"
    assert NumberedByItself().insert().name == "10"


def test_a_single_type_has_no_numbers():
    with pytest.raises(SchemaError, match="a single type has one document, named as the type; leave autoname out"):

        class NumberedSingle(Document):
            meta = Meta(issingle=True, autoname="autoincrement")


# rows


def test_rows_have_numbers_of_their_own_type_and_keep_them():
    doc = NumberedEntry(rows=[{"label": "a"}, {"label": "b"}]).insert()
    other = NumberedEntry(rows=[{"label": "c", "name": "99"}]).insert()
    assert [row.name for row in (*doc.rows, *other.rows)] == ["1", "2", "3"]
    loaded = get_doc("Numbered Entry", doc.name)
    loaded.rows[1].label = "changed"
    loaded.append("rows", {"label": "d"})
    loaded.remove(loaded.rows[0])
    loaded.save()
    again = get_doc("Numbered Entry", doc.name)
    assert [(row.name, row.label, row.idx, row.parent) for row in again.rows] == [
        ("2", "changed", 1, "1"),
        ("4", "d", 2, "1"),
    ]
    assert again.rows[0].get_doc_before_save().label == "changed"


def test_a_dict_that_names_a_stored_row_means_it():
    doc = NumberedEntry(rows=[{"label": "a"}, {"label": "b"}]).insert()
    doc.rows = [{"name": doc.rows[1].name, "label": "changed"}]
    doc.save()
    assert get_all("Numbered Row", fields=["name", "label"]) == [{"name": "2", "label": "changed"}]


# reading


def test_documents_are_loaded_together_in_the_order_asked_for(entries):
    assert [doc.label for doc in get_docs("Numbered Entry", ["12", 3, "1"])] == ["entry 12", "entry 3", "entry 1"]
    with pytest.raises(DoesNotExistError, match="'99', 'abc' do not exist"):
        get_docs("Numbered Entry", ["1", "99", "abc"])


@pytest.mark.parametrize("name", ["abc", "99", "012", "-1", "", "1; DROP", "9" * 30], ids=repr)
def test_a_text_that_is_no_number_names_nothing(entries, name):
    with pytest.raises(DoesNotExistError):
        get_doc("Numbered Entry", name)
    assert db.exists("Numbered Entry", name) is None
    assert db.get_value("Numbered Entry", name, "label") is None
    assert get_all("Numbered Entry", filters={"name": ["in", [name, "3"]]}, pluck="name") == ["3"]
    assert delete_doc("Numbered Entry", name) is False


def test_filters_by_name(entries):
    def names(*filters):
        return get_all("Numbered Entry", filters=list(filters), pluck="name", order_by="name")

    assert names(["name", "=", "12"]) == ["12"]
    assert names(["name", "=", 12]) == ["12"]
    assert names(["name", "in", ["2", 11]]) == ["2", "11"]
    assert names(["name", "not in", [str(n) for n in range(1, 12)]]) == ["12"]
    assert names(["name", "!=", "1"], ["name", "<", "4"]) == ["2", "3"]
    assert names(["name", "!=", "abc"], ["name", ">=", 11]) == ["11", "12"]
    assert names(["name", "between", ["9", "11"]]) == ["9", "10", "11"]
    assert names(["name", "like", "1%"]) == ["1", "10", "11", "12"]
    assert names(["name", "not like", "1%"], ["name", ">", "7"]) == ["8", "9"]
    assert names(["name", "is", "set"], ["name", "<=", 1]) == ["1"]
    assert names(["name", "is", "not set"]) == []
    assert names(["name", "=", ""]) == []
    assert get_all("Numbered Entry", ["5", "6"], pluck="name", order_by="name desc") == ["6", "5"]


def test_names_sort_as_numbers(entries):
    ordered = get_all("Numbered Entry", order_by="name desc", limit=4, pluck="name")
    assert ordered == ["12", "11", "10", "9"]
    assert get_all("Numbered Entry", pluck="max(name)") == ["12"]
    assert db.select(NumberedEntry).where(NumberedEntry.name > "10").order_by(NumberedEntry.name).names() == [
        "11",
        "12",
    ]


def test_values_by_name(entries):
    assert db.get_value("Numbered Entry", "7", ["name", "label"]) == ("7", "entry 7")
    assert db.get_value("Numbered Entry", {"level": 7}) == "7"
    assert db.get_value("Numbered Entry", "7", "*").name == "7"
    assert db.exists("Numbered Entry", "7") == "7"
    assert db.exists("Numbered Entry", {"name": "7", "level": 7}) == "7"
    assert db.count("Numbered Entry", {"name": [">", "9"]}) == 3
    assert [doc.name for doc in db.select(NumberedEntry).where(NumberedEntry.level < 3).order_by("name")] == ["1", "2"]


def test_child_rows_come_along_in_lists():
    NumberedEntry(rows=[{"label": "a"}, {"label": "b"}]).insert()
    NumberedEntry(rows=[{"label": "c"}]).insert()
    found = get_all("Numbered Entry", fields=["name", {"rows": ["name", "label"]}], order_by="name")
    assert [(each.name, [(row.name, row.label) for row in each["rows"]]) for each in found] == [
        ("1", [("1", "a"), ("2", "b")]),
        ("2", [("3", "c")]),
    ]
    assert get_all("Numbered Entry", {"rows.label": "c"}, pluck="name") == ["2"]
    assert get_all("Numbered Entry", fields=["name", "rows.label"], order_by="rows.label desc", as_list=True) == (
        ("2", "c"),
        ("1", "b"),
        ("1", "a"),
    )


# writing without documents


def test_values_are_set_by_name(entries):
    assert db.set_value("Numbered Entry", "7", "label", "set") == 1
    assert db.set_value("Numbered Entry", "abc", "label", "set") == 0
    assert db.set_value("Numbered Entry", {"name": ["in", ["1", "2"]]}, "label", "both") == 2
    db.bulk_update("Numbered Entry", {"3": {"label": "three"}, "4": {"label": "four", "level": 40}})
    found = get_all("Numbered Entry", {"name": ["<", 8]}, ["name", "label", "level"], order_by="name", as_list=True)
    assert [each[1] for each in found] == ["both", "both", "three", "four", "entry 5", "entry 6", "set"]
    assert found[3][2] == 40
    with pytest.raises(ValidationError, match="the names of the type are whole numbers"):
        db.set_value("Numbered Entry", "7", "name", "abc")


def test_rows_are_deleted_by_name(entries):
    db.delete("Numbered Entry", {"name": ["in", ["1", "2", "abc"]]})
    db.delete("Numbered Entry", {"name": "3"})
    assert db.count("Numbered Entry") == 9


def test_bulk_insert_numbers_what_has_no_name():
    db.bulk_insert("Numbered Entry", ["name", "label"], [("30", "given"), (None, "a"), (None, "b")])
    assert get_all("Numbered Entry", fields=["name", "label"], order_by="name", as_list=True) == (
        ("30", "given"),
        ("31", "a"),
        ("32", "b"),
    )
    assert NumberedEntry().insert().name == "33"
    with pytest.raises(ValidationError, match="the names of the type are whole numbers"):
        db.bulk_insert("Numbered Entry", ["name"], [("abc",)])


def test_a_document_is_changed_deleted_and_kept_as_a_copy(entries):
    doc = get_doc("Numbered Entry", "5")
    doc.label = "changed"
    doc.save()
    doc.db_set("level", 55)
    assert doc.db_get("level") == 55
    assert doc.reload().label == "changed"
    doc.delete()
    kept = get_doc("Deleted Document", {"deleted_doctype": "Numbered Entry"})
    assert (kept.deleted_name, loads(kept.data)["name"]) == ("5", "5")
    assert not db.exists("Numbered Entry", "5")


def test_a_document_may_be_locked(entries):
    assert get_doc("Numbered Entry", "5", for_update=True).label == "entry 5"
    assert db.get_value("Numbered Entry", "5", "label", for_update=True) == "entry 5"


# links


def test_links_are_texts_and_are_checked(entries):
    doc = NumberedLink(entry=12, kind="Numbered Entry", target="3").insert(set_name="L")
    assert (doc.entry, doc.target, doc.label) == ("12", "3", "entry 12")
    for wrong in ("99", "abc", "012", "12 "):
        with pytest.raises(LinkValidationError, match=f"Entry \\(entry\\) '{wrong}'"):
            NumberedLink(entry=wrong).insert(set_name="M")
    with pytest.raises(LinkValidationError, match="'abc'"):
        NumberedLink(kind="Numbered Entry", target="abc").insert(set_name="M")


def test_linked_documents_are_joined(entries):
    for name, entry in (("A", "12"), ("B", "2"), ("C", None)):
        NumberedLink(entry=entry).insert(set_name=name)
    stray = NumberedLink(entry="2 May")
    stray.flags.ignore_links = True
    stray.insert(set_name="D")
    found = get_all("Numbered Link", fields=["name", "entry.label", "entry.name"], order_by="name", as_list=True)
    assert found == (("A", "entry 12", "12"), ("B", "entry 2", "2"), ("C", None, None), ("D", None, None))
    assert get_all("Numbered Link", {"entry.level": [">", 5]}, pluck="name") == ["A"]
    linked = {"entry.level": [">", 0]}
    assert get_all("Numbered Link", linked, order_by="entry.level desc", pluck="name") == ["A", "B"]
    assert db.count("Numbered Link", {"entry.name": "2"}) == 1
    assert db.set_value("Numbered Link", {"entry.level": 2}, "kind", "found") == 1
    assert db.delete("Numbered Link", {"entry.level": 12}) == 1


def test_typed_expressions_join_too(entries):
    NumberedLink(entry="12").insert(set_name="A")
    NumberedLink().insert(set_name="B")
    link = NumberedLink.entry
    assert db.select(NumberedLink).where(NumberedEntry.label == "entry 12").names() == ["A"]
    assert db.select(NumberedLink).where(link == NumberedEntry.name).names() == ["A"]
    assert db.select(NumberedLink).where(link != NumberedEntry.name).names() == []
    assert db.select(NumberedLink).where(NumberedEntry.name == link, NumberedEntry.level > 12).names() == []


def test_links_of_rows_are_joined_to_their_documents(entries):
    doc = NumberedEntry(rows=[{"label": "a", "entry": "3"}]).insert()
    assert get_all("Numbered Entry", {"rows.entry": "3"}, pluck="name") == [doc.name]
    assert get_all("Numbered Row", {"entry.label": "entry 3"}, pluck="name") == ["1"]


def test_what_is_linked_cannot_be_deleted(entries):
    NumberedLink(entry="12").insert(set_name="A")
    with pytest.raises(LinkExistsError, match=r"Numbered Entry 12 cannot be deleted: Numbered Link A links to it"):
        get_doc("Numbered Entry", "12").delete()
    NumberedEntry(rows=[{"entry": "11"}]).insert()
    with pytest.raises(LinkExistsError, match=r"Numbered Entry 13 links to it \(entry\)"):
        get_doc("Numbered Entry", "11").delete()


# how many statements


def _texts(work):
    NumberedAmended(label="begins the transaction").insert()
    with capture_statements() as statements:
        work()
    return [text for text in statements if not text.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK"))]


def test_a_number_costs_one_statement():
    assert len(_texts(NumberedEntry(label="x").insert)) == 2
    assert len(_texts(NumberedEntry(rows=[{}, {}, {}]).insert)) == 4  # document, rows, and a counter of each


def test_a_batch_costs_one_statement_for_each_counter():
    docs = [NumberedEntry(rows=[{}, {}]) for _ in range(50)]
    assert len(_texts(lambda: insert_many(docs))) == 4
    assert [doc.name for doc in docs] == [str(n) for n in range(1, 51)]
    assert [row.name for doc in docs for row in doc.rows] == [str(n) for n in range(1, 101)]
