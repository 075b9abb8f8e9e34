"""execute and console."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from tests.unit.cli.project import CHECKOUT


@pytest.fixture
def shop(fresh):
    fresh.ok("new-site", "shop", "--install-app", "cli_outlets")
    return fresh


def _outlets(project) -> list[str]:
    found = project.ok("console", stdin="print(*doclife.get_all('Cli Outlet', pluck='name'))")
    return found.split()


def test_execute_prints_what_the_function_returns(project):
    assert project.ok("execute", "cli_outlets.tasks.add", "--args", "[2]", "--kwargs", '{"b": 3}') == "5\n"
    assert project.ok("execute", "cli_outlets.tasks.read_date", "--args", '["2026-01-31"]') == '"2026-01-31"\n'


def test_execute_commits_and_shows_messages_and_documents(shop):
    done = shop.run("execute", "cli_outlets.tasks.make", "--args", '["SJ-1"]')
    assert (done.exit_code, done.stderr) == (0, "made\n")
    assert json.loads(done.stdout)["code"] == "SJ-1"
    assert _outlets(shop) == ["SJ-1"]


def test_execute_keeps_nothing_of_what_fails(shop):
    refused = shop.run("execute", "cli_outlets.tasks.make_and_refuse", "--args", '["SJ-1"]')
    assert (refused.exit_code, refused.stderr, refused.stdout) == (1, "made\nError: the outlet is closed\n", "")
    broken = shop.run("execute", "cli_outlets.tasks.make_and_break", "--args", '["SJ-2"]')
    assert isinstance(broken.exception, LookupError)
    assert _outlets(shop) == []


def test_a_value_that_a_helper_cannot_read_is_told_in_a_line(project):
    done = project.run("execute", "cli_outlets.tasks.read_date", "--args", '["31.31.2026"]')
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: '31.31.2026' is not a date")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cli_outlets.tasks.ad"], "has no 'ad'. Did you mean 'add'?"),
        (["cli_outlets.tasks.LIMIT"], "cli_outlets.tasks.LIMIT is a int, not a function"),
        (["json.dumps"], "of the app 'json', which is not installed on one"),
        (["cli_outlets.tasks.add", "--args", "[1"], "Invalid value for --args: '[1' is not JSON"),
        (["cli_outlets.tasks.add", "--args", "{}"], "Invalid value for --args: '{}' must be a JSON list"),
        (["cli_outlets.tasks.add", "--kwargs", "[]"], "Invalid value for --kwargs: '[]' must be a JSON object"),
    ],
    ids=["function", "no function", "app", "no JSON", "no list", "no object"],
)
def test_execute_refuses_what_it_cannot_call(project, words, message):
    done = project.run("execute", *words)
    assert done.exit_code == 2
    assert message in done.stderr


def test_execute_calls_methods_of_objects_too(shop):
    assert shop.ok("execute", "doclife.db.count", "--args", '["Cli Outlet"]') == "0\n"
    assert shop.run("execute", "doclife.db.cuont").exit_code == 2


def test_execute_acts_as_a_user(project):
    done = project.run("execute", "cli_outlets.tasks.make", "--args", '["SJ-1"]', "--user", "Guest")
    assert done.exit_code == 1
    assert "Guest may not create Cli Outlet" in done.stderr


def test_console_runs_a_program_on_stdin_in_a_context(shop):
    printed = shop.ok(
        "console",
        stdin="make = new_doc('Cli Outlet', code='SJ-9').insert\nmake()\nprint(session.user, db.count('Cli Outlet'))",
    )
    assert printed == "Administrator 1\n"
    assert _outlets(shop) == []  # nothing was committed
    shop.ok("console", stdin="frappe.get_doc({'doctype': 'Cli Outlet', 'code': 'SJ-8'}).insert()\ndb.commit()")
    assert _outlets(shop) == ["SJ-8"]


def test_console_leaves_pythons_own_names_alone(project):
    assert (
        project.ok("console", stdin="print(NameError is doclife.NameError, PermissionError(13).errno)")
        == "False None\n"
    )


def test_a_program_on_stdin_that_fails(project):
    refused = project.run("console", stdin="throw('no')")
    assert (refused.exit_code, refused.stderr) == (1, "Error: no\n")
    assert isinstance(project.run("console", stdin="1/0").exception, ZeroDivisionError)


def test_console_on_a_terminal_answers_line_by_line(project, shop):
    program = "import sys; sys.modules['IPython'] = None; from doclife.cli.main import main; main()"
    ours, theirs = pty.openpty()
    env = {"PYTHONPATH": f"{CHECKOUT}{os.pathsep}{project.folder}", "TERM": "dumb", "PYTHON_BASIC_REPL": "1"}
    words = [sys.executable, "-c", program, "--sites-dir", str(shop.sites), "console"]
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    seen = ""
    for line in ("print(session.user, len(get_all('Role')))", "exit()"):
        while not seen.endswith(">>> "):
            seen += os.read(ours, 4096).decode()
        os.write(ours, f"{line}\n".encode())
        seen += "\n"
    assert process.wait(60) == 0
    os.close(ours)
    assert "doclife on shop as Administrator" in seen
    assert "Nothing is kept until db.commit()." in seen
    assert "Administrator 4\r\n" in seen
