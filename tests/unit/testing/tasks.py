"""Jobs and schedules of the kit's own tests."""

from __future__ import annotations

from datetime import timedelta

from doclife.core import clock
from doclife.core.context import current
from doclife.doctypes.user import Role
from doclife.jobs.current import job
from doclife.jobs.enqueue import enqueue

seen: list[object] = []


def note(word):
    seen.append(f"{word} by {current().user}")


def add_role(name):
    Role(role_name=name).insert()


def enqueue_another(word):
    enqueue(note, word=word)


def fails():
    Role(role_name="never").insert()
    raise ZeroDivisionError("broken")


def fails_until(attempt):
    seen.append(job.attempt)
    if job.attempt < attempt:
        raise LookupError(f"attempt {job.attempt} fails")


def comes_again():
    seen.append("again")
    enqueue(comes_again, run_at=clock.now() + timedelta(days=1))
