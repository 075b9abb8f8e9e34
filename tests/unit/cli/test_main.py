"""The command line as a whole: help, unknown words, errors and exit codes."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import click
import pytest

from doclife.cli.main import COMMANDS, cli


def test_help_names_every_command(fresh):
    printed = fresh.ok("--help")
    for name, (_, text) in COMMANDS.items():
        assert f"  {name} " in printed
        assert text in " ".join(printed.split())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_table_says_what_the_command_says_of_itself(name):
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert (command.help or "").partition("\n")[0] == COMMANDS[name][1]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_subcommand_has_help(name, fresh):
    assert COMMANDS[name][1] in fresh.ok(name, "--help")
    command = cli.get_command(click.Context(cli), name)
    for inner in command.commands if isinstance(command, click.Group) else ():
        assert f"doclife {name} {inner} " in fresh.ok(name, inner, "-h")


def test_help_imports_no_command():
    program = "import sys; from doclife.cli.main import main\ntry: main()\nexcept SystemExit: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert {name for name in loaded if name.startswith("doclife.cli.")} == {
        "doclife.cli.failures",
        "doclife.cli.lazy",
        "doclife.cli.main",
        "doclife.cli.state",
    }
    assert loaded.isdisjoint({"sqlalchemy", "structlog", "msgspec", "rich", "doclife.site"})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["exeute"], "No such command 'exeute'. Did you mean 'execute'?"),
        (["hooks", "explian"], "No such command 'explian'"),
        (["--sight", "one", "check"], "No such option '--sight'. Did you mean '--site'?"),
        (["--site", "onn", "check"], "There is no site 'onn'. Did you mean 'one'?"),
        (["--site", "onn", "list-apps"], "There is no site 'onn'. Did you mean 'one'?"),
        (["use", "onn"], "There is no site 'onn'. Did you mean 'one'?"),
        (["worker", "--queue", "shrt"], "has no queue 'shrt'. Did you mean 'short'?"),
        (["jobs", "list", "--status", "fialed"], "there is no status 'fialed'. Did you mean 'failed'?"),
        (["jobs", "show", "nothing"], "there is no job 'nothing'"),
        (["hooks", "list", "--app", "cli_royalty"], "app 'cli_royalty' is not installed on one"),
        (["makemigrations", "cli_outlet", "-m", "x"], "no app 'cli_outlet'"),
        (["makemigrations", "cli_outlets"], "Missing option '-m' / '--message'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_asked_wrongly_ends_with_2_and_one_line(project, words, message):
    done = project.run(*words)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_folder_without_sites_says_how_to_begin(fresh):
    done = fresh.run("migrate")
    assert done.exit_code == 2
    assert done.stderr == f"Error: {fresh.sites} holds no site. Make one: doclife new-site NAME\n"


@pytest.mark.parametrize(
    ("words", "env"), [(("--debug",), {}), ((), {"DOCLIFE_DEBUG": "1"})], ids=["option", "variable"]
)
def test_a_traceback_is_shown_on_demand(fresh, words, env):
    done = fresh.spawn(*words, "migrate", env=env)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "UnknownSiteError" in done.stderr


def test_processes_end_with_these_codes(project):
    """The same in real processes: 0 for done, 2 for asked wrongly, 1 for run and failed."""
    asked = [("list-apps",), ("--site", "two", "list-apps"), ("execute", "cli_outlets.tasks.make_and_refuse")]
    codes = [project.spawn(*words, *(("--args", '["X"]') if "execute" in words else ())).returncode for words in asked]
    assert codes == [0, 2, 1]


def test_the_version(fresh):
    assert fresh.ok("--version") == f"doclife {version('doclife')}\n"
