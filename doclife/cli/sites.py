"""Sites: new-site, drop-site, use."""

from __future__ import annotations

import click

from doclife.cli.failures import REFUSED, CommandError, make_sure
from doclife.cli.output import say
from doclife.cli.state import State, pass_state
from doclife.core import config, log


@click.command("new-site")
@click.argument("name")
@click.option("--db-url", default="", metavar="URL", help="The database; default SQLite in the site's folder.")
@click.option("--redis-url", default="", metavar="URL", help="The broker; default the embedded one.")
@click.option("--install-app", "apps", multiple=True, metavar="APP", help="An app to install; may be repeated.")
@click.option("--admin-password", metavar="P", help="Password of Administrator; default none, so nobody can log in.")
@pass_state
def new_site(
    state: State, name: str, db_url: str, redis_url: str, apps: tuple[str, ...], admin_password: str | None
) -> None:
    """Creates a site: its folder, its tables, its apps."""
    from doclife.site import setup

    log.configure("debug" if state.debug else "warning")
    site = setup.new_site(
        name,
        state.folder(),
        db_url=db_url,
        redis_url=redis_url,
        apps=apps,
        admin_password=admin_password,
        report=say,
    )
    say(f"site {name} is ready in {site.folder}")


@click.command("drop-site")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Also while its workers run.")
@pass_state
def drop_site(state: State, name: str, yes: bool, force: bool) -> None:
    """Drops a site: its tables and its folder.

    All data of the site is lost. Refused while its workers run: they would go on without tables.
    """
    from doclife.site import setup

    state.site = name
    site = state.load_site(telling=True)
    url = config.redact(site.database.engine.url.render_as_string(hide_password=True))
    make_sure(yes, f"drop-site deletes all data of {name} ({url})", f"Delete the site {name} with all data in {url}?")
    if not force and (workers := setup.running_workers(site)):
        raise CommandError(
            f"workers of {name} run: {', '.join(workers)}; stop them first, or say --force", exit_code=REFUSED
        )
    setup.drop_site(site, report=say)
    say(f"site {name} is dropped")


@click.command("use")
@click.argument("name")
@pass_state
def use(state: State, name: str) -> None:
    """Makes a site the one that is meant where none is named."""
    config.use_site(state.folder(), name)
    say(f"{name} is in use")
