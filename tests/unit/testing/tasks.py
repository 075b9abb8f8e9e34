"""Jobs and schedules of the kit's own tests."""

from __future__ import annotations

from doclife.core.context import current
from doclife.doctypes.user import Role
from doclife.jobs.enqueue import enqueue

seen: list[str] = []


def note(word):
    seen.append(f"{word} by {current().user}")


def add_role(name):
    Role(role_name=name).insert()


def enqueue_another(word):
    enqueue(note, word=word)


def fails():
    Role(role_name="never").insert()
    raise ZeroDivisionError("broken")
