"""Tables: migrate, makemigrations."""

from __future__ import annotations

import click

from doclife.cli.failures import running
from doclife.cli.output import say, warn
from doclife.cli.state import State, pass_state
from doclife.core.errors import HookError


@click.command("migrate")
@pass_state
def migrate(state: State) -> None:
    """Brings the site's tables up to date.

    Applies the pending revisions of all its apps in install order, then runs their after_migrate
    functions. Two hosts may start it at once: they take turns.
    """
    from doclife.site.migrating import migrate as migrate_site

    site = state.load_site(telling=True)
    with running():
        applied = migrate_site(site, report=say)
    if not applied:
        say("the tables are up to date")


@click.command("makemigrations")
@click.argument("app")
@click.option("-m", "--message", required=True, help="What the revision does, in a few words.")
@click.option("--empty", is_flag=True, help="Write a revision to be filled by hand.")
def makemigrations(app: str, message: str, empty: bool) -> None:
    """Writes the next revision of an app's tables.

    Compares what the app's classes declare with what its revisions build; needs neither site nor
    database. A column that was renamed says so: renamed_from="old_name".
    """
    from doclife.database import autogenerate
    from doclife.events import hooks
    from doclife.schema.tables import metadata
    from doclife.site.classes import site_classes
    from doclife.site.migrating import history_of

    names = [] if app == "doclife" else _with_required(app, ())
    apps = hooks.in_order(names)
    for warning in site_classes(apps).warnings:  # columns that apps add to each other's tables join the metadata
        warn(warning)
    histories = [history_of(each) for each in apps]
    path = autogenerate.revision(
        metadata, histories, app, message, empty=empty, warn=lambda loss: warn(f"the new revision deletes data: {loss}")
    )
    say(str(path) if path is not None else f"nothing has changed in {app}")


def _with_required(app: str, inside: tuple[str, ...]) -> list[str]:
    """Returns the apps that must be loaded for `app`, in order, itself last."""
    from doclife.events import hooks

    if app in inside:
        raise HookError(f"apps require each other in a circle: {' -> '.join((*inside, app))}")
    names: dict[str, None] = {}
    for required in hooks.load_app(app).values.get("required_apps", ()):
        if required != "doclife":
            names.update(dict.fromkeys(_with_required(required, (*inside, app))))
    return [*names, app]
