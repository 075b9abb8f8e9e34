"""The relay: of all processes one sees to it that every committed job gets to a worker."""

from __future__ import annotations

import threading
from collections.abc import Callable

from doclife.core import clock
from doclife.core.errors import BrokerUnavailable, DoclifeError
from doclife.core.log import get_logger
from doclife.database.link import Database
from doclife.outbox.delivery import GRACE_S, Reconciler, release_due
from doclife.outbox.leases import RENEW_S, Lease
from doclife.outbox.prune import prune
from doclife.outbox.rescue import RecordDead, Rescuer
from doclife.outbox.workers import Liveness
from doclife.queue.protocol import Broker

RELAY_DID = "relay_did"
DUTY_FAILED = "relay_duty_failed"

#: name of the lease
RELAY = "relay"
#: seconds between two rounds
INTERVAL_S = RENEW_S
#: seconds between two prunings
PRUNE_S = 60.0

log = get_logger(__name__)


class Relay:
    """Due jobs, reconciliation, rescue, pruning; done by whoever has the lease, harmless if two do it."""

    def __init__(
        self,
        database: Database,
        broker: Broker,
        liveness: Liveness,
        record_dead: RecordDead,
        *,
        holder: str,
        grace_s: float = GRACE_S,
    ) -> None:
        """Prepares the relay of one site.

        Args:
            database: the site's.
            broker: the site's.
            liveness: how its workers show that they live.
            record_dead: keeps what is to be known of a job that is given up.
            holder: name of this process, for the lease.
            grace_s: seconds that a released job may be on its way.
        """
        self._database, self._broker = database, broker
        self.lease = Lease(database, RELAY, holder)
        self.rescuer = Rescuer(database, broker, liveness, record_dead)
        self._reconciler = Reconciler(database, broker, grace_s=grace_s)
        self._prune_at = clock.steady()

    def run(self, stop: threading.Event) -> None:
        """Leads whenever nobody else does, until `stop` is set; then gives the lease back."""
        while not stop.is_set():
            if self._duty("lead", self._leads):
                self.round()
            stop.wait(INTERVAL_S)
        self.leave()

    def leave(self) -> None:
        """Gives the lease back, if the database lets it; else it ends by itself."""
        self._duty("release", self._release_lease)

    def round(self) -> dict[str, int]:
        """Does every duty that is due once and returns what each did; a duty that fails does not stop the others."""
        did = {
            "rescued": self._duty("rescue", self.rescuer.run),
            "due": self._duty("due", lambda: release_due(self._database, self._broker)),
            "missing": self._duty("reconcile", self._reconciler.run),
        }
        if clock.steady() >= self._prune_at:
            did["pruned"] = self._duty("prune", lambda: prune(self._database))
            self._prune_at = clock.steady() + PRUNE_S
        if any(did.values()):
            log.info(RELAY_DID, **did)
        return did

    def _leads(self) -> int:
        return int(self.lease.hold())

    def _release_lease(self) -> int:
        self.lease.release()
        return 0

    def _duty(self, name: str, work: Callable[[], int]) -> int:
        try:
            return work()
        except BrokerUnavailable as error:  # workers poll the table meanwhile
            log.debug(DUTY_FAILED, duty=name, reason=str(error))
        except DoclifeError as error:
            log.warning(DUTY_FAILED, duty=name, reason=str(error))
        except Exception as error:  # whatever it is: without this thread nobody may relay, and nobody would notice
            log.error(DUTY_FAILED, duty=name, reason=str(error), exc_info=True)
        return 0
