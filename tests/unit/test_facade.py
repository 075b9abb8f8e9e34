"""The flat API: every name is where the table says, nothing is loaded before it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import doclife
import doclife as frappe
from doclife import fields
from doclife.core import errors
from doclife.schema import fieldtypes
from doclife.testing import as_user, assert_enqueued

SOURCE = Path(doclife.__file__)
#: names that are offered as the modules they are
MODULES = {"events", "fields", "scheduler", "testing", "utils"}


def _typed() -> dict[str, str]:
    """Returns what the block for type checkers says: name -> place."""
    block = next(
        node
        for node in ast.parse(SOURCE.read_text(encoding="utf-8")).body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name)
    )
    places: dict[str, str] = {}
    private: dict[str, str] = {}
    for node in block.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                place = f"{node.module}.{alias.name}" if node.module == "doclife" else f"{node.module}:{alias.name}"
                (places if alias.asname == alias.name else private)[alias.asname or alias.name] = place
        elif isinstance(node, ast.Assign):
            (target,) = node.targets
            root, *path = ast.unparse(node.value).split(".")
            places[ast.unparse(target)] = ".".join([{**private, **places}[root], *path])
    return places


def test_type_checkers_are_told_what_the_table_says():
    assert _typed() == doclife._PLACES
    assert len(doclife._PLACES) > 100


@pytest.mark.parametrize("name", sorted(doclife._PLACES))
def test_a_name_is_where_the_table_says(name):
    found = getattr(doclife, name)
    assert found is getattr(doclife, name)
    assert name in dir(doclife)


def test_no_module_hides_a_name():
    modules = {path.stem for path in SOURCE.parent.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert modules & doclife._PLACES.keys() == MODULES


def test_every_error_is_offered():
    family = {name for name, found in vars(errors).items() if isinstance(found, type) and name.endswith("Error")}
    assert len(family) > 40
    assert {name: getattr(doclife, name) for name in family} == {name: getattr(errors, name) for name in family}
    assert doclife.PermissionError is doclife.PermissionDenied is errors.PermissionDenied


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'doclife' has no attribute 'get_dok'"):
        doclife.get_dok  # noqa: B018
    assert not hasattr(doclife, "rename_everything")


def test_every_field_type_of_documents_is_offered():
    assert set(fields.__all__) == set(fieldtypes.__all__) - {"AmountField", "AnyField", "Field", "TextField"}


def _loaded_by(statement: str) -> set[str]:
    code = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return set(printed.split())


def test_importing_doclife_loads_nothing_else():
    third_party = {
        name for name in _loaded_by("import doclife") if name.partition(".")[0] not in sys.stdlib_module_names
    }
    assert third_party == {"doclife"}


def test_a_name_loads_what_it_needs_and_no_more():
    assert "sqlalchemy" not in _loaded_by("import doclife; doclife.throw; doclife.utils.today; doclife._dict")
    assert "sqlalchemy" in _loaded_by("from doclife import Document")


@pytest.mark.usefixtures("site")
def test_it_serves_code_written_for_frappe():
    role = frappe.get_doc({"doctype": "Role", "role_name": "Franchise Manager"}).insert(ignore_permissions=True)
    frappe.flags.in_import = True
    frappe.form_dict.outlet = "SJ-1"
    assert frappe.session.user == "Administrator"
    assert frappe.get_doc("Role", role.name).role_name == "Franchise Manager"
    assert frappe.db.exists("Role", "Franchise Manager")
    assert frappe.get_all("Role", filters={"name": ["like", "Franchise%"]}, pluck="name") == ["Franchise Manager"]
    assert frappe.local.form_dict is not None
    assert frappe.form_dict.get("outlet") == "SJ-1"
    assert frappe._dict(a=1).a == 1
    assert frappe.format_value(1234.5, "Currency") == "1,234.50"
    assert frappe.bold("x") == "<strong>x</strong>"
    assert (frappe.scrub("Sales Invoice"), frappe.unscrub("sales_invoice")) == ("sales_invoice", "Sales Invoice")
    assert frappe.parse_json('{"a": [1]}').a == [1]
    assert len(frappe.generate_hash(length=10)) == 10
    frappe.msgprint(frappe._("{0} invoices queued").format(3), alert=True, indicator="blue")
    frappe.enqueue("doclife.utils.today", queue="long", job_id="x", enqueue_after_commit=True)
    assert_enqueued("doclife.utils.today", queue="long")
    assert frappe.get_value("Role", "Franchise Manager", "role_name") == "Franchise Manager"
    frappe.commit()
    with as_user("Guest"), pytest.raises(frappe.PermissionError):
        frappe.get_doc("Role", role.name).save()
    with pytest.raises(frappe.ValidationError, match="no"):
        frappe.throw("no")
    with pytest.raises(frappe.NotSupported, match=r"db\.select"):
        frappe.qb.DocType("Role")
    assert [message["message"] for message in frappe.local.message_log] == ["3 invoices queued", "no"]
