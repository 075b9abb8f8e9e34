"""The app, the tests and the commands of docs/jobs.md run as they stand, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from doclife.cli.main import cli

PAGE = (Path(__file__).parents[2] / "docs" / "jobs.md").read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("jobs_page")
    for name, text in re.findall(r"^```(?:python|ini)\n# (\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return made


def test_the_page_as_it_stands(folder):
    tests = sum(path.read_text().count("\ndef test_") for path in folder.glob("test_*.py"))
    assert tests > 6
    [script] = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DOCLIFE_", "PYTEST_"))}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{tests} passed" in done.stdout


def _commands():
    block = "\n".join(re.findall(r"^    (doclife .*)$", PAGE, re.MULTILINE))
    return [line.partition("  #")[0].split()[1:] for line in block.splitlines()]


@pytest.mark.parametrize("words", _commands(), ids=" ".join)
def test_every_command_has_the_options_that_the_page_names(words):
    names = [word for word in words if not word.startswith("-")]
    command = names[:2] if names[0] == "jobs" else names[:1]
    text = CliRunner().invoke(cli, [*command, "--help"], prog_name="doclife")
    assert text.exit_code == 0
    assert [option for option in words if option.startswith("--") and option not in text.output] == []
