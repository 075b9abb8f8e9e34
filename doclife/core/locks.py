"""Locks between processes: flock on a file, freed by the operating system when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from doclife.core.clock import monotonic

#: seconds between two tries of a lock that another process has
POLL_S = 0.02


class FileLock:
    """One open file that can be locked, shared or exclusive, and may hold a short text.

    The lock belongs to the open file: a forked or started process that inherits it holds it too,
    and it is free when the last of them has closed it.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file, making it if it is not there.

        Raises:
            OSError: the folder is missing or may not be written.
        """
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, *, shared: bool = False) -> bool:
        """Tries to lock without waiting and returns whether it did."""
        try:
            fcntl.flock(self.fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait(self, timeout_s: float, *, shared: bool = False) -> bool:
        """Tries to lock for up to `timeout_s` seconds and returns whether it did."""
        deadline = monotonic() + timeout_s
        while not self.take(shared=shared):
            if monotonic() >= deadline:
                return False
            time.sleep(POLL_S)
        return True

    def is_current(self) -> bool:
        """Returns whether the file is still the one at its path: someone may have deleted the folder."""
        try:
            return os.path.samestat(os.fstat(self.fd), os.stat(self.path))
        except FileNotFoundError:
            return False

    def write(self, text: str) -> None:
        """Replaces the text of the file."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, os.fsencode(text), 0)

    def read(self) -> str:
        """Returns the text of the file."""
        return os.fsdecode(os.pread(self.fd, 4096, 0))

    def close(self) -> None:
        """Closes the file, which gives the lock back unless a child holds it too."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
