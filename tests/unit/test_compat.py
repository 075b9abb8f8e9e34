"""`import doclife.compat`: code that says frappe gets doclife. It holds for a whole process, so each has its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import doclife

CHECKOUT = Path(doclife.__file__).parents[1]


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = folder / "program.py"
    program.write_text(code, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        env={"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_frappe_and_what_is_below_it_are_doclife(tmp_path):
    done = _run(
        """
import doclife.compat
import frappe
from frappe import _, throw
from frappe.model.document import Document
from frappe.model.naming import make_autoname
from frappe.utils import getdate
from frappe.utils.data import add_days
from frappe.exceptions import PermissionError, ValidationError
from frappe.model.delete_doc import delete_doc
from frappe.model.meta import get_meta
from frappe.model.rename_doc import rename_doc
from frappe.utils.background_jobs import enqueue
from frappe.utils.formatters import format_value
import frappe.utils.data
import doclife.core.errors, doclife.model.document, doclife.utils

assert frappe is doclife
assert Document is doclife.model.document.Document is frappe.Document
assert getdate is doclife.utils.getdate
assert add_days is doclife.utils.add_days
assert ValidationError is doclife.core.errors.ValidationError
assert PermissionError is doclife.core.errors.PermissionDenied
assert frappe.utils is doclife.utils
assert (delete_doc, get_meta, rename_doc) == (frappe.delete_doc, frappe.get_meta, frappe.rename_doc)
assert (enqueue, format_value) == (frappe.enqueue, frappe.format)
assert (doclife.__name__, doclife.__spec__.name) == ("doclife", "doclife")
assert Document.__module__ == "doclife.model.document"

class SJOutlet(Document):
    franchise_code = frappe.fields.Data()

assert SJOutlet.meta.doctype == "SJ Outlet"
""",
        tmp_path,
    )
    assert (done.stderr, done.returncode) == ("", 0)


def test_what_doclife_does_not_have_is_named(tmp_path):
    done = _run("import doclife.compat\nfrom frappe.query_builder import DocType", tmp_path)
    assert done.returncode == 1
    assert "frappe.query_builder is imported, but doclife has no doclife.query_builder" in done.stderr


def test_without_it_there_is_no_frappe(tmp_path):
    done = _run("import doclife.utils\nimport frappe", tmp_path)
    assert "No module named 'frappe'" in done.stderr


def test_the_real_frappe_is_not_replaced(tmp_path):
    (tmp_path / "frappe.py").write_text("real = True\n", encoding="utf-8")
    done = _run("import frappe\nassert frappe.real\nimport doclife.compat", tmp_path)
    assert "frappe is imported already" in done.stderr
    assert str(tmp_path / "frappe.py") in done.stderr
