"""`python -m doclife.worker.main`: one worker, or a supervisor of several."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import get_args

from doclife.core import log
from doclife.core.errors import DoclifeError
from doclife.site.load import load_site
from doclife.worker.loop import Isolation, WorkerLoop, check_queues
from doclife.worker.signals import stop_on_signals
from doclife.worker.supervisor import Supervisor, worker_children
from doclife.worker.timeout import TimeLimit


def main(argv: Sequence[str] | None = None) -> int:
    """Runs workers of a site until they are told to stop; returns the exit code."""
    options = _parser().parse_args(argv)
    queues = tuple(filter(None, (name.strip() for name in options.queue.split(","))))
    try:
        run_workers(
            options.site,
            options.sites_dir,
            queues=queues,
            workers=options.workers,
            burst=options.burst,
            max_jobs=options.max_jobs,
            isolation=options.isolation,
            name=options.name,
            parent=options.parent,
        )
    except DoclifeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run_workers(
    site: str | None = None,
    sites_dir: str | None = None,
    *,
    queues: Sequence[str] = (),
    workers: int = 1,
    burst: bool = False,
    max_jobs: int = 0,
    isolation: Isolation = "inproc",
    name: str | None = None,
    parent: int = 0,
) -> None:
    """Runs one worker in this process, or supervises several processes, until SIGTERM or SIGINT.

    Args:
        site: name of the site; None: the one in use.
        sites_dir: folder of the sites; None: as everywhere.
        queues: to serve, highest priority first; none: all.
        workers: how many.
        burst: end when nothing due is left.
        max_jobs: each worker ends after so many jobs, a supervised one is replaced; 0: never.
        isolation: where jobs run: in the worker's process, or each in one of its own.
        name: of the worker, chosen by its supervisor.
        parent: process id of the starter, without which this process ends; 0: none.
    Raises:
        DoclifeError: site, settings or queues cannot be used.
    Order: in the main thread.
    """
    loaded = load_site(site, sites_dir)
    served = check_queues(loaded, queues)  # before anything is started
    log.configure(loaded.settings.log_level)
    load_site(site, sites_dir, start_broker=True)
    if workers <= 1:
        TimeLimit.hard = True
        loop = loop_class(isolation)(loaded, served, burst=burst, max_jobs=max_jobs, name=name, parent=parent)
        stop_on_signals(loop.stop)
        loop.run()
        return
    children = worker_children(loaded, served, workers, burst=burst, max_jobs=max_jobs, isolation=isolation)
    supervisor = Supervisor(loaded, children, parent=parent)
    stop_on_signals(supervisor.stop)
    supervisor.run()


def loop_class(isolation: Isolation) -> type[WorkerLoop]:
    """Returns the kind of worker."""
    if isolation == "inproc":
        return WorkerLoop
    from doclife.worker.fork import ForkLoop  # imports RQ, which the other kind does without

    return ForkLoop


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m doclife.worker.main", description="Runs background jobs.")
    parser.add_argument("--site")
    parser.add_argument("--sites-dir")
    parser.add_argument("--queue", default="", help="names with commas between them, highest priority first; all")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--burst", action="store_true", help="end when nothing due is left")
    parser.add_argument("--max-jobs", type=int, default=0, help="end after so many jobs")
    parser.add_argument("--isolation", choices=get_args(Isolation), default="inproc", help="where jobs run")
    parser.add_argument("--name", help=argparse.SUPPRESS)
    parser.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
