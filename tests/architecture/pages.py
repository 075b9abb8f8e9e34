"""The pages of docs/: the files, scripts and commands that stand on them, and how they are run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    """Returns the text of a page."""
    return (DOCS / name).read_text()


def write_files(text: str, folder: Path) -> Path:
    """Writes the files of a page, those whose first line is a comment with a path, into a folder; returns it."""
    for name, content in re.findall(r"^```(?:python|ini)\n# (\S+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def tests_in(folder: Path) -> int:
    """Returns how many tests the files of a page hold."""
    return sum(path.read_text().count("\ndef test_") for path in folder.glob("test_*.py"))


def environment() -> dict[str, str]:
    """Returns the environment of a reader: this Python's commands, and nothing of this test run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DOCLIFE_", "PYTEST_"))}
    return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"}


def bash(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a script in a folder as its reader would, and returns how it has ended."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def run_script(text: str, folder: Path) -> str:
    """Runs the one script of a page and returns what it has printed; it has to end well."""
    [script] = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    done = bash(script, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commands(text: str) -> list[list[str]]:
    """Returns the words of the commands of doclife that stand indented on a page, without doclife itself."""
    return [line.partition("  #")[0].split()[1:] for line in re.findall(r"^    (doclife .*)$", text, re.MULTILINE)]
