"""The app, the tests and the commands of docs/jobs.md run as they stand, in an empty folder."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from doclife.cli.main import cli
from tests.architecture import pages

PAGE = pages.page("jobs.md")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return pages.write_files(PAGE, tmp_path_factory.mktemp("jobs_page"))


def test_the_page_as_it_stands(folder):
    tests = pages.tests_in(folder)
    assert tests > 6
    assert f"{tests} passed" in pages.run_script(PAGE, folder)


@pytest.mark.parametrize("words", pages.commands(PAGE), ids=" ".join)
def test_every_command_has_the_options_that_the_page_names(words):
    names = [word for word in words if not word.startswith("-")]
    command = names[:2] if names[0] == "jobs" else names[:1]
    text = CliRunner().invoke(cli, [*command, "--help"], prog_name="doclife")
    assert text.exit_code == 0
    assert [option for option in words if option.startswith("--") and option not in text.output] == []
