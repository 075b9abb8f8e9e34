"""Several processes that make and change sites at once, and processes that are killed while they do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

import doclife as package
from tests.contract.databases import fresh_database
from tests.contract.sites.apps import write_files

CHECKOUT = Path(package.__file__).parents[1]

pytestmark = pytest.mark.slow


class Commands:
    """`doclife` in processes of its own, on the sites of one folder."""

    def __init__(self, apps: Path, sites: Path) -> None:
        self.apps, self.sites = apps, sites

    def start(self, *words, **environment):
        names = {name: value for name, value in os.environ.items() if not name.startswith(("DOCLIFE_", "PYTEST_"))}
        return subprocess.Popen(
            [sys.executable, "-m", "doclife.cli", "--sites-dir", str(self.sites), *words],
            env=names | {"PYTHONPATH": f"{CHECKOUT}{os.pathsep}{self.apps}"} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words, **environment):
        process = self.start(*words, **environment)
        out, err = process.communicate(timeout=100)
        return process.returncode, out, err

    def ok(self, *words):
        code, out, err = self.run(*words)
        assert code == 0, err
        return out

    def installed(self, site):
        return [row["app"] for row in json.loads(self.ok("--site", site, "list-apps", "--json"))][1:]

    def kill_in(self, place, *words):
        """Starts a command, and kills it when it has reached one of the functions that box_app's hooks name."""
        process = self.start(*words, BOX_STOPS_IN=place)
        line = process.stdout.readline()
        while line and line != "reached\n":
            line = process.stdout.readline()
        process.kill()
        _, err = process.communicate(timeout=100)
        assert line == "reached\n", err


@pytest.fixture
def commands(apps, tmp_path):
    return Commands(apps, tmp_path / "sites")


@pytest.fixture
def url(backend, tmp_path):
    with fresh_database(backend, tmp_path) as made:
        yield made


def _tables(url):
    engine = sa.create_engine(url)
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


@pytest.mark.parametrize("place", ["before_install", "after_install"])
def test_an_installation_that_was_killed_is_finished_by_the_next(commands, url, place):
    commands.ok("new-site", "one", "--db-url", url, "--install-app", "box_base")
    commands.kill_in(place, "install-app", "box_app")
    assert commands.installed("one") == ["box_base"]

    assert commands.ok("install-app", "box_app").splitlines()[-1] == "installed box_app"

    assert commands.installed("one") == ["box_base", "box_app"]
    assert commands.ok("check") == "no problems\n"
    counted = commands.ok("execute", "doclife.get_all", "--args", '["Box"]', "--kwargs", '{"pluck": "name"}')
    assert sorted(json.loads(counted)) == ["first", "outer", "room"]


@pytest.mark.parametrize("place", ["before_uninstall", "after_uninstall"])
def test_an_uninstallation_that_was_killed_is_finished_by_the_next(commands, url, place):
    commands.ok("new-site", "one", "--db-url", url, "--install-app", "box_base", "--install-app", "box_app")
    commands.kill_in(place, "uninstall-app", "box_app", "--yes")
    assert commands.installed("one") == ["box_base", "box_app"]

    commands.ok("uninstall-app", "box_app", "--yes")

    assert commands.installed("one") == ["box_base"]
    assert commands.ok("check") == "no problems\n"
    assert {"tabBox", "tabBox Settings"}.isdisjoint(_tables(url))
    commands.ok("install-app", "box_app")
    assert commands.ok("check") == "no problems\n"


def test_apps_that_are_installed_at_once_are_all_installed(commands, url):
    commands.ok("new-site", "one", "--db-url", url, "--install-app", "box_base")
    running = [commands.start("install-app", app) for app in ("box_app", "ext_shop", "box_app")]
    ended = [(process.communicate(timeout=100), process.returncode) for process in running]
    codes = [code for _, code in ended]
    assert codes[1] == 0, ended
    # the other one is refused before it begins, or when it has waited for the first
    assert sorted((codes[0], codes[2])) in ([0, 1], [0, 2])
    assert sum("app 'box_app' is installed on one already" in err for (_, err), _ in ended) == 1
    assert sorted(commands.installed("one")) == ["box_app", "box_base", "ext_shop"]
    assert commands.ok("check") == "no problems\n"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_of_two_sites_of_one_name_one_is_made(commands, url):
    running = [commands.start("new-site", "one", "--db-url", url) for _ in range(2)]
    ended = [(process.communicate(timeout=100), process.returncode) for process in running]
    assert sorted(code for _, code in ended) == [0, 2]
    [refused] = [err for (_, err), code in ended if code]
    assert "site 'one' exists already" in refused
    assert commands.ok("check") == "no problems\n"


def test_of_two_sites_in_one_database_the_second_leaves_the_first_alone(commands, url):
    running = [commands.start("new-site", name, "--db-url", url) for name in ("one", "two")]
    ended = [(process.communicate(timeout=100), process.returncode) for process in running]
    assert sorted(code for _, code in ended) == [0, 2]
    [refused] = [err for (_, err), code in ended if code]
    assert "holds tables already; a new site needs an empty one" in refused
    [made] = [path.parent.name for path in commands.sites.glob("*/site_config.json")]
    assert commands.ok("--site", made, "check") == "no problems\n"


LATE = """
from doclife import Document
from doclife.fields import Data


class LateThing(Document):
    title = Data()
"""


def test_two_migrations_at_once_apply_what_is_pending_once(url, tmp_path):
    files = {"late_app/hooks.py": 'app_name = "late_app"\n', "late_app/doctypes/thing.py": LATE}
    write_files(tmp_path / "apps", files)
    fixture = tmp_path / "apps" / "late_app" / "fixtures" / "late_thing.json"
    commands = Commands(tmp_path / "apps", tmp_path / "sites")
    commands.ok("makemigrations", "late_app", "-m", "initial")
    commands.ok("new-site", "one", "--db-url", url, "--install-app", "late_app")
    write_files(tmp_path / "apps", {"late_app/doctypes/thing.py": LATE + "    colour = Data(index=True)\n"})
    commands.ok("makemigrations", "late_app", "-m", "add the colour")
    fixture.parent.mkdir()
    fixture.write_text('[{"doctype": "Late Thing", "name": "x", "colour": "red"}]')

    running = [commands.start("migrate") for _ in range(3)]

    ended = [(process.communicate(timeout=100), process.returncode) for process in running]
    assert [code for _, code in ended] == [0, 0, 0], ended
    said = sorted(out for (out, _), _ in ended)
    assert said == [
        "late_app: late_app_0002 add the colour\nlate_app: 1 fixture written\n",
        *["the tables are up to date\n"] * 2,
    ]
    assert commands.ok("check") == "no problems\n"
