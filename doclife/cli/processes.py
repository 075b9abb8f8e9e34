"""Processes that run until they are told to stop: worker, scheduler, start."""

from __future__ import annotations

import sys

import click

from doclife.cli.output import say
from doclife.cli.state import State, pass_state


def _queues(_ctx: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


@click.command("worker")
@click.option("--queue", "queues", default="", metavar="A,B", callback=_queues, help="Queues to serve; default all.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="How many processes.")
@click.option("--burst", is_flag=True, help="End when nothing due is left.")
@click.option("--max-jobs", default=0, type=click.IntRange(min=0), help="End after so many jobs, or be replaced.")
@pass_state
def worker(state: State, queues: tuple[str, ...], workers: int, burst: bool, max_jobs: int) -> None:
    """Runs background jobs until SIGTERM or Ctrl-C.

    Queues are served in the order named. The job that runs is finished first; with several
    workers a supervisor replaces those that die.
    """
    from doclife.worker.main import run_workers

    run_workers(state.site, state.sites_dir, queues=queues, workers=workers, burst=burst, max_jobs=max_jobs)


@click.group("scheduler", invoke_without_command=True)
@click.pass_context
def scheduler(ctx: click.Context) -> None:
    """Runs the scheduler until SIGTERM or Ctrl-C.

    It enqueues what is due, and releases jobs that were lost on the way. Any number may run: one
    leads, another takes over when it dies.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(run_)


@scheduler.command("run")
@pass_state
def run_(state: State) -> None:
    """Runs the scheduler; the same as naming no command."""
    from doclife.worker.scheduler import run_scheduler

    run_scheduler(state.site, state.sites_dir)


@click.command("start")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Worker processes.")
@pass_state
def start(state: State, workers: int) -> None:
    """Runs workers and the scheduler until SIGTERM or Ctrl-C.

    One supervisor looks after them and replaces those that die. The workers serve all queues but
    those to which the settings give workers of their own: {"workers": {"myqueue":
    {"background_workers": 2}}}.
    """
    from doclife.worker.main import stop_on_signals
    from doclife.worker.supervisor import Child, Supervisor, worker_children

    site = state.load_site(start_broker=True)
    own = {name: queue.background_workers for name, queue in site.settings.workers.items()}
    shared = [name for name in site.settings.queues() if name not in own]
    children = worker_children(site, shared, workers) if shared else []
    for name, count in own.items():
        children += worker_children(site, [name], count)

    def schedule(_name: str) -> list[str]:
        return [
            sys.executable,
            "-m",
            "doclife.worker.scheduler",
            "--site",
            site.name,
            "--sites-dir",
            str(site.sites_dir),
        ]

    children.append(Child("scheduler", schedule))
    supervisor = Supervisor(site, children)
    stop_on_signals(supervisor.stop)
    say(f"{len(children) - 1} workers and the scheduler of {site.name} run; Ctrl-C ends them")
    supervisor.run()
