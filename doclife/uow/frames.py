"""Savepoint frames: what belongs to one part of a transaction that may be undone alone.

A frame is virtual until something is written inside it. Then it gets a mark: the savepoint to go
back to, or the beginning of the transaction itself when nothing was written before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: the mark of a frame that goes back to the beginning of the transaction
BEGINNING = "BEGIN"

Callback = Callable[[], Any]

#: moments of a transaction, in the order in which they come
MOMENTS = ("before_commit", "after_commit", "before_rollback", "after_rollback")


class Frame:
    """One frame of a unit of work: its callbacks, staged jobs, and how to put objects back."""

    __slots__ = ("callbacks", "jobs", "mark", "restores")

    def __init__(self) -> None:
        #: savepoint name, BEGINNING, or "" while virtual
        self.mark = ""
        #: moment -> callbacks in order
        self.callbacks: dict[str, list[Callback]] | None = None
        self.jobs: list[Any] | None = None
        #: run in reverse order when the frame is rolled back
        self.restores: list[Callback] | None = None

    def add_callback(self, moment: str, callback: Callback) -> None:
        """Adds a callback of a moment of the transaction."""
        if self.callbacks is None:
            self.callbacks = {}
        self.callbacks.setdefault(moment, []).append(callback)

    def add_job(self, job: Any) -> None:
        """Stages a job."""
        if self.jobs is None:
            self.jobs = []
        self.jobs.append(job)

    def add_restore(self, restore: Callback) -> None:
        """Adds what puts an object back if the frame is rolled back."""
        if self.restores is None:
            self.restores = []
        self.restores.append(restore)

    def merge_into(self, parent: Frame) -> None:
        """Gives everything to the parent frame: this one is released."""
        if self.callbacks is not None:
            if parent.callbacks is None:
                parent.callbacks = self.callbacks
            else:
                for moment, callbacks in self.callbacks.items():
                    parent.callbacks.setdefault(moment, []).extend(callbacks)
        if self.jobs is not None:
            if parent.jobs is None:
                parent.jobs = self.jobs
            else:
                parent.jobs.extend(self.jobs)
        if self.restores is not None:
            if parent.restores is None:
                parent.restores = self.restores
            else:
                parent.restores.extend(self.restores)

    def restore_objects(self) -> None:
        """Puts the objects back that operations inside this frame changed, newest first."""
        restores, self.restores = self.restores, None
        for restore in reversed(restores or ()):
            restore()
