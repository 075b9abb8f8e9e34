"""What jobs do in tests of the worker that forks: all they leave is in the database."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from sqlalchemy import text

from doclife.core.context import current
from doclife.doctypes.user import Role
from doclife.jobs.current import job
from doclife.jobs.enqueue import enqueue
from doclife.jobs.retry import RetryJob


def leave(text: str) -> None:
    """Leaves one row."""
    Role(role_name=f"r-{text}").insert()


def leave_pid(n: int) -> None:
    """Leaves one row that names the process."""
    leave(f"{n}-{os.getpid()}")


def leave_connection() -> None:
    """Leaves one row that names the server's session of this process."""
    asked = "SELECT pg_backend_pid()" if current().site.database.dialect == "postgresql" else "SELECT connection_id()"
    leave(str(current().unit.link.execute(text(asked)).scalar()))


def fail_once(name: str) -> None:
    """Leaves one row at the second try."""
    leave(f"{name}-{job.attempt}")
    if job.attempt == 1:
        raise RetryJob("once more", after=0)


def fail(name: str) -> None:
    """Leaves nothing: it fails."""
    leave(name)
    raise ValueError("no paper")


def die(name: str, *, from_attempt: int = 1, to_attempt: int = 99) -> None:
    """Leaves one row, or dies with its process."""
    leave(name)
    if from_attempt <= job.attempt <= to_attempt:
        os.kill(os.getpid(), signal.SIGKILL)


def vanish(name: str) -> None:
    """Leaves one row and ends its process as if all were well."""
    leave(name)
    if job.attempt == 1:
        os._exit(0)


def say_and_wait(name: str, began: str) -> None:
    """Leaves one row, says in which process, and waits for ever."""
    leave(name)
    Path(began).write_text(str(os.getpid()))
    threading.Event().wait()


def follow(name: str) -> None:
    """Leaves one row, and a job that leaves another."""
    leave(name)
    enqueue(leave, text=f"{name}, then")


def after(job_id: str, error: str) -> None:
    """Leaves one row about a job that failed for good."""
    leave(f"after {error[:30]}")


def spoil() -> None:
    """Changes what all that follows in its process would see."""
    sys.modules["doclife.jobs.retry"].DEFAULT_MAX = -1
    os.chdir("/")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=threading.Event().wait, daemon=False).start()


def wait() -> None:
    """Waits for ever."""
    threading.Event().wait()


def cannot_be_stopped() -> None:
    """Swallows everything that would end it."""
    while True:
        try:
            threading.Event().wait()
        except BaseException:
            continue
