"""The keeper: the process that owns the embedded server of a sites folder.

`python -m doclife.queue.keeper SITES_DIR [--detach]`. It starts the server, starts it again when
it dies, and ends it and itself when the last user has gone. It holds the keeper's lock, so there
is one; another that is started finds it held and leaves. If the keeper itself is killed, the
server goes with it, and any process that calls `ensure_running` starts the next one.

Order: the server is started from the main thread, and there is no other (see valkey.py).
"""

from __future__ import annotations

import os
import select
import signal
import sys
import traceback
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from doclife.core.clock import monotonic
from doclife.core.errors import DoclifeError
from doclife.core.locks import FileLock
from doclife.queue.places import KILLED, Places
from doclife.queue.valkey import ValkeyServer

#: seconds between two looks at the users and the server; a death of the server is seen at once
TICK_S = 0.5
#: a server that lives shorter than this is not started again at once
SHORT_LIFE_S = 5.0
#: seconds to wait for a keeper that is just leaving
LEAVING_S = 1.0

READY = "ready"
STARTED = "keeper.started"
ADOPTED = "keeper.adopted_server"
DIED = "keeper.server_died"
LEFT = "keeper.left"

Report = Callable[[str], None]


def keep(sites_dir: Path, report: Report) -> int:
    """Keeps the server of a sites folder until its last user has gone.

    Args:
        report: called once, with READY when the server answers or another keeper is there.
    Returns:
        The exit code.
    Raises:
        ConfigError: the server cannot run here.
        BrokerUnavailable: it does not start.
    """
    places = Places.of(sites_dir)
    lock = FileLock(places.keeper)
    users = FileLock(places.users)
    try:
        if not lock.wait(LEAVING_S):
            report(READY)
            return 0
        lock.write(str(os.getpid()))
        bell = _Bell()
        server = ValkeyServer(places)
        try:
            server.start()
            report(READY)
            _log(ADOPTED if server.adopted else STARTED, socket=str(server.socket), pid=os.getpid())
            reason = _watch(server, lock, users, bell)
        finally:
            server.stop()
        _log(LEFT, reason=reason)
        return 0
    finally:
        # the keeper's lock first: a user who gets in after the second close must be able to start the next
        lock.close()
        users.close()


def _watch(server: ValkeyServer, lock: FileLock, users: FileLock, bell: _Bell) -> str:
    born = monotonic()
    while True:
        if bell.stop:
            return "told to stop"
        if not lock.is_current() or not users.is_current():
            return "the folder is gone"
        if users.take():
            return "no users"
        if not server.is_running():
            _log(DIED, lived_s=round(monotonic() - born, 1))
            if monotonic() - born < SHORT_LIFE_S:
                bell.wait(TICK_S)
            server.stop()
            server.start()
            born = monotonic()
        bell.wait(TICK_S)


class _Bell:
    """Wakes the keeper for signals: a child died, or it shall stop."""

    def __init__(self) -> None:
        self.stop = False
        self._read, write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told)

    def wait(self, seconds: float) -> None:
        if select.select([self._read], [], [], seconds)[0]:
            os.read(self._read, 4096)

    def _told(self, *_: Any) -> None:
        self.stop = True


def _log(event: str, **facts: Any) -> None:
    from doclife.core.log import configure, get_logger  # after the server answers: nobody waits for this import

    configure()
    get_logger(__name__).info(event, **facts)


def _detached(sites_dir: Path) -> int:
    """Runs the keeper as a process of its own and returns when it is ready, with an exit code."""
    read, write = os.pipe()
    if os.fork():
        os.close(write)
        with os.fdopen(read) as pipe:
            said = pipe.read()
        if said == READY:
            return 0
        print(said or "the keeper was killed while it started", file=sys.stderr)
        return 1 if said else KILLED

    os.close(read)
    os.setsid()
    code = 1

    def report(text: str) -> None:
        nonlocal write
        if write >= 0:
            with suppress(BrokenPipeError):  # whoever waited was killed; the server is there for the next
                os.write(write, text.encode())
            os.close(write)
            write = -1

    try:
        _to_log(Places.of(sites_dir))
        code = keep(sites_dir, report)
    except DoclifeError as error:
        report(str(error))
        print(error, file=sys.stderr)
    except Exception as error:  # noqa: BLE001 - whoever waits for this process must hear of it; the log has the rest
        report(f"{type(error).__name__}: {error}")
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)  # the rest of the interpreter belongs to the process that was forked


def _to_log(places: Places) -> None:
    os.chdir("/")
    log = places.open_log()
    nothing = os.open(os.devnull, os.O_RDWR)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(log)
    os.close(nothing)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the keeper of a sites folder and returns the exit code."""
    parser = ArgumentParser(prog="python -m doclife.queue.keeper", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sites_dir", type=Path, help="folder of the sites")
    parser.add_argument("--detach", action="store_true", help="return as soon as the server answers")
    options = parser.parse_args(arguments)
    sites_dir = options.sites_dir.resolve()
    os.umask(0o077)
    if options.detach:
        return _detached(sites_dir)
    try:
        return keep(sites_dir, lambda _: None)
    except DoclifeError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
