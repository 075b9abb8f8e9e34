"""What holds of every file of ours: its size, where the environment is read, what an error is."""

from __future__ import annotations

import ast
import builtins
import os
import pickle
import re
from pathlib import Path

import pytest

from doclife.core import errors
from tests.architecture.project import python_files, shown

FAMILY = sorted(
    (found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, errors.DoclifeError)),
    key=lambda found: found.__name__,
)


def test_a_file_has_at_most_400_lines() -> None:
    lines = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert lines["doclife/core/config.py"] > 0
    assert {name: count for name, count in lines.items() if count > 400} == {}


def _environment_names(path: Path) -> set[str]:
    """Returns what a file names of the functions and mappings by which `os` gives the environment."""
    used = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            used.add(node.attr)
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            used |= {alias.name for alias in node.names}
    return used & {name for name in dir(os) if "env" in name}


def test_the_environment_is_read_in_config_only() -> None:
    found = {shown(path) for path in python_files("doclife", "example_app") if _environment_names(path)}
    assert found == {"doclife/core/config.py"}


def test_a_docstring_is_the_first_thing_in_every_module() -> None:
    without = [
        shown(path)
        for path in python_files("doclife", "example_app")
        if "versions" not in path.parts and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert without == []


@pytest.mark.parametrize("kind", FAMILY)
def test_an_error_says_what_it_is(kind: type[errors.DoclifeError]) -> None:
    sentence = (kind.__doc__ or "").splitlines()[0]
    assert "__doc__" in vars(kind), "a docstring of its own"
    assert re.fullmatch(r".+\.", sentence)
    assert str(kind()) == sentence
    assert 400 <= kind.http_status <= 599


@pytest.mark.parametrize("kind", FAMILY)
def test_an_error_travels_between_processes(kind: type[errors.DoclifeError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what", title="T", name="n")))
    assert (type(error), str(error), error.title, error.context) == (kind, "what", "T", {"name": "n"})


def test_errors_hide_no_builtin_but_the_one_of_frappe() -> None:
    assert [kind.__name__ for kind in FAMILY if hasattr(builtins, kind.__name__)] == ["NameError"]
