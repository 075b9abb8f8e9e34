"""What the jobs of integration tests do: each effect is a row whose repetition shows."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from doclife.doctypes.notification_log import NotificationLog
from doclife.jobs.current import job
from doclife.jobs.enqueue import enqueue


def note(key: str) -> None:
    """Leaves one row."""
    NotificationLog(subject=key, for_user="Administrator").insert()


def note_and_wait(key: str, began: str, go: str) -> None:
    """Leaves one row, says that it has begun, and waits until it may go on; on SQLite nobody else writes meanwhile."""
    note(key)
    _wait(began, go)


def wait_and_note(key: str, began: str, go: str) -> None:
    """Says that it has begun, waits until it may go on, and leaves one row."""
    _wait(began, go)
    note(key)


def _wait(began: str, go: str) -> None:
    with open(began, "a") as file:
        file.write(f"{os.getpid()}\n")
    while not Path(go).exists():
        threading.Event().wait(0.01)


def note_and_follow(key: str) -> None:
    """Leaves one row, and a job that leaves another."""
    note(key)
    enqueue(note, key=f"{key}, then")


def kill_worker(key: str) -> None:
    """Leaves one row and dies with its worker."""
    note(key)
    os.kill(os.getpid(), signal.SIGKILL)


def cannot_be_stopped(key: str) -> None:
    """Leaves one row and swallows everything that would end it."""
    note(key)
    while True:
        try:
            threading.Event().wait(60)
        except BaseException:
            continue


def after(job_id: str, error: str) -> None:
    """Leaves one row about a job that failed for good."""
    note(f"after {job_id}: {error[:30]}")


def tick() -> None:
    """Leaves one row for each run of a schedule."""
    note("tick")


def fail() -> None:
    """Leaves nothing: it fails."""
    raise ValueError("no paper")


def rows_in_steps(count: int, began: str, go: str) -> None:
    """Leaves one row for each number, a checkpoint behind each; it waits before each until it may go on."""
    with job.step("rows") as step:
        for n in range(step.cursor or 0, count):
            _wait(began, go)
            note(f"row {n:03}")
            step.checkpoint(n + 1)
    with job.step("sum") as step:
        if not step.done:
            note("sum")


def never_returns(began: str) -> None:
    """Goes into a call of C that keeps the interpreter's lock."""
    with open(began, "a") as file:
        file.write(f"{os.getpid()}\n")
    sum(range(10**13))


def note_threads_of_parent(key: str) -> None:
    """Leaves one row with the number of threads of the process that forked this one."""
    note(f"{key}: {len(list(Path(f'/proc/{os.getppid()}/task').iterdir()))}")
