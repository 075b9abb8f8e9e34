"""`python -m doclife.worker.scheduler`: the process that ticks and relays.

It stands on this floor because it opens a site; what a tick does is `doclife.scheduler`.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Sequence

from doclife.core import clock, config, log
from doclife.core.clock import monotonic
from doclife.core.errors import DoclifeError
from doclife.core.log import get_logger
from doclife.outbox.leases import RENEW_S, Lease
from doclife.outbox.moments import TICK, note
from doclife.scheduler.sync import sync
from doclife.scheduler.tick import tick
from doclife.site.load import load_site
from doclife.site.runtime import Site
from doclife.worker.patience import patiently
from doclife.worker.presence import new_name
from doclife.worker.relaying import relay_of
from doclife.worker.signals import stop_on_signals
from doclife.worker.starting import tell_broker_problems
from doclife.worker.stopping import StopFlag

SCHEDULER_STARTED = "scheduler_started"
SCHEDULER_ENDED = "scheduler_ended"
STARTER_GONE = "scheduler_starter_gone"
TICK_FAILED = "tick_failed"

#: name of the lease
SCHEDULER = "scheduler"
#: seconds between two looks at the process that started this one
LOOK_S = 1.0

logger = get_logger(__name__)


class SchedulerLoop:
    """One scheduler in this process; of several one ticks."""

    def __init__(self, site: Site, *, parent: int = 0) -> None:
        """Prepares the scheduler of a site.

        Args:
            site: whose schedules it looks after.
            parent: id of the process without which this one ends; 0: none.
        """
        self.site = site
        self._parent = parent
        self.name = new_name()
        self.stopping = StopFlag()
        self._lease = Lease(site.database, SCHEDULER, self.name)

    def stop(self) -> None:
        """Has the scheduler end; may be called by a signal's handler."""
        self.stopping.set()

    def run(self) -> None:
        """Ticks while it leads, until it is told to stop."""
        site = self.site
        logger.info(SCHEDULER_STARTED, scheduler=self.name, seconds=site.settings.scheduler_tick_interval)
        tell_broker_problems(site)
        relay_stop = threading.Event()
        relay = threading.Thread(target=relay_of(site, self.name).run, args=(relay_stop,), name="relay", daemon=True)
        relay.start()
        try:
            patiently(lambda: sync(site))
            tick_at = 0.0
            while not self.stopping.is_set():
                leads = self._lease.hold()
                now = clock.utc_now().timestamp()
                if leads and now >= tick_at:
                    self._tick()
                    interval = site.settings.scheduler_tick_interval
                    tick_at = (now // interval + 1) * interval  # on the clock: a minute's job starts with the minute
                self._wait(min(max(tick_at - now, 0.01), RENEW_S) if leads else RENEW_S)
        finally:
            relay_stop.set()
            relay.join()
            patiently(self._lease.release)
        logger.info(SCHEDULER_ENDED, scheduler=self.name)

    def _wait(self, seconds: float) -> None:
        until = monotonic() + seconds
        while not self.stopping.is_set() and (left := until - monotonic()) > 0:
            self.stopping.wait(min(left, LOOK_S))
            if self._parent and os.getppid() != self._parent:
                logger.warning(STARTER_GONE, scheduler=self.name)
                self.stop()

    def _tick(self) -> None:
        settings = config.load_settings(self.site.sites_dir, self.site.name).settings
        if settings.pause_scheduler or settings.disable_scheduler or settings.maintenance_mode:
            return
        try:
            tick(self.site)
            note(self.site.database, TICK)
        except DoclifeError as error:
            logger.error(TICK_FAILED, reason=str(error))


def run_scheduler(site: str | None = None, sites_dir: str | None = None, *, parent: int = 0) -> None:
    """Runs the scheduler of a site until SIGTERM or SIGINT.

    Args:
        site: name of the site; None: the one in use.
        sites_dir: folder of the sites; None: as everywhere.
        parent: id of the process without which this one ends; 0: none.
    Raises:
        DoclifeError: site or settings cannot be used.
    Order: in the main thread.
    """
    loaded = load_site(site, sites_dir)
    log.configure(loaded.settings.log_level)
    loaded.broker.keep_running()
    loop = SchedulerLoop(loaded, parent=parent)
    stop_on_signals(loop.stop)
    loop.run()


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the scheduler of a site until it is told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m doclife.worker.scheduler", description="Runs the scheduler.")
    parser.add_argument("--site")
    parser.add_argument("--sites-dir")
    parser.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    try:
        run_scheduler(options.site, options.sites_dir, parent=options.parent)
    except DoclifeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
