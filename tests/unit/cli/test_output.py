"""What commands print: to a terminal, to a pipe, as JSON."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from decimal import Decimal

import pytest

from doclife.cli.output import is_rich, show_table
from tests.unit.cli.project import CHECKOUT

ROWS = [{"name": "SJ-1", "open": 1, "share": Decimal("2.50"), "hidden": "x"}, {"name": "Long name", "open": None}]


def test_a_pipe_gets_plain_columns(capsys):
    show_table(ROWS, ["name", "open", "share"], as_json=False, empty="nothing")
    assert capsys.readouterr().out == "NAME       OPEN  SHARE\nSJ-1       1     2.5\nLong name\n"


def test_json_has_everything_in_its_type(capsys):
    show_table(ROWS[:1], ["name"], as_json=True, empty="nothing")
    assert capsys.readouterr().out == (
        '[\n  {\n    "name": "SJ-1",\n    "open": 1,\n    "share": 2.5,\n    "hidden": "x"\n  }\n]\n'
    )


def test_nothing_is_said_on_stderr_and_is_an_empty_list_in_json(capsys):
    show_table([], ["name"], as_json=False, empty="nothing here")
    show_table([], ["name"], as_json=True, empty="nothing here")
    assert capsys.readouterr() == ("[]\n", "nothing here\n")


def _on_a_terminal(*words: str) -> str:
    """Runs Python with a terminal for stdout and returns what it printed."""
    ours, theirs = pty.openpty()
    env = {"PYTHONPATH": str(CHECKOUT), "TERM": "xterm-256color", "COLUMNS": "120"}
    process = subprocess.Popen([sys.executable, *words], stdout=theirs, stdin=theirs, env=env)
    os.close(theirs)
    printed = b""
    try:
        while chunk := os.read(ours, 65536):
            printed += chunk
    except OSError:  # Linux ends a terminal without a program so
        pass
    os.close(ours)
    assert process.wait() == 0
    return printed.decode()


PROGRAM = """
import sys
{before}
from doclife.cli.output import is_rich, show_table
assert is_rich() is {rich}
show_table([{{"name": "SJ-1 [bold]", "open": 1}}], ["name", "open"], as_json=False, empty="")
"""


@pytest.mark.parametrize(
    ("before", "rich", "begins"),
    [("", True, "\x1b[1mNAME"), ("sys.modules['rich'] = None  # as if it were not installed", False, "NAME")],
    ids=["rich", "no rich"],
)
def test_a_terminal_gets_a_table_of_rich_where_it_is_installed(before, rich, begins):
    printed = _on_a_terminal("-c", PROGRAM.format(before=before, rich=rich))
    assert printed.startswith(begins)
    assert "SJ-1 [bold]" in printed  # no markup is read out of values


def test_tests_are_no_terminal():
    assert not is_rich()
