"""install-app and list-apps."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest


def test_the_apps_of_a_site(project):
    assert [(row["app"], row["title"], row["doctypes"]) for row in json.loads(project.ok("list-apps", "--json"))][
        1:
    ] == [
        ("cli_outlets", "Outlets", 1),
        ("cli_royalties", "cli_royalties", 0),
    ]
    lines = project.ok("list-apps").splitlines()
    assert lines[0].split() == ["APP", "TITLE", "VERSION", "DOCTYPES", "FOLDER"]
    assert lines[2].split() == ["cli_outlets", "Outlets", "1.2", "1", str(project.folder / "cli_outlets")]


def test_install_app_takes_several_in_order(fresh):
    fresh.ok("new-site", "shop")
    refused = fresh.run("install-app", "cli_royalties")
    assert (refused.exit_code, "which must be installed before it" in refused.stderr) == (2, True)
    printed = fresh.ok("install-app", "cli_outlets", "cli_royalties").splitlines()
    assert printed == ["cli_outlets: cli_outlets_0001 initial", "installed cli_outlets", "installed cli_royalties"]
    again = fresh.run("install-app", "cli_outlets")
    assert (again.exit_code, "is installed on shop already" in again.stderr) == (2, True)


def test_the_version_of_an_app_is_that_of_its_package_or_its_distribution(fresh, project):
    rows = json.loads(project.ok("list-apps", "--json"))
    assert (rows[0]["version"], rows[1]["version"]) == (version("doclife"), "1.2")


@pytest.fixture
def shop(fresh):
    fresh.ok("new-site", "shop", "--install-app", "cli_outlets", "--install-app", "cli_royalties")
    fresh.ok("execute", "cli_outlets.tasks.make", "--args", '["SJ-1"]')
    fresh.ok("execute", "cli_outlets.tasks.queue", "--args", "[2]")
    return fresh


def test_uninstall_app_says_what_goes_and_wants_to_be_sure(shop):
    refused = shop.run("uninstall-app", "cli_outlets", "--yes")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "Error: app 'cli_outlets' is required by 'cli_royalties' on shop; uninstall it first\n",
    )
    assert shop.ok("uninstall-app", "cli_royalties", "--dry-run").splitlines() == [
        "uninstalling cli_royalties from shop deletes:",
        "  nothing but its hooks",
    ]
    shop.ok("uninstall-app", "cli_royalties", "--yes")
    asked = shop.run("uninstall-app", "cli_outlets")
    assert (asked.exit_code, "uninstall-app deletes the data of cli_outlets; say --yes" in asked.stderr) == (2, True)
    assert asked.stdout.splitlines() == [
        "uninstalling cli_outlets from shop deletes:",
        "  table tabCli Outlet: 1 row",
        "  2 queued jobs: cancelled",
    ]
    planned = json.loads(shop.ok("uninstall-app", "cli_outlets", "--dry-run", "--json"))
    assert (planned["tables"], planned["queued_jobs"]) == ({"tabCli Outlet": 1}, 2)
    assert "cli_outlets" in shop.ok("list-apps")
    assert shop.ok("uninstall-app", "cli_outlets", "--yes").splitlines()[-1] == (
        "uninstalled cli_outlets; restart the workers and servers of shop, they have it loaded still"
    )
    assert json.loads(shop.ok("list-apps", "--json"))[1:] == []
    gone = shop.run("uninstall-app", "cli_outlets", "--yes")
    assert (gone.exit_code, "not installed on shop; no app is installed there" in gone.stderr) == (2, True)


def test_export_fixtures_of_an_app_that_names_none(shop):
    refused = shop.run("export-fixtures", "cli_outlets")
    assert (refused.exit_code, "app 'cli_outlets' names no fixtures" in refused.stderr) == (2, True)


def test_apps_that_cannot_all_be_installed_are_all_refused(fresh):
    fresh.ok("new-site", "shop", "--install-app", "cli_outlets")
    refused = fresh.run("install-app", "cli_royalties", "cli_outlets")
    assert (refused.exit_code, "is installed on shop already" in refused.stderr) == (2, True)
    assert [row["app"] for row in json.loads(fresh.ok("list-apps", "--json"))] == ["doclife", "cli_outlets"]


def test_an_installation_that_was_begun_and_failed_ends_with_1(fresh):
    fresh.write(
        {
            "cli_broken/__init__.py": "",
            "cli_broken/hooks.py": 'app_name = "cli_broken"\n',
            "cli_broken/fixtures/role.json": '[{"doctype": "Role", "name": "x", "rolename": "x"}]',
        }
    )
    fresh.ok("new-site", "shop")
    done = fresh.spawn("--site", "shop", "install-app", "cli_broken")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: {fresh.folder}/cli_broken/fixtures/role.json: entry 1 (Role 'x'): Role has no field 'rolename'. "
        "Did you mean 'role_name'?\n"
    )
    assert fresh.ok("check") == "no problems\n"


def test_apps_that_the_environment_names_are_not_changed_in_the_file(fresh, monkeypatch):
    fresh.ok("new-site", "shop")
    monkeypatch.setenv("DOCLIFE_INSTALLED_APPS", '["cli_outlets"]')
    for words in (("install-app", "cli_royalties"), ("uninstall-app", "cli_outlets", "--yes")):
        done = fresh.run(*words)
        assert done.exit_code == 2
        assert "installed_apps is set by DOCLIFE_INSTALLED_APPS, not by the site; change it there" in done.stderr
