"""The broker on the embedded server: it holds a lease, and in processes that run for long an election."""

from __future__ import annotations

import threading
from pathlib import Path

from doclife.queue.election import Election
from doclife.queue.embedded import Lease
from doclife.queue.rq_backend import RqBroker

#: seconds to wait for a keeper that is leaving (without a lease the server may leave under a short command), and
#: for an answer that only says whether the server is there: the first commit may open the broker
SHORT_WAIT_S = 0.05
#: seconds to wait for a try of the election that is under way
REST_S = 1.0


class EmbeddedBroker(RqBroker):
    """Carries the ids of one site over the embedded server of its sites folder."""

    def __init__(self, site: str, sites_dir: Path) -> None:
        """Takes a lease; starts nothing.

        Args:
            site: whose ids it carries.
            sites_dir: folder of the sites.
        Raises:
            ConfigError: the server cannot have its folders there.
        """
        self._lease = Lease(sites_dir)
        self._lease.hold(SHORT_WAIT_S)
        self._election: Election | None = None
        self._starting = threading.Lock()
        super().__init__(self._lease.url, site, absent=not self._lease.is_running(SHORT_WAIT_S), on_down=self._wake)

    def keep_running(self, *, wait: bool = True) -> None:
        """Starts the server if it does not run, and from now on a new keeper when the last one died.

        A server that does not start is no error: it is tried again until it does.

        Args:
            wait: for the server, or for the first try to fail.
        Raises:
            ConfigError: it cannot run here.
        Order: in processes that run for long.
        """
        with self._starting:
            if self._election is None:
                election = Election(self._lease, self.link.move)
                election.start(wait=wait)
                self._election = election

    def rest(self) -> None:
        """Leaves no thread behind, and the server to others, until `keep_running`: before a fork."""
        super().rest()
        election, self._election = self._election, None
        if election is not None:
            election.stop(REST_S)

    def close(self) -> None:
        """Gives connections and the lease back; the server ends with the last lease."""
        if self._election is not None:
            self._election.stop(leave=True)
        super().close()
        self._lease.release()

    def _wake(self) -> None:
        if self._election is not None:
            self._election.wake()
