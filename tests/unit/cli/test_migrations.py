"""makemigrations, migrate and check: a project whose tables change."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from tests.unit.cli.project import Project

HOOKS = 'app_name = "cli_stock"\n'
DOCTYPE = """
from doclife import Document, Meta
from doclife.fields import Data


class CliBin(Document):
    meta = Meta(autoname="field:code")

    code = Data(reqd=True)
"""


@pytest.fixture
def stock(tmp_path) -> Project:
    """A project with one app of its own; what changes in it is seen by new processes, so these are used."""
    made = Project(tmp_path)
    made.write(
        {
            "cli_stock/__init__.py": "",
            "cli_stock/hooks.py": HOOKS,
            "cli_stock/doctypes/__init__.py": "",
            "cli_stock/doctypes/bin.py": DOCTYPE,
        }
    )
    return made


def _columns(project: Project) -> set[str]:
    engine = create_engine(f"sqlite:///{project.sites}/shop/site.db")
    return {column["name"] for column in inspect(engine).get_columns("tabCli Bin")}


@pytest.mark.slow
def test_a_field_that_is_added_later_reaches_the_table(stock):
    first = stock.spawn("makemigrations", "cli_stock", "-m", "initial")
    assert first.stdout == f"{stock.folder}/cli_stock/migrations/0001_initial.py\n"
    assert stock.spawn("new-site", "shop", "--install-app", "cli_stock").returncode == 0
    stock.write({"cli_stock/doctypes/bin.py": DOCTYPE + "    city = Data()\n"})
    drifted = stock.spawn("check", "--json")
    assert drifted.returncode == 1
    assert json.loads(drifted.stdout) == {
        "problems": ["cli_stock: tabCli Bin.city: the column does not exist; run makemigrations"],
        "warnings": [],
        "orphans": [],
    }
    stock.spawn("makemigrations", "cli_stock", "-m", "add the city")
    pending = stock.spawn("check")
    assert pending.returncode == 1
    assert "cli_stock_0002" in pending.stdout
    assert stock.spawn("migrate").stdout == "cli_stock: cli_stock_0002 add the city\n"
    assert "city" in _columns(stock)
    assert stock.spawn("check").returncode == 0


def test_a_revision_that_fails_is_a_failure_that_names_it(stock):
    stock.spawn("makemigrations", "cli_stock", "-m", "initial")
    stock.spawn("new-site", "shop", "--install-app", "cli_stock")
    made = stock.spawn("makemigrations", "cli_stock", "-m", "by hand", "--empty").stdout.strip()
    revision = Path(made)
    revision.write_text(revision.read_text().replace("    pass", "    op.drop_table('no')", 1))
    done = stock.spawn("migrate")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cli_stock_0002" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_to_do_is_said(project, fresh):
    assert project.ok("makemigrations", "cli_outlets", "-m", "again") == "nothing has changed in cli_outlets\n"
    assert project.ok("migrate") == "the tables are up to date\n"
    fresh.ok("new-site", "shop", "--install-app", "cli_outlets")
    assert fresh.ok("check") == "no problems\n"


def test_makemigrations_loads_what_the_app_requires(project):
    assert project.ok("makemigrations", "cli_royalties", "-m", "nothing") == "nothing has changed in cli_royalties\n"
    assert project.ok("makemigrations", "doclife", "-m", "nothing") == "nothing has changed in doclife\n"


def test_apps_that_require_each_other_are_refused(stock):
    for one, other in (("cli_ring_a", "cli_ring_b"), ("cli_ring_b", "cli_ring_a")):
        stock.write({f"{one}/__init__.py": "", f"{one}/hooks.py": f"required_apps = [{other!r}]\n"})
    done = stock.spawn("makemigrations", "cli_ring_a", "-m", "x")
    assert done.returncode == 2
    assert done.stderr == "Error: apps require each other in a circle: cli_ring_a -> cli_ring_b -> cli_ring_a\n"


def test_check_tells_of_hooks_that_cannot_be_used(stock):
    stock.spawn("makemigrations", "cli_stock", "-m", "initial")
    stock.spawn("new-site", "shop", "--install-app", "cli_stock")
    stock.write({"cli_stock/hooks.py": HOOKS + 'doc_events = {"Cli Bin": {"after_save": "cli_stock.nothing"}}\n'})
    done = stock.spawn("check")
    assert done.returncode == 1
    assert done.stdout.startswith(
        "problem: cli_stock: doc_events['Cli Bin']: no event 'after_save'. Did you mean 'on_update'?"
    )
    assert stock.spawn("migrate").returncode == 2


def test_warnings_and_orphans_are_told_and_are_no_failure(fresh):
    fresh.ok("new-site", "shop", "--install-app", "cli_outlets", "--install-app", "cli_royalties")
    with create_engine(f"sqlite:///{fresh.sites}/shop/site.db").begin() as connection:
        connection.execute(text('CREATE TABLE "tabOld Outlet" (name TEXT)'))
    assert fresh.ok("check").splitlines() == [
        "warning: cli_royalties: doc_events names the document type 'Cli Outlets', which no installed app has."
        " Did you mean 'Cli Outlet'?",
        "orphan: no app: tabOld Outlet: no installed app declares this table; drop it, or install its app",
    ]
    assert "cli_stock" not in sys.modules
