"""Processes of the embedded server, as tests see them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doclife.queue.places import Places
from tests.contract.brokers import until

ROOT = Path(__file__).parents[2]

USER = """
import sys
from pathlib import Path
from doclife.queue.embedded import acquire
sys.stdin.readline()
lease = acquire(Path(sys.argv[1]))
print(lease.url, flush=True)
sys.stdin.readline()
"""


def alive(pid: int) -> bool:
    """Returns whether a process runs; one that has ended and was not collected yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):  # the second when it goes between opening and reading
        if sys.platform == "linux":
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Embedded:
    """The embedded server of one sites folder from outside."""

    def __init__(self, sites: Path) -> None:
        self.sites = sites
        self.places = Places(sites.resolve())
        self.seen: set[int] = set()

    def _pid(self, path: Path) -> int:
        until(lambda: path.read_text() != "")  # it is empty while a server is being started
        pid = int(path.read_text())
        self.seen.add(pid)
        return pid

    @property
    def keeper(self) -> int:
        """Process id of the keeper."""
        return self._pid(self.places.keeper)

    @property
    def server(self) -> int:
        """Process id of the server."""
        return self._pid(self.places.server)

    def kill(self, pid: int) -> None:
        """Kills -9 a process and waits until it is gone."""
        assert alive(pid)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(pid))

    def gone(self) -> None:
        """Waits until no process that the test saw is left."""
        for path in (self.places.keeper, self.places.server):
            if path.exists() and path.read_text():
                self._pid(path)
        until(lambda: not any(alive(pid) for pid in self.seen))


@contextmanager
def user_process(sites: Path) -> Iterator[subprocess.Popen[str]]:
    """Starts a process that takes a lease at the first line it reads, prints the URL, and ends at the second."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(sites)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def say(process: subprocess.Popen[str]) -> None:
    """Lets a user process take its next step."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
