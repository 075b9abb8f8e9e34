"""The files around the code: make targets, pinned versions, what is packaged, what no file may name."""

from __future__ import annotations

import re
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.project import ROOT, python_files, shown

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAKEFILE = (ROOT / "Makefile").read_text()
CONSTRAINTS = (ROOT / "constraints.txt").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
#: hidden folders of ours
HIDDEN = (".ci", ".pre-commit-config.yaml", ".gitignore")


def _texts() -> list[Path]:
    """Returns every file of ours that people or tools read as text."""
    top = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".")]
    hidden = [path for name in HIDDEN for path in [ROOT / name, *(ROOT / name).rglob("*")] if path.is_file()]
    return [*top, *hidden, *(ROOT / "docs").rglob("*.md"), *python_files()]


def test_help_lists_every_target() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make ([a-z-]+) +\w", listed, re.MULTILINE)) == TARGETS
    assert {"demo", "test", "bench"} <= TARGETS


def test_targets_are_no_files() -> None:
    phony = re.search(r"^\.PHONY: (help .*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == TARGETS


def test_the_commands_that_documents_name_exist() -> None:
    documents = [ROOT / "README.md", ROOT / ".ci" / "run", *(ROOT / "docs").rglob("*.md")]
    named = {
        target
        for path in documents
        for target in re.findall(r"(?:^ *|`|\$ )make ([a-z-]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"demo", "test"} <= named <= TARGETS


def _pins() -> dict[str, str]:
    lines = [line for line in CONSTRAINTS.splitlines() if not line.startswith("#")]
    pins = dict(line.split("==") for line in lines)
    assert len(pins) == len(lines)
    return {canonicalize_name(name): version for name, version in pins.items()}


def test_constraints_are_exact_versions_and_nothing_else() -> None:
    for name, version in _pins().items():
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert re.fullmatch(r"[0-9]+(\.[0-9]+)*(b[0-9]+|\.post[0-9]+)?", version), name


def test_constraints_meet_what_the_project_asks_for() -> None:
    pins = _pins()
    extras = PROJECT["optional-dependencies"]
    wanted = [
        Requirement(text) for text in [*PROJECT["dependencies"], *(text for group in extras.values() for text in group)]
    ]
    assert len(wanted) > 20
    unmet = [
        str(found) for found in wanted if not found.specifier.contains(pins.get(canonicalize_name(found.name), "0"))
    ]
    assert unmet == []


@pytest.mark.parametrize(
    "pattern",
    [
        # spelt so that this file does not name them either
        r"(?<![\w.])/(?:w[o]rk|r[o]ot|h[o]me)/",
        r"(?<![\w.])/t[m]p/venv",
        r"p[y]pi\.org|p[y]thonhosted|registry\.n[p]mjs",
    ],
)
def test_no_file_names_a_machine_or_a_registry(pattern: str) -> None:
    texts = _texts()
    assert ROOT / ".ci" / "run" in texts
    assert ROOT / "pyproject.toml" in texts
    assert [shown(path) for path in texts if re.search(pattern, path.read_text(encoding="utf-8"))] == []


def test_the_wheel_holds_doclife_and_nothing_else(tmp_path: Path) -> None:
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = set(zipfile.ZipFile(built).namelist())
    assert {name.split("/")[0] for name in names} == {"doclife", f"doclife-{PROJECT['version']}.dist-info"}
    assert {"doclife/__init__.py", "doclife/py.typed", "doclife/core/config.py"} <= names
    ours = {shown(path) for path in (ROOT / "doclife").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert ours - names == set()
