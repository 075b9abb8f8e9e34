"""The app, the tests, the tables and the commands of docs/scheduler.md run as they stand, in an empty folder."""

from __future__ import annotations

import re
import shlex
import sys

import pytest
import structlog
from click.testing import CliRunner

from doclife.cli.main import cli
from doclife.testing import travel_to
from tests.architecture import pages

PAGE = pages.page("scheduler.md")

#: ids of jobs are others at each run
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return pages.write_files(PAGE, tmp_path_factory.mktemp("scheduler_page"))


def test_the_page_as_it_stands(folder):
    tests = pages.tests_in(folder)
    assert tests > 6
    assert f"{tests} passed" in pages.run_script(PAGE, folder)


def _doclife(folder, *words):
    runner = CliRunner()
    return runner.invoke(cli, ["--sites-dir", str(folder / "sites"), *words], prog_name="doclife").output


def test_the_commands_print_what_the_page_says(folder, monkeypatch):
    (folder / "shop" / "__init__.py").touch()  # as the page's script has it
    monkeypatch.syspath_prepend(str(folder))
    shown = "".join(re.findall(r"^```text\n(\$ .*?)^```", PAGE, re.DOTALL | re.MULTILINE))
    parts = re.split(r"^\$ (.*)\n", shown, flags=re.MULTILINE)[1:]
    assert len(parts) > 8
    try:
        with travel_to("2026-03-02 10:00"):  # a Monday
            _doclife(folder, "new-site", "demo", "--install-app", "shop")
            for command, wanted in zip(parts[::2], parts[1::2], strict=True):
                _program, *words = shlex.split(command)
                printed = _doclife(folder, *words)
                assert ID.sub("ID", printed) == ID.sub("ID", wanted), command
    finally:
        structlog.reset_defaults()  # commands send logs where they want them
        for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
            del sys.modules[name]


@pytest.mark.parametrize("words", pages.commands(PAGE), ids=" ".join)
def test_every_command_has_the_options_that_the_page_names(words):
    names = [word for word in words if not word.startswith("-")]
    text = CliRunner().invoke(cli, [*names[: 2 if names[0] in ("scheduler", "jobs") else 1], "--help"])
    assert text.exit_code == 0
    assert [option for option in words if option.startswith("--") and option not in text.output] == []
