"""What the jobs do whose processes die: each effect is a row whose repetition shows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from doclife.core.context import current
from doclife.doctypes.notification_log import NotificationLog
from doclife.jobs.enqueue import enqueue
from doclife.jobs.lock import lock
from doclife.uow.unit import current_unit

#: whether the victim's point counts by now
armed = True


def arm() -> None:
    """Has the victim's point count from here on."""
    global armed
    armed = True


def note(key: str) -> None:
    """Leaves one row."""
    NotificationLog(subject=key, for_user="Administrator").insert()
    arm()


def leave() -> None:
    """Leaves one row for a run of a schedule."""
    note("run")


def note_under_lock(key: str) -> None:
    """Leaves one row while it has a lock."""
    with lock("stock"):
        note(key)


def note_twice(key: str) -> None:
    """Leaves one row, commits, and leaves another."""
    note(f"{key}, before the commit")
    current_unit().commit()
    note(f"{key}, after it")


def note_and_follow(key: str) -> None:
    """Leaves one row, and two jobs that leave others."""
    note(key)
    for n in range(2):
        enqueue(note, key=f"{key}, then {n}")


def send(key: str) -> None:
    """Has an effect outside the database, told by the job's id, and leaves one row."""
    with open(key, "a") as file:
        file.write(f"{current().job.id}\n")
    note("sent")


def fail(key: str) -> None:
    """Leaves one row and fails."""
    note(key)
    raise ValueError("no paper")


def interrupted(key: str) -> None:
    """Is interrupted the first time; `key` is a file that tells that."""
    note("interrupted")
    if not Path(key).exists():
        Path(key).touch()
        raise KeyboardInterrupt


def after(method: str, **_told: Any) -> None:
    """Leaves one row about a job that has ended."""
    note(f"after {method.rpartition('.')[2]}")


def die(key: str) -> None:
    """Leaves one row and takes its worker with it."""
    note(key)
    os.kill(os.getpid(), 9)
