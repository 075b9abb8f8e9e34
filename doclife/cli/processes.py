"""Processes that run until they are told to stop: worker, start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from doclife.cli.output import say
from doclife.cli.state import State, pass_state

if TYPE_CHECKING:
    from doclife.worker.loop import Isolation


def _queues(_ctx: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


_isolation = click.option(
    "--isolation",
    default="inproc",
    show_default=True,
    type=click.Choice(["inproc", "fork"]),
    help="Where jobs run: in the worker's process, or each in one of its own.",
)
#: for programs that start this one and want it to end when they do, however they end
parent_option = click.option("--parent", default=0, hidden=True, metavar="PID")


@click.command("worker")
@click.option("--queue", "queues", default="", metavar="A,B", callback=_queues, help="Queues to serve; default all.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="How many processes.")
@click.option("--burst", is_flag=True, help="End when nothing due is left.")
@click.option("--max-jobs", default=0, type=click.IntRange(min=0), help="End after so many jobs, or be replaced.")
@_isolation
@parent_option
@pass_state
def worker(state: State, /, parent: int, **options: Any) -> None:
    """Runs background jobs until SIGTERM or Ctrl-C.

    Queues are served in the order named. The job that runs is finished first; with several
    workers a supervisor replaces those that die.
    """
    from doclife.worker.main import run_workers

    run_workers(state.site, state.sites_dir, parent=parent, **options)


@click.command("start")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Worker processes.")
@_isolation
@parent_option
@pass_state
def start(state: State, workers: int, isolation: Isolation, parent: int) -> None:
    """Runs workers and the scheduler until SIGTERM or Ctrl-C.

    One supervisor looks after them and replaces those that die. The workers serve all queues but
    those to which the settings give workers of their own: {"workers": {"myqueue":
    {"background_workers": 2}}}.
    """
    from doclife.worker.signals import stop_on_signals
    from doclife.worker.supervisor import Supervisor, all_children

    site = state.load_site(start_broker=True)
    children = all_children(site, workers, isolation=isolation)
    supervisor = Supervisor(site, children, parent=parent)
    stop_on_signals(supervisor.stop)
    count = len(children) - 1
    say(f"{count} {'worker' if count == 1 else 'workers'} and the scheduler of {site.name} run; Ctrl-C ends them")
    supervisor.run()
