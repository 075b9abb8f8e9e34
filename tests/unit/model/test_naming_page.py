"""docs/naming.md: each example gives the names that stand beside it."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from pathlib import Path

import pytest

import doclife
from doclife import fields
from doclife.model import naming
from doclife.model.document import Document
from doclife.schema import registry
from doclife.testing import travel_to

PAGE = Path(__file__).parents[3] / "docs" / "naming.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
FILES = {block.splitlines()[0].removeprefix("# "): block for block in BLOCKS if re.match(r"# [\w/]+\.py\n", block)}
EXAMPLES = [block for block in BLOCKS if block not in FILES.values()]
#: what the examples import from doclife, besides its fields and doclife.model.naming
IMPORTED = ("Document", "Meta", "copy_doc", "get_all", "get_doc", "insert_many")
RESULT = re.compile(r"  # -> (.*)$")


@pytest.fixture
def shop(site, tmp_path, monkeypatch):
    """The app whose files stand on the page."""
    for path, text in FILES.items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"import doclife\nimport doclife.utils\n\n{text}")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("shop.hooks")
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


def run(site, block, names):
    """Runs a block statement by statement and returns what it gives beside what it says, for each line that says it."""
    lines = block.splitlines()
    results = []
    for statement in ast.parse(block).body:
        promised = RESULT.search(lines[statement.end_lineno - 1])
        if isinstance(statement, ast.Expr) and promised is not None:
            value = eval(compile(ast.Expression(statement.value), str(PAGE), "eval"), names)
            results.append((value if isinstance(value, str) else repr(value), promised.group(1)))
            continue
        assert promised is None, f"not checked: {lines[statement.end_lineno - 1]}"
        exec(compile(ast.Module([statement], []), str(PAGE), "exec"), names)
        if isinstance(statement, ast.ClassDef) and issubclass(names[statement.name], Document):
            site.use(names[statement.name])
    return results


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_gives_the_names_beside_it(site, shop, number):
    site.use_hooks("shop", {"naming_series_variables": shop.naming_series_variables})
    names = {name: getattr(source, name) for source in (fields, naming) for name in source.__all__}
    names |= {name: getattr(doclife, name) for name in IMPORTED} | {"__name__": f"naming_page_{number}"}
    try:
        with travel_to("2026-03-09 08:00"):
            results = run(site, EXAMPLES[number], names)
        assert results, "an example without a name"
        assert [given for given, _ in results] == [promised for _, promised in results]
    finally:
        for value in names.values():
            if isinstance(value, type) and issubclass(value, Document) and value is not Document:
                registry.forget(value)


def test_the_page_has_an_example_of_every_rule():
    text = "\n".join(EXAMPLES)
    rules = re.findall(r"autoname=\"([^\"]+)\"", text)
    words = {"hash", "field:", "naming_series:", "format:", "prompt", "autoincrement", "uuid"}
    assert {word for word in words if any(rule.startswith(word) for rule in rules)} == words
    assert sum("#" in rule for rule in rules) > 5
