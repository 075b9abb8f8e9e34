"""hooks: who reacts to what, in which order, and why."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from doclife.cli.output import json_option, say, show_json, show_table, warn
from doclife.cli.state import State, pass_state


@click.group("hooks")
def hooks() -> None:
    """Shows who reacts to what, in which order, and why."""


@hooks.command("list")
@click.option("--app", help="Of this app alone.")
@json_option
@pass_state
def list_hooks(state: State, app: str | None, as_json: bool) -> None:
    """Lists the handlers that the site's apps declare, event by event."""
    from doclife.site.apps import require_app

    site = state.load_site()
    if app is not None and app != "doclife":
        require_app(site, app)
    rows = [
        {
            "event": handler.event,
            "doctype": handler.key,
            "app": handler.app,
            "handler": handler.path,
            "where": _near(handler.location),
        }
        for handler in site.registry.handlers()
        if app in (None, handler.app)
    ]
    show_table(rows, ["event", "doctype", "app", "handler", "where"], as_json=as_json, empty="no handlers")


@hooks.command("explain")
@click.argument("doctype")
@click.argument("event", required=False)
@json_option
@pass_state
def explain(state: State, doctype: str, event: str | None, as_json: bool) -> None:
    """Prints what the events of a document type run, in order.

    Without EVENT every event to which something reacts, in the order of the lifecycle table.
    """
    from doclife.model.explain import explain as chains_of

    with state.work():
        chains = chains_of(doctype, event)
    if as_json:
        show_json([asdict(chain) for chain in chains])
        return
    if not chains:
        warn(f"nothing reacts to events of {doctype}")
    for number, chain in enumerate(chains):
        if number:
            say("")
        say(f"{chain.event}" + (f"  (in {', '.join(chain.operations)})" if chain.operations else ""))
        for place, reaction in enumerate(chain.reactions, start=1):
            say(f"  {place}. {reaction.path}")
            say(f"     {reaction.app}, {reaction.band}, {_near(reaction.location) or 'no source'}")
            say(f"     {reaction.why}")
        if not chain.reactions:
            say("  nothing")


def _near(location: str) -> str:
    """Returns a place in a file as seen from the current folder, where it is below it."""
    here = f"{Path.cwd()}/"
    return location.removeprefix(here)
