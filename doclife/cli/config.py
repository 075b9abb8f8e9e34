"""config: the settings and where they come from."""

from __future__ import annotations

import click

from doclife.cli.output import json_option, show_table
from doclife.cli.state import State, pass_state
from doclife.core import config as settings


@click.group("config", invoke_without_command=True)
@click.pass_context
def config(ctx: click.Context) -> None:
    """Shows the settings and where they come from."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(show)


@config.command("show")
@json_option
@pass_state
def show(state: State, as_json: bool) -> None:
    """Lists every setting with its value and its source; secrets are hidden. The same as naming no command.

    Without any site it lists what holds for all of them.
    """
    folder = state.folder()
    named = state.site or settings.environment("DOCLIFE_SITE")
    site = state.site_name() if named or settings.list_sites(folder) else None
    loaded = settings.load_settings(folder, site)
    rows = [{"setting": name, "value": value, "source": source} for name, value, source in loaded.shown()]
    show_table(rows, ["setting", "value", "source"], as_json=as_json, empty="no settings")
