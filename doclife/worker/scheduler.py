"""`python -m doclife.worker.scheduler`: the process that ticks and relays.

It stands on this floor because it opens a site; what a tick does is `doclife.scheduler`.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from functools import partial

import msgspec

from doclife.core import config, log
from doclife.core.clock import monotonic
from doclife.core.errors import DoclifeError
from doclife.core.log import get_logger
from doclife.core.settings import Settings
from doclife.jobs.schedules import SCHEDULER, set_switches
from doclife.outbox.leases import LEASE_S, Lease
from doclife.outbox.moments import TICK, note
from doclife.scheduler.planning import plan_outdated
from doclife.scheduler.sync import sync
from doclife.scheduler.tick import tick
from doclife.site.load import load_site
from doclife.site.runtime import Site
from doclife.uow.retry import is_conflict
from doclife.worker.pace import Missed, Pace
from doclife.worker.patience import patiently
from doclife.worker.presence import new_name
from doclife.worker.relaying import relay_of
from doclife.worker.signals import stop_on_signals
from doclife.worker.starting import tell_broker_problems
from doclife.worker.stopping import StopFlag

SCHEDULER_STARTED = "scheduler_started"
SCHEDULER_ENDED = "scheduler_ended"
SCHEDULER_FAILED = "scheduler_failed"
STARTER_GONE = "scheduler_starter_gone"
CLOCK_SET = "scheduler_clock_was_set"
INTERVAL_CHANGED = "scheduler_tick_interval_changed"
SETTINGS_UNREADABLE = "scheduler_settings_unreadable"
SETTINGS_READABLE = "scheduler_settings_readable_again"
TICK_FAILED = "tick_failed"
NOT_GIVEN_BACK = "scheduler_lease_not_given_back"

#: ticks that the lease lasts, and the least seconds that it does; never more than LEASE_S
LEASE_TICKS, LEAST_LEASE_S = 5, 3.0
#: seconds between two looks at the process that started this one
LOOK_S = 1.0
#: least seconds of one wait
LEAST_WAIT_S = 0.01
#: seconds until what has failed is tried again
AGAIN_S = 1.0

logger = get_logger(__name__)


def lease_seconds(interval_s: float) -> float:
    """Returns how long a leader leads that has died: 20 s, with short ticks less.

    Args:
        interval_s: seconds between two ticks.
    """
    return min(LEASE_S, max(LEASE_TICKS * interval_s, LEAST_LEASE_S))


class SchedulerLoop:
    """One scheduler in this process; of several one ticks."""

    def __init__(self, site: Site, *, parent: int = 0) -> None:
        """Prepares the scheduler of a site.

        Args:
            site: whose schedules it looks after; its settings are what the last look at them has found.
            parent: id of the process without which this one ends; 0: none.
        """
        self.site = site
        self._parent = parent
        self.name = new_name()
        self.stopping = StopFlag()
        self._lease = Lease(site.database, SCHEDULER, self.name)
        self._pace = Pace()
        self._missed = Missed()
        self._leads = False
        #: the settings as they could be read last, and why they cannot be read now, or ""
        self._settings, self._unreadable = site.settings, ""
        self._lease.seconds = lease_seconds(site.settings.scheduler_tick_interval)
        #: whether schedules may wait for a time that would not be planned now
        self._to_plan = False

    def stop(self) -> None:
        """Has the scheduler end; may be called by a signal's handler."""
        self.stopping.set()

    def run(self) -> None:
        """Ticks while it leads, until it is told to stop.

        Raises:
            DoclifeError: at the start; the hooks cannot be used, or there is no database. Later nothing ends it.
        """
        site = self.site
        logger.info(SCHEDULER_STARTED, scheduler=self.name, seconds=site.settings.scheduler_tick_interval)
        tell_broker_problems(site)
        relay_stop = threading.Event()
        relay = threading.Thread(target=relay_of(site, self.name).run, args=(relay_stop,), name="relay", daemon=True)
        relay.start()
        try:
            patiently(lambda: sync(site), again=lambda error: is_conflict(error) and not self.stopping.is_set())
            while not self.stopping.is_set():
                self._wait(self._safe_round())
        finally:
            relay_stop.set()
            relay.join()
            self._give_back()
        logger.info(SCHEDULER_ENDED, scheduler=self.name)

    def _wait(self, seconds: float) -> None:
        until = monotonic() + seconds
        while not self.stopping.is_set() and (left := until - monotonic()) > 0:
            self.stopping.wait(min(left, LOOK_S))
            if self._parent and os.getppid() != self._parent:
                logger.warning(STARTER_GONE, scheduler=self.name)
                self.stop()

    def _safe_round(self) -> float:
        try:
            return self.round()
        except Exception as error:  # whatever it is, the next tick may succeed, and nobody else would tick
            logger.error(SCHEDULER_FAILED, reason=str(error), exc_info=not isinstance(error, DoclifeError))
            return AGAIN_S

    def round(self) -> float:
        """Does what is due, and returns the seconds until something may be due again."""
        pace, lease = self._pace, self._lease
        self._look_at_settings()
        if pace.was_set():
            logger.warning(CLOCK_SET, scheduler=self.name)
            self._to_plan = True
        if not lease.hold():
            self._leads = False
            return lease.renewal_s
        if not self._leads:
            self._leads = self._to_plan = True  # the clock of who led before may have been another one
            pace.at_once()
        if self._to_plan:
            plan_outdated(self.site)
            self._to_plan = False
        if not pace.left_s():
            interval = self._settings.scheduler_tick_interval
            moment = pace.moment(interval)
            if self._tick(moment):
                pace.follow(moment, interval)
            else:
                pace.again(AGAIN_S)
        elif not self._missed.left_s():
            self._tick(None)
        return max(min(pace.left_s(), lease.left_s, self._missed.left_s()), LEAST_WAIT_S)

    def _look_at_settings(self) -> None:
        """Reads the settings anew; those of before hold on where that cannot be done in this moment."""
        try:
            found = config.load_settings(self.site.sites_dir, self.site.name).settings
        except (DoclifeError, OSError) as error:
            if str(error) != self._unreadable:
                logger.error(SETTINGS_UNREADABLE, reason=str(error))
            self._unreadable = str(error)
            return
        if self._unreadable:
            logger.info(SETTINGS_READABLE)
        self._unreadable = ""
        self._use(found)

    def _use(self, settings: Settings) -> None:
        if set_switches(self._settings) and not set_switches(settings):
            self._pace.at_once()  # what was missed need not wait for the next tick, and nobody takes it for dead
        self._settings, interval = settings, settings.scheduler_tick_interval
        self._lease.seconds = lease_seconds(interval)
        site = self.site
        if interval != site.settings.scheduler_tick_interval:
            logger.info(INTERVAL_CHANGED, seconds=interval)
            # all else that a site was loaded with is for its next start
            site.settings = msgspec.structs.replace(site.settings, scheduler_tick_interval=interval)
            self._pace.follow(self._pace.moment(interval), interval)
            self._to_plan = True  # what fires at each tick is planned by the interval

    def _tick(self, moment: datetime | None) -> bool:
        """Starts what is due and returns whether that could be done.

        Args:
            moment: of the grid, which this tick stands for; None: only runs that were missed are started.
        """
        self._missed.forget()
        if set_switches(self._settings):
            return True
        try:
            ticked = tick(self.site, moment, only_missed=moment is None, between=self._goes_on)
        except DoclifeError as error:  # the database is away, or too busy
            logger.error(TICK_FAILED, reason=str(error))
            return False
        if ticked.waiting:
            self._missed.wait(started=bool(ticked.fired))
        if moment is not None:
            self._lease.renew(also=partial(note, name=TICK))
        return True

    def _goes_on(self) -> bool:
        """Tells a tick that lasts whether it is still this scheduler's, and renews the lease meanwhile."""
        return not self.stopping.is_set() and self._lease.hold()

    def _give_back(self) -> None:
        try:
            self._lease.release()
        except DoclifeError as error:  # it ends by itself
            logger.warning(NOT_GIVEN_BACK, scheduler=self.name, reason=str(error))


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
