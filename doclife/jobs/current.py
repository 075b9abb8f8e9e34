"""`doclife.job`: the job that is running here."""

from __future__ import annotations

from typing import Any

from doclife.core import ids
from doclife.core.context import current_or_none


class CurrentJob:
    """A running job as its method sees it.

    Its `id` stays the same over all attempts: it is the key by which calls to the outside are
    made idempotent.
    """

    def __init__(self, *, id: str, queue: str, method: str, attempt: int, inline: bool = False) -> None:
        self.id = id
        self.queue = queue
        #: dotted path
        self.method = method
        #: 1 for the first run
        self.attempt = attempt
        #: whether it runs in its caller's transaction
        self.inline = inline
        #: the newest progress that is not in its row yet
        self.progress: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"<CurrentJob {self.id} {self.method}>"


def inline_job(method: str, queue: str) -> CurrentJob:
    """Returns the stub for a job that runs in its caller's transaction."""
    return CurrentJob(id=str(ids.uuid7()), queue=queue, method=method, attempt=1, inline=True)


class JobProxy:
    """Stands for the running job; false and without an id where no job runs."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        job = _running()
        if job is not None:
            return getattr(job, name)
        if name in ("id", "queue", "method", "progress"):
            return None
        if name == "attempt":
            return 0
        if name == "inline":
            return False
        raise AttributeError(f"doclife.job has no {name!r}; it has id, queue, method, attempt, inline and progress")

    def __bool__(self) -> bool:
        return _running() is not None

    def __repr__(self) -> str:
        return repr(_running() or "<no job runs here>")


def _running() -> CurrentJob | None:
    context = current_or_none()
    return None if context is None else context.job


#: the running job
job = JobProxy()
