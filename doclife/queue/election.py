"""Election: of the processes that use the embedded server for long, one starts the next keeper when the last died.

Each of them looks once a second, and at once when a call got no answer, whether the server
answers. Who finds no keeper alive starts one; the others see that someone does, and wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from doclife.core.errors import BrokerUnavailable, DoclifeError
from doclife.core.log import get_logger
from doclife.queue.embedded import START_TIMEOUT_S, Lease, ensure_running

ELECTED = "broker.keeper_elected"
NOT_STARTED = "broker.embedded_not_started"

#: seconds between two looks
LOOK_S = 1.0
#: seconds between two tries to start a server that does not start
RETRY_S = 2.0

_log = get_logger(__name__)


class Election:
    """A thread of a process that runs for long; sees to it that the embedded server runs."""

    def __init__(self, lease: Lease, on_moved: Callable[[str], object]) -> None:
        """Prepares it; nothing is started yet.

        Args:
            lease: of the server.
            on_moved: called with the new URL when the server's socket lies elsewhere than before.
        """
        self._lease, self._on_moved = lease, on_moved
        self._wake = threading.Event()
        self._stopped = threading.Event()
        #: whether nobody needs the lease any more when it ends
        self._leaves = False
        self._complained = False
        self._thread = threading.Thread(target=self._run, name="election", daemon=True)

    def start(self, *, wait: bool) -> None:
        """Starts the server if it does not run, and looks after it from then on.

        A server that does not start is no error: it is tried again until it does.

        Args:
            wait: for the outcome of the first try.
        Raises:
            ConfigError: it cannot run here: no program for this machine, no right to the folder.
        """
        if wait:
            try:
                self._elect()
            except BrokerUnavailable as error:
                self._complain(error)
        else:
            self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """Has it look at once; may be called in any thread."""
        self._wake.set()

    def stop(self, wait_s: float = 0, *, leave: bool = False) -> None:
        """Ends it, at once or after the try that is under way; waits for that up to `wait_s` seconds.

        Args:
            wait_s: seconds.
            leave: give the lease back, should that try have taken it.
        """
        self._leaves = leave
        self._stopped.set()
        self._wake.set()
        self._thread.join(wait_s)

    def _run(self) -> None:
        try:
            self._look_after()
        finally:
            if self._leaves:
                self._lease.release()

    def _look_after(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait(LOOK_S)
            self._wake.clear()
            if self._stopped.is_set():
                return
            try:
                self._elect()
            except (DoclifeError, OSError) as error:
                self._complain(error)
                self._stopped.wait(RETRY_S)  # whoever calls in vain wakes it all the time
            else:
                self._complained = False

    def _elect(self) -> None:
        lease = self._lease
        if lease.is_running() or not lease.sites_dir.is_dir():  # the folder was deleted: nobody needs a server
            return
        if not lease.hold(START_TIMEOUT_S):
            raise BrokerUnavailable(f"the last keeper in {lease.sites_dir} is leaving and does not end")
        if self._stopped.is_set():  # or a server would run that nobody needs
            return
        started = ensure_running(lease.sites_dir)
        if lease.find():
            self._on_moved(lease.url)
        if started:
            _log.info(ELECTED, sites_dir=str(lease.sites_dir))

    def _complain(self, error: Exception) -> None:
        """Says once for each outage why there is no server."""
        if not self._complained:
            _log.warning(NOT_STARTED, reason=str(error))
        self._complained = True
