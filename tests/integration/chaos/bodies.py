"""What the jobs of the fault suite do. Each leaves effects under its own key."""

from __future__ import annotations

import time
from typing import Any

import doclife
from tests.integration.chaos.documents import ChaosEffect, ChaosSum

#: the part by which a job says that it has come to its end
DONE = "done"
#: a part that no commit may ever keep
GHOST = "ghost"


def leave(key: str, part: str = DONE) -> None:
    """Leaves one row."""
    ChaosEffect(of=key, part=part, job=doclife.job.id, attempt=doclife.job.attempt).insert()


def note(key: str) -> None:
    """Leaves one row."""
    leave(key)


def slow(key: str, before: float, after: float) -> None:
    """Leaves one row in the midst of its time, in seconds; after it is written others wait for it on SQLite."""
    time.sleep(before)
    leave(key)
    time.sleep(after)


def add(key: str, to: str) -> None:
    """Leaves one row and adds one to a document that others add to."""
    leave(key)
    total = doclife.get_doc(ChaosSum, to)
    total.total += 1
    total.save()


def locked(key: str, to: str) -> None:
    """Adds one to a document by reading and writing it, which only the lock makes one step."""
    with doclife.lock(f"sum {to}", wait=15):
        total = doclife.db.get_value("Chaos Sum", to, "total")
        time.sleep(0.02)
        doclife.db.set_value("Chaos Sum", to, "total", total + 1)
        leave(key)


def chain(key: str, left: int) -> None:
    """Leaves one row, and a job that does the same with one less to go."""
    leave(key)
    if left:
        doclife.enqueue(chain, key=f"{key}>", left=left - 1)


def midway(key: str) -> None:
    """Commits in its midst: what follows happens once, what precedes once an attempt."""
    leave(key, "first")
    doclife.db.commit()
    time.sleep(0.02)
    leave(key)


def steps(key: str, rows: int, stride: int) -> None:
    """Leaves one row for each of its rows, in strides; an interrupted one goes on behind its last checkpoint."""
    with doclife.job.step("rows") as step:
        for n in range(step.cursor or 0, rows):
            leave(key, f"row {n}")
            if (n + 1) % stride == 0:
                step.checkpoint(n + 1)
                time.sleep(0.02)
    leave(key)


def flaky(key: str, fails: int, politely: bool) -> None:
    """Raises in its first attempts, after it has written."""
    if doclife.job.attempt <= fails:
        leave(key, GHOST)
        if politely:
            raise doclife.RetryJob("not yet", after=0.2)
        raise ValueError("not yet")
    leave(key)


def failing(key: str) -> None:
    """Fails for good, after it has written."""
    leave(key, GHOST)
    raise ValueError("it was to fail")


def succeeded(kwargs: dict[str, Any]) -> None:
    """Is told of a job that has finished."""
    leave(f"{kwargs['key']}/success")


def gave_up(kwargs: dict[str, Any]) -> None:
    """Is told of a job that has failed for good."""
    leave(f"{kwargs['key']}/failure")
