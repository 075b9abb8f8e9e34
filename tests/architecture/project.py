"""The files of the project, for tests that read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: folders with code of ours
CODE = ("doclife", "example_app", "tests", "benchmarks")


def python_files(*folders: str) -> Iterator[Path]:
    """Returns the Python files of the folders given (all code of ours without any), sorted."""
    for folder in folders or CODE:
        yield from sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def shown(path: Path) -> str:
    """Returns a path as a person would name it."""
    return path.relative_to(ROOT).as_posix()
