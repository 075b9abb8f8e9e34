"""hooks: who reacts to what, in which order, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doclife.cli.output import json_option, say, show_json, show_table, warn
from doclife.cli.state import State, pass_state
from doclife.events.handlers import import_path, source_location
from doclife.events.hooks import as_paths
from doclife.permissions.hooks import HAS_PERMISSION, QUERY_CONDITIONS, hooks_of

if TYPE_CHECKING:
    from doclife.events.hooks import AppHooks
    from doclife.permissions.hooks import PermissionHook
    from doclife.site.runtime import Site


@click.group("hooks")
def hooks() -> None:
    """Shows who reacts to what, in which order, and why."""


@hooks.command("list")
@click.option("--app", help="Of this app alone.")
@json_option
@pass_state
def list_hooks(state: State, app: str | None, as_json: bool) -> None:
    """Lists what the site's apps declare: handlers by event, permission hooks, overriding and extending classes."""
    from doclife.site.apps import require_app

    site = state.load_site()
    if app is not None and app != "doclife":
        require_app(site, app)
    rows = [
        {"event": kind, "doctype": doctype, "app": each.name, "handler": path, "where": _near(source_location(cls))}
        for kind, doctype, each, path, cls in _classes(site)
        if app in (None, each.name)
    ]
    rows += [
        {
            "event": handler.event,
            "doctype": f"{handler.key} with {handler.option}" if handler.option else handler.key,
            "app": handler.app,
            "handler": handler.path,
            "where": _near(handler.location),
        }
        for handler in site.registry.handlers()
        if app in (None, handler.app)
    ]
    rows += [
        {
            "event": f"({hook.key})",
            "doctype": hook.doctype,
            "app": hook.app,
            "handler": hook.path,
            "where": _near(hook.location),
        }
        for hook in hooks_of(site)
        if app in (None, hook.app)
    ]
    show_table(rows, ["event", "doctype", "app", "handler", "where"], as_json=as_json, empty="no handlers")


@hooks.command("explain")
@click.argument("doctype")
@click.argument("event", required=False)
@json_option
@pass_state
def explain(state: State, doctype: str, event: str | None, as_json: bool) -> None:
    """Prints what the events of a document type run, in order.

    Without EVENT every event to which something reacts, in the order of the lifecycle table, and what is asked
    about permissions.
    """
    from doclife.model.explain import explain as chains_of
    from doclife.model.explain import lineage

    with state.work() as context:
        chains = chains_of(doctype, event)
        classes = lineage(doctype)
        asked = [] if event is not None else _permission_hooks(context.site, doctype)
    if as_json:
        show_json([asdict(chain) for chain in chains])
        return
    if not chains:
        warn(f"nothing reacts to events of {doctype}")
    if len(classes) > 1:
        say(f"{doctype} is made of these classes; a method is that of the first which has it:")
        for path, location in classes:
            say(f"  {path}  {_near(location)}")
        say("")
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
    for key, meaning, hooks_in_order in asked:
        say("")
        say(f"{key}  ({meaning})")
        for place, hook in enumerate(hooks_in_order, start=1):
            say(f"  {place}. {hook.path}")
            say(f"     {hook.app}, {hook.doctype}, {_near(hook.location) or 'no source'}")


def _permission_hooks(site: Site, doctype: str) -> list[tuple[str, str, Sequence[PermissionHook]]]:
    """Returns what is asked about permissions of a type: key, what it is asked about, functions in order."""
    found = hooks_of(site)
    return [(key, meaning, hooks) for key, meaning in _ASKED.items() if (hooks := found.of(key, doctype))]


_ASKED = {
    HAS_PERMISSION: "single documents; one that is false denies",
    QUERY_CONDITIONS: "lists and single documents; all must hold",
}


def _classes(site: Site) -> Iterator[tuple[str, str, AppHooks, str, Any]]:
    """Yields the classes that apps override and extend others' document types with, in install order."""
    for key, kind in (("override_doctype_class", "(override)"), ("extend_doctype_class", "(extend)")):
        for app in site.apps:
            for doctype, value in app.values.get(key, {}).items():
                for path in as_paths(value, f"{app.name}: {key}") if doctype in site.doctypes else ():
                    yield kind, doctype, app, path, import_path(path, f"{app.name}: {key}")


def _near(location: str) -> str:
    """Returns a place in a file as seen from the current folder, where it is below it."""
    here = f"{Path.cwd()}/"
    return location.removeprefix(here)
