"""`doclife`: the options that all commands share, and the table of commands."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from doclife.cli.failures import REFUSED, answered
from doclife.cli.lazy import LazyGroup
from doclife.cli.state import State

#: command -> (place, first line of its help)
COMMANDS: dict[str, tuple[str, str]] = {
    "new-site": ("doclife.cli.sites:new_site", "Creates a site: its folder, its tables, its apps."),
    "drop-site": ("doclife.cli.sites:drop_site", "Drops a site: its tables and its folder."),
    "use": ("doclife.cli.sites:use", "Makes a site the one that is meant where none is named."),
    "new-app": ("doclife.cli.apps:new_app", "Writes the skeleton of an app into a folder of its name."),
    "install-app": ("doclife.cli.apps:install_app", "Installs apps on the site."),
    "uninstall-app": (
        "doclife.cli.apps:uninstall_app",
        "Uninstalls an app from the site: its tables and all data in them.",
    ),
    "list-apps": ("doclife.cli.apps:list_apps", "Lists the apps of the site."),
    "export-fixtures": (
        "doclife.cli.apps:export_fixtures",
        "Writes the fixture files of an app from what the site has.",
    ),
    "migrate": ("doclife.cli.migrations:migrate", "Brings the site's tables up to date."),
    "makemigrations": ("doclife.cli.migrations:makemigrations", "Writes the next revision of an app's tables."),
    "check": ("doclife.cli.check:check", "Looks for problems: hooks, settings, tables that differ."),
    "worker": ("doclife.cli.processes:worker", "Runs background jobs until SIGTERM or Ctrl-C."),
    "scheduler": ("doclife.cli.scheduler:scheduler", "Runs the scheduler; shows, holds and triggers schedules."),
    "start": ("doclife.cli.processes:start", "Runs workers and the scheduler until SIGTERM or Ctrl-C."),
    "jobs": ("doclife.cli.jobs:jobs", "Shows background jobs, runs them again, stops and removes them."),
    "doctor": ("doclife.cli.doctor:doctor", "Says how the site's jobs are, what is wrong, and what helps."),
    "hooks": ("doclife.cli.hooks:hooks", "Shows who reacts to what, in which order, and why."),
    "console": ("doclife.cli.run:console", "Opens Python with a context on the site."),
    "execute": ("doclife.cli.run:execute", "Calls a function in a context on the site, and commits."),
    "config": ("doclife.cli.config:config", "Shows the settings and where they come from."),
    "docs": ("doclife.cli.docs:docs", "Prints pages that are generated from the code."),
}


class Root(LazyGroup):
    """The group of all commands: what they refuse is a line on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        with answered(REFUSED):
            return super().invoke(ctx)


@click.group(cls=Root, places=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--site", metavar="NAME", help="The site; default DOCLIFE_SITE, the one in use, or the only one.")
@click.option("--sites-dir", metavar="DIR", help="The folder of the sites; default DOCLIFE_SITES_DIR, or ./sites.")
@click.option("--debug", is_flag=True, help="Show tracebacks; DOCLIFE_DEBUG=1 does the same.")
@click.version_option(package_name="doclife", message="%(package)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, site: str | None, sites_dir: str | None, debug: bool) -> None:
    """Business documents as typed Python classes."""
    ctx.obj = State(site, sites_dir, debug)


def main() -> None:
    """Runs the command line of this process; apps are found in the current folder too."""
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    cli(prog_name="doclife")


if __name__ == "__main__":
    main()
