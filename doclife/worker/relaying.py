"""The relay of a site, as worker and scheduler processes run it beside their work."""

from __future__ import annotations

import os
import threading

from sqlalchemy import Connection

from doclife.outbox.claim import ClaimedJob
from doclife.outbox.delivery import GRACE_S
from doclife.outbox.relay import Relay
from doclife.outbox.staging import StagedJob
from doclife.site.runtime import Site
from doclife.worker.ending import record_failure
from doclife.worker.presence import liveness
from doclife.worker.stopping import StopFlag


def relay_of(site: Site, holder: str, *, grace_s: float = GRACE_S) -> Relay:
    """Returns a relay for a site.

    Args:
        site: whose jobs it sees to.
        holder: name of this process, for the lease.
        grace_s: seconds that a released job may be on its way.
    """

    def record_dead(connection: Connection, job: ClaimedJob, reason: str) -> list[StagedJob]:
        follow_ups: list[StagedJob] = []
        record_failure(connection, site, job, f"{job.method} is dead", reason, follow_ups)
        return follow_ups

    return Relay(site.database, site.broker, liveness(site), record_dead, holder=holder, grace_s=grace_s)


def run_relay(site: Site, holder: str, stop: StopFlag) -> None:
    """Is a process that relays for its parent, until `stop` is set or the parent is gone.

    Args:
        site: whose jobs it sees to.
        holder: name of the parent, for the lease.
        stop: set by a signal.
    """
    parent = os.getppid()
    over = threading.Event()
    relay = threading.Thread(target=relay_of(site, holder).run, args=(over,), name="relay", daemon=True)
    relay.start()
    site.broker.keep_running(wait=False)
    while not stop.is_set() and os.getppid() == parent:
        stop.wait(1.0)
    over.set()
    relay.join()
    site.close()
