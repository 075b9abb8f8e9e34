"""install-app and list-apps."""

from __future__ import annotations

import json


def test_the_apps_of_a_site(project):
    assert [(row["app"], row["title"], row["doctypes"]) for row in json.loads(project.ok("list-apps", "--json"))][
        1:
    ] == [
        ("cli_outlets", "Outlets", 1),
        ("cli_royalties", "cli_royalties", 0),
    ]
    lines = project.ok("list-apps").splitlines()
    assert lines[0].split() == ["APP", "TITLE", "DOCTYPES", "FOLDER"]
    assert lines[2].split() == ["cli_outlets", "Outlets", "1", str(project.folder / "cli_outlets")]


def test_install_app_takes_several_in_order(fresh):
    fresh.ok("new-site", "shop")
    refused = fresh.run("install-app", "cli_royalties")
    assert (refused.exit_code, "which must be installed before it" in refused.stderr) == (2, True)
    printed = fresh.ok("install-app", "cli_outlets", "cli_royalties").splitlines()
    assert printed == ["cli_outlets: cli_outlets_0001 initial", "installed cli_outlets", "installed cli_royalties"]
    again = fresh.run("install-app", "cli_outlets")
    assert (again.exit_code, "is installed on shop already" in again.stderr) == (2, True)
