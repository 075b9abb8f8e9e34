"""Forked processes: they end with their parent and share none of its connections.

A process that forks must have one thread: a lock that another thread holds in that moment stays
locked in the child for ever.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from doclife.core.clock import monotonic
from doclife.core.locks import POLL_S
from doclife.worker.signals import ENDING, stop_on_signals

#: from Linux's sys/prctl.h
_PR_SET_PDEATHSIG = 1


def fork(body: Callable[[], object], *, stop: Callable[[], None], death: signal.Signals = signal.SIGKILL) -> int:
    """Starts a process that does `body` and ends.

    Args:
        body: runs in the child's main thread; what it raises is printed.
        stop: what SIGTERM and SIGINT call in the child.
        death: the signal that the child gets when this process dies. Linux has it; elsewhere
            `body` looks at `os.getppid()` now and then.
    Returns:
        The id of the child, which leads a process group of its own. Never returns in the child.
    Order: in the main thread, under `signals_held`, so that no signal meets the child half made.
    """
    follow = _libc() if sys.platform == "linux" else None
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    # The one place where doclife forks. Database and broker open connections of their own in the child.
    pid = os.fork()
    if pid:
        with suppress(OSError):  # the child does it too; whoever comes first
            os.setpgid(pid, pid)
        return pid
    code = 1
    try:
        os.setpgid(0, 0)
        if follow is not None:
            follow.prctl(_PR_SET_PDEATHSIG, death, 0, 0, 0)
        if os.getppid() == parent:  # else it died before the line above
            stop_on_signals(stop)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
            body()
            code = 0
    except BaseException:  # noqa: BLE001 the parent sees the code, a person the traceback
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)  # the rest of the interpreter belongs to the parent


@cache
def _libc() -> Any:
    return ctypes.CDLL(None)


def ended(pid: int, *, wait: bool = False) -> int | None:
    """Returns the exit code of a child, negative for a signal, or None while it runs; it is collected with that."""
    found, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def kill_group(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Sends a signal to a child that leads a process group, and to what it has started."""
    with suppress(ProcessLookupError, PermissionError):  # macOS refuses what has ended and was not collected
        os.killpg(pid, number)


def end(pid: int, seconds: float) -> None:
    """Asks a child to end, kills it after so many seconds, and collects it."""
    kill_group(pid, signal.SIGTERM)
    deadline = monotonic() + seconds
    while ended(pid) is None:
        if monotonic() >= deadline:
            kill_group(pid)
            ended(pid, wait=True)
            return
        time.sleep(POLL_S)
