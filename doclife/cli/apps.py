"""Apps of a site: install-app, list-apps."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from doclife.cli.failures import make_sure, running
from doclife.cli.output import json_option, say, show_json, show_table
from doclife.cli.state import State, pass_state


@click.command("new-app")
@click.argument("name")
def new_app(name: str) -> None:
    """Writes the skeleton of an app into a folder of its name.

    A Python package in the current folder: hooks, one document type with a handler and a job, tests.
    """
    from doclife.cli.skeleton import new_app as write_app

    files = write_app(name, Path.cwd())
    for file in files:
        say(str(file.relative_to(Path.cwd())))
    say("")
    say("Next:")
    say(f"  doclife makemigrations {name} -m initial")
    say(f"  doclife new-site demo --install-app {name}    (or, on a site that is there: doclife install-app {name})")
    say(f"  pytest {name}")


@click.command("install-app")
@click.argument("apps", nargs=-1, required=True, metavar="APP...")
@pass_state
def install_app(state: State, apps: tuple[str, ...]) -> None:
    """Installs apps on the site.

    Their tables are made and their after_install functions run; what an app requires must be
    installed before it.
    """
    from doclife.site.apps import check_installable
    from doclife.site.apps import install_app as install

    site = state.load_site(telling=True)
    check_installable(site, apps)
    with running():
        for app in apps:
            site = install(site, app, report=say)


@click.command("uninstall-app")
@click.argument("app")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@json_option
@pass_state
def uninstall_app(state: State, app: str, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Uninstalls an app from the site: its tables and all data in them.

    Says first what goes. Refused while another installed app requires it. If it fails, the app stays
    installed and can be uninstalled again.
    """
    from doclife.site.removal import removal
    from doclife.site.removal import uninstall_app as uninstall

    site = state.load_site(telling=True)
    goes = removal(site, app)
    if as_json and dry_run:
        show_json(asdict(goes))
        return
    say(f"uninstalling {app} from {site.name} deletes:")
    for line in goes.lines():
        say(f"  {line}")
    if not any(goes.lines()):
        say("  nothing but its hooks")
    if dry_run:
        return
    make_sure(yes, f"uninstall-app deletes the data of {app}", f"Uninstall {app} from {site.name}?")
    with running():
        uninstall(site, app, report=say)


@click.command("list-apps")
@json_option
@pass_state
def list_apps(state: State, as_json: bool) -> None:
    """Lists the apps of the site."""
    from doclife.events.hooks import version_of

    site = state.load_site()
    rows = [
        {
            "app": app.name,
            "title": app.title,
            "version": version_of(app),
            "doctypes": sum(1 for cls in site.doctypes.values() if cls.meta.app == app.name),
            "folder": str(Path(app.package.__file__ or "").parent),
        }
        for app in site.apps
    ]
    show_table(rows, ["app", "title", "version", "doctypes", "folder"], as_json=as_json, empty="no apps")


@click.command("export-fixtures")
@click.argument("app")
@json_option
@pass_state
def export_fixtures(state: State, app: str, as_json: bool) -> None:
    """Writes the fixture files of an app from what the site has.

    Which documents they are its hooks.py says: fixtures = ["Role", {"doctype": ..., "filters": ...}].
    Installations and migrations load the files.
    """
    from doclife.site.apps import require_app
    from doclife.site.export import export_fixtures as export

    with state.work() as context:
        require_app(context.site, app)
        written = export(context.site, app)
    rows = [{"file": str(path), "documents": count} for path, count in written.items()]
    show_table(rows, ["file", "documents"], as_json=as_json, empty="no fixtures")
