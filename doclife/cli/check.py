"""check: what is wrong with a site, as far as it can be seen without using it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from doclife.cli.failures import FAILED
from doclife.cli.output import json_option, say, show_json
from doclife.cli.state import State, pass_state
from doclife.core import config
from doclife.core.errors import DoclifeError

if TYPE_CHECKING:
    from doclife.site.runtime import Site


@click.command("check")
@json_option
@click.pass_context
@pass_state
def check(state: State, ctx: click.Context, as_json: bool) -> None:
    """Looks for problems: hooks, settings, tables that differ.

    Ends with 1 when it finds a problem: hooks that cannot be used, revisions that are pending,
    tables that differ from what the classes declare. Warnings and tables of no app are only told.
    """
    config.load_settings(state.folder(), state.site_name())  # who names no site, or no setting, has asked wrongly
    found: dict[str, list[str]] = {"problems": [], "warnings": [], "orphans": []}
    try:
        site = state.load_site()
    except DoclifeError as error:
        found["problems"].append(str(error))
    else:
        found["warnings"] += site.registry.warnings
        _compare_tables(site, found)
    if as_json:
        show_json(found)
    else:
        for kind, texts in found.items():
            for text in texts:
                say(f"{kind[:-1]}: {text}")
        if not any(found.values()):
            say("no problems")
    if found["problems"]:
        ctx.exit(FAILED)


def _compare_tables(site: Site, found: dict[str, list[str]]) -> None:
    from doclife.database import drift
    from doclife.schema.tables import metadata
    from doclife.site.migrating import histories

    for difference in drift.check(site.database.engine, metadata, histories(site)):
        found["orphans" if difference.kind == "orphan" else "problems"].append(str(difference))
