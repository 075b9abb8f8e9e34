"""docs/documents.md: its examples run as they stand, its flags are tested, its methods exist."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from doclife.model.document import Document
from doclife.model.lifecycle import LEFT_OUT
from doclife.model.state import MOMENTS
from tests.architecture.project import ROOT

PAGE = (ROOT / "docs" / "documents.md").read_text(encoding="utf-8")
FLAGS = re.findall(r"^\| (`[^|]+`) \| .* \| `([\w/]+\.py)::(\w+)` \|$", PAGE, re.MULTILINE)


def test_the_examples_run_as_they_stand(tmp_path: Path) -> None:
    text = "\n\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
    (tmp_path / "test_library.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
        | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


@pytest.mark.parametrize(("flags", "file", "test"), FLAGS, ids=[test for _, _, test in FLAGS])
def test_every_flag_has_the_test_that_the_table_names(flags: str, file: str, test: str) -> None:
    tree = ast.parse((ROOT / "tests" / "unit" / file).read_text(encoding="utf-8"))
    assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_tables_have_every_flag_that_the_kernel_reads() -> None:
    listed = {name for flags, _, _ in FLAGS for name in re.findall(r"`(\w+)", flags)}
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "doclife" / "model").glob("*.py"))
    read = set(re.findall(r"""flags(?:\.get\(|\[)["'](\w+)["']""", code)) | set(LEFT_OUT) | set(MOMENTS)
    read |= {name for name in re.findall(r"\bflags\.(\w+)", code) if name not in ("get", "items", "pop", "update")}
    assert len(read) > 12
    assert read - listed == set()


def test_every_method_the_page_names_exists() -> None:
    first = PAGE.split("## Renaming")[0]
    named = {
        name
        for line in first.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)\(", line.split("|")[1])
    }
    assert {"get", "db_update", "precision"} <= named
    assert {name for name in named if not hasattr(Document, name)} == {"insert_many"}
