"""The registry: a type's name, who declares it, and what a site knows of it."""

from __future__ import annotations

import pytest

from doclife.core.errors import SchemaError, UnknownDoctypeError
from doclife.model.document import Document
from doclife.schema import registry
from doclife.schema.fieldtypes import Data
from doclife.schema.meta import Meta
from doclife.schema.tables import metadata


@pytest.mark.parametrize(
    ("class_name", "doctype"),
    [
        ("SalesInvoice", "Sales Invoice"),
        ("SJOutlet", "SJ Outlet"),
        ("Role", "Role"),
        ("DocTypeHTMLView", "Doc Type HTML View"),
        ("Item2Row", "Item2 Row"),
        ("ABC", "ABC"),
    ],
)
def test_a_type_is_called_by_the_words_of_its_class(class_name, doctype):
    assert registry.doctype_name(class_name) == doctype


def test_a_type_and_its_table_may_be_called_otherwise():
    class Renamed(Document):
        meta = Meta(doctype="Other Name", table="other_table")
        title = Data()

    assert (Renamed.meta.doctype, Renamed.__table__.name) == ("Other Name", "other_table")
    assert registry.declared("Other Name") is Renamed
    assert registry.declared("Renamed") is None


def test_the_app_of_a_type_is_its_package():
    class OfTests(Document):
        pass

    assert OfTests.meta.app == OfTests.__table__.info["app"] == "tests"
    assert OfTests in registry.classes_of(["tests"]).values()
    assert registry.classes_of(["nobody"]) == {}


def test_two_classes_of_one_type_are_refused_naming_both():
    class Twice(Document):
        pass

    def again():
        class Twice(Document):
            meta = Meta(table="elsewhere")

    with pytest.raises(SchemaError) as caught:
        again()
    assert str(caught.value).startswith(f"document type 'Twice' is declared by {__name__}.")
    assert str(caught.value).count("Twice") == 3
    assert registry.declared("Twice") is Twice
    metadata.remove(metadata.tables["elsewhere"])


def test_a_class_that_is_defined_again_takes_the_place_of_the_one_before():
    made = [type("Reloaded", (Document,), {"__module__": __name__, name: Data()}) for name in ("one", "two")]
    assert registry.declared("Reloaded") is made[1]
    assert "two" in metadata.tables["tabReloaded"].c
    assert "one" not in metadata.tables["tabReloaded"].c


def test_a_table_of_another_app_is_not_taken():
    type("Owned", (Document,), {"__module__": "app_one.doctypes", "meta": Meta(table="tabOwned")})
    with pytest.raises(SchemaError, match=r"the table 'tabOwned' belongs to 'app_one' already"):
        type("Taken", (Document,), {"__module__": "app_two.doctypes", "meta": Meta(table="tabOwned")})


def test_a_class_of_the_framework_may_adopt_one_of_its_tables_and_name_its_columns_only():
    def adopting(name, **declared):
        declared |= {"__module__": "doclife.doctypes.adopting", "meta": Meta(table="tabBackground Job")}
        return type(name, (Document,), declared)

    cls = adopting("Adopting", queue=Data())
    assert cls.__table__ is metadata.tables["tabBackground Job"]
    with pytest.raises(SchemaError, match=r"queu: the table .* has no such column\. Did you mean 'queue'"):
        adopting("Misadopting", queu=Data())
    registry.forget(cls)
    assert "tabBackground Job" in metadata.tables


def test_a_class_of_an_app_may_not():
    with pytest.raises(SchemaError, match="'tabBackground Job' belongs to 'doclife' already"):
        type("Grasping", (Document,), {"__module__": __name__, "meta": Meta(table="tabBackground Job")})


def test_without_a_context_every_declared_type_is_known():
    class Anywhere(Document):
        pass

    assert registry.resolve("Anywhere") is Anywhere
    with pytest.raises(UnknownDoctypeError, match=r"no document type 'Anywere'\. Did you mean 'Anywhere'"):
        registry.resolve("Anywere")


def test_a_type_of_an_app_that_is_not_installed_names_app_and_command(site):
    class NotInstalled(Document):
        pass

    with pytest.raises(UnknownDoctypeError) as caught:
        registry.resolve("Not Installed")
    assert str(caught.value) == (
        "document type 'Not Installed' belongs to the app 'tests', which is not installed on test; "
        "run: doclife --site test install-app tests"
    )
    site.use(NotInstalled)
    assert registry.resolve("Not Installed") is NotInstalled


def test_a_forgotten_class_is_gone_with_its_table():
    class Fleeting(Document):
        pass

    registry.forget(Fleeting)
    assert registry.declared("Fleeting") is None
    assert "tabFleeting" not in metadata.tables

    class Fleeting2(Document):
        meta = Meta(doctype="Fleeting")

    assert registry.declared("Fleeting") is Fleeting2
