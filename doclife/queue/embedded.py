"""The embedded Valkey server as its users see it: take a lease, use the URL, give it back.

A user holds a shared lock as long as its lease lasts, at the longest for the life of the process.
A keeper process owns the server (keeper.py) and ends it when nobody holds that lock any more.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable
from doclife.core.locks import POLL_S, FileLock
from doclife.queue.places import KILLED, Places, answers

#: seconds until a server that was just started must answer
START_TIMEOUT_S = 15.0


class Lease:
    """The right to use the embedded server; while anyone has one, a keeper keeps the server running."""

    def __init__(self, sites_dir: Path) -> None:
        """Prepares a lease; `hold` takes it.

        Raises:
            ConfigError: the server cannot have its folders there.
        """
        self._places = Places.of(sites_dir)
        self._users: FileLock | None = None
        self.sites_dir = self._places.sites_dir
        #: the server's socket, for which only this user has permission
        self.socket = self._places.socket()

    @property
    def url(self) -> str:
        """The server's address, for the client library."""
        return f"unix://{quote(str(self.socket))}"

    def hold(self, timeout_s: float) -> bool:
        """Takes the lease if it is not held, also when what held it was deleted, and returns whether it is held.

        Args:
            timeout_s: seconds to wait for a keeper that is leaving.
        Raises:
            ConfigError: no right to the folder.
        """
        deadline = monotonic() + timeout_s
        while self._users is None or not self._users.is_current():
            self._drop()
            users = FileLock(Places.of(self.sites_dir).users)
            # not had: a keeper is leaving, and holds it until its server has ended
            if not users.wait(deadline - monotonic(), shared=True):
                users.close()
                return False
            self._users = users
        return True

    def find(self) -> bool:
        """Looks where the server's socket is now, and returns whether that is elsewhere than before."""
        before, self.socket = self.socket, self._places.socket()
        return before != self.socket

    def is_running(self, timeout_s: float = 1.0) -> bool:
        """Returns whether the server answers, within `timeout_s` seconds."""
        return answers(self.socket, timeout_s)

    def release(self, *, wait_s: float = 0) -> bool:
        """Gives the lease back; the keeper ends the server within a second if it was the last.

        Args:
            wait_s: seconds to wait until the server has ended, as before deleting the folder.
        Returns:
            Whether nothing runs any more; False also when others use it.
        """
        self._drop()
        deadline = monotonic() + wait_s
        while True:
            if _is_free(self._places.keeper):
                return True
            if monotonic() >= deadline or _others(self._places):
                return False
            time.sleep(POLL_S)

    def _drop(self) -> None:
        users, self._users = self._users, None
        if users is not None:
            users.close()

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def acquire(sites_dir: Path, *, start: bool = True, timeout_s: float = START_TIMEOUT_S) -> Lease:
    """Returns a lease of the embedded server of a sites folder.

    Args:
        start: start a keeper if the server does not answer. Without it the lease is given all
            the same; its server may be down, or come up later.
        timeout_s: seconds to wait for a server that is stopping or starting.
    Raises:
        ConfigError: it cannot run here: no program for this machine, no right to the folder.
        BrokerUnavailable: it did not start in time.
    """
    lease = Lease(sites_dir)
    deadline = monotonic() + timeout_s
    if not lease.hold(timeout_s):
        places = Places(lease.sites_dir)
        raise BrokerUnavailable(f"the keeper of {places.data} is leaving and does not end; see {places.log}")
    try:
        if start:
            ensure_running(sites_dir, timeout_s=deadline - monotonic())
        return lease
    except BaseException:
        lease.release()
        raise


def ensure_running(sites_dir: Path, *, timeout_s: float = START_TIMEOUT_S) -> bool:
    """Sees to it that the server answers, and returns whether this call started its keeper.

    Any number of processes may call it at once: one of them starts a keeper while the others
    wait for it, and if two are started after all, the keepers settle who stays.

    Raises:
        ConfigError: no folder for its socket or data.
        BrokerUnavailable: the server does not start.
    Order: while the caller has a lease, or the keeper leaves again at once.
    """
    places = Places.of(sites_dir)
    socket = places.socket()
    deadline = monotonic() + timeout_s
    started = False
    while not answers(socket):
        if monotonic() >= deadline:
            raise BrokerUnavailable(
                f"the embedded broker does not answer at {socket}. If its keeper runs on another host or in "
                f"another container, name a server in redis_url; else see {places.log}:\n{places.last_words()}"
            )
        # a keeper that is there may still be starting the server, or just leaving
        if _is_free(places.keeper):
            starter = FileLock(places.starter)
            try:
                if starter.take():
                    _start_keeper(places, max(deadline - monotonic(), 1.0))
                    started = True
            finally:
                starter.close()
        time.sleep(POLL_S)
    return started


def _start_keeper(places: Places, timeout_s: float) -> None:
    command = [sys.executable, "-m", "doclife.queue.keeper", str(places.sites_dir), "--detach"]
    try:
        result = subprocess.run(  # noqa: S603 - our own module, no shell
            command,
            cwd=_import_folder(places),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BrokerUnavailable(
            f"the embedded broker did not start within {timeout_s:.0f} s; see {places.log}:\n{places.last_words()}"
        ) from error
    # a negative code is a signal: what was killed while it started is started again
    if result.returncode > 0 and result.returncode != KILLED:
        raise BrokerUnavailable(f"the embedded broker does not start: {result.stderr.strip()}")


def _import_folder(places: Places) -> Path:
    """Returns the folder from which a new interpreter finds doclife: `-m` looks there first."""
    root = Path(__file__).resolve().parents[2]
    installed = str(root) in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    return places.data if installed else root


def _is_free(path: Path) -> bool:
    """Returns whether nobody has the lock of a file; keepers wait for it, so having it for a moment harms none."""
    if not path.parent.exists():
        return True
    lock = FileLock(path)
    try:
        return lock.take()
    finally:
        lock.close()


def _others(places: Places) -> bool:
    """Returns whether other users have a lease; a keeper that leaves is none."""
    if not places.users.exists():
        return False
    lock = FileLock(places.users)
    try:
        return not lock.take() and lock.take(shared=True)
    finally:
        lock.close()
