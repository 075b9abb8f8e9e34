"""`doclife.job`: the job that is running here."""

from __future__ import annotations

from typing import Any, NoReturn

from doclife.core import ids
from doclife.core.context import current_or_none
from doclife.jobs.steps import Step, Steps


class CurrentJob:
    """A running job as its method sees it.

    Its `id` stays the same over all attempts: it is the key by which calls to the outside are
    made idempotent.
    """

    def __init__(
        self,
        *,
        id: str,
        queue: str,
        method: str,
        attempt: int,
        fence: int = 0,
        inline: bool = False,
        steps: Steps | None = None,
    ) -> None:
        self.id = id
        self.queue = queue
        #: dotted path
        self.method = method
        #: 1 for the first run
        self.attempt = attempt
        #: number of its claim, 0 where it was not claimed
        self.fence = fence
        #: whether it runs in its caller's transaction
        self.inline = inline
        #: of one that runs in its caller's transaction: the job that it runs in, or None
        self.outer: CurrentJob | None = None
        #: the newest progress that is not in its row yet
        self.progress: dict[str, Any] | None = None
        #: whether its row says, or says with the commit that is under way, that this run is over
        self.ended = False
        self._steps = steps or Steps()

    def step(self, name: str) -> Step:
        """Opens a part of a long job, see `Step`."""
        return self._steps.open(name)

    def __repr__(self) -> str:
        return f"<CurrentJob {self.id} {self.method}>"


def inline_job(method: str, queue: str, outer: CurrentJob | None = None) -> CurrentJob:
    """Returns the stub for a job that runs in its caller's transaction; `outer` is the job that runs already."""
    job = CurrentJob(id=str(ids.uuid7()), queue=queue, method=method, attempt=1, inline=True)
    job.outer = outer
    return job


class JobProxy:
    """Stands for the running job; false and without an id where no job runs."""

    __slots__ = ()

    @property
    def id(self) -> str | None:
        """The same in all attempts: the key by which calls to the outside are made idempotent."""
        job = _running()
        return None if job is None else job.id

    @property
    def queue(self) -> str | None:
        """The queue it came from."""
        job = _running()
        return None if job is None else job.queue

    @property
    def method(self) -> str | None:
        """Dotted path of its function."""
        job = _running()
        return None if job is None else job.method

    @property
    def attempt(self) -> int:
        """1 in the first run, 0 where no job runs."""
        job = _running()
        return 0 if job is None else job.attempt

    @property
    def inline(self) -> bool:
        """Whether it runs in its caller's transaction."""
        job = _running()
        return job is not None and job.inline

    @property
    def progress(self) -> dict[str, Any] | None:
        """The newest progress that is not in its row yet."""
        job = _running()
        return None if job is None else job.progress

    def step(self, name: str) -> Step:
        """Opens a part of a long job, see `Step`; where no job runs nothing is kept and nothing committed."""
        job = _running()
        return Steps().open(name) if job is None else job.step(name)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"doclife.job has no {name!r}; it has id, queue, method, attempt, inline, progress and step"
        )

    def __bool__(self) -> bool:
        return _running() is not None

    def __repr__(self) -> str:
        return repr(_running() or "<no job runs here>")


def _running() -> CurrentJob | None:
    context = current_or_none()
    return None if context is None else context.job


#: the running job
job = JobProxy()
