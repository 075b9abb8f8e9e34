"""Apps of a site: install-app, list-apps."""

from __future__ import annotations

from pathlib import Path

import click

from doclife.cli.output import json_option, say, show_table
from doclife.cli.state import State, pass_state


@click.command("install-app")
@click.argument("apps", nargs=-1, required=True, metavar="APP...")
@pass_state
def install_app(state: State, apps: tuple[str, ...]) -> None:
    """Installs apps on the site.

    Their tables are made and their after_install functions run; what an app requires must be
    installed before it.
    """
    from doclife.site import setup

    site = state.load_site()
    for app in apps:
        site = setup.install_app(site, app, report=say)


@click.command("list-apps")
@json_option
@pass_state
def list_apps(state: State, as_json: bool) -> None:
    """Lists the apps of the site."""
    site = state.load_site()
    rows = [
        {
            "app": app.name,
            "title": app.title,
            "doctypes": sum(1 for cls in site.doctypes.values() if cls.meta.app == app.name),
            "folder": str(Path(app.package.__file__ or "").parent),
        }
        for app in site.apps
    ]
    show_table(rows, ["app", "title", "doctypes", "folder"], as_json=as_json, empty="no apps")
