"""Jobs that a test has enqueued: those staged in the open unit of work, and those in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, overload

from sqlalchemy import select

from doclife.core import json
from doclife.core.errors import brief, nearest
from doclife.events.handlers import dotted_path
from doclife.jobs.enqueue import DOCUMENT_RUNNER
from doclife.outbox.staging import StagedJob
from doclife.schema.tables import background_job
from doclife.uow.unit import current_unit

Method = str | Callable[..., Any]


@dataclass(frozen=True)
class CapturedJob:
    """One job as a test sees it."""

    id: str
    #: dotted path; of a job of `enqueue_doc` the name of the document's method
    method: str
    queue: str
    #: of a job of `enqueue_doc` with doctype and name of the document
    kwargs: dict[str, Any]
    #: staged, queued, started, finished, failed, cancelled
    status: str
    #: user
    run_as: str
    #: seconds
    timeout: int
    job_name: str | None
    job_id: str | None
    at_front: bool
    run_at: datetime | None
    #: why it failed
    error: str | None = None
    #: when its last run began, in the site's time zone
    started_at: datetime | None = None

    def matches(self, method: str, subset: dict[str, Any]) -> bool:
        """Tells whether it runs `method` and has these terms and arguments."""
        return self.method == method and all(
            (getattr(self, name) if name in _TERMS else self.kwargs.get(name, _ABSENT)) == wanted
            for name, wanted in subset.items()
        )


_ABSENT = object()
#: names that `enqueue` takes for itself, so that no argument of a job can have them
_TERMS = frozenset({"queue", "timeout", "job_name", "job_id", "at_front", "run_at"})


def all_jobs() -> list[CapturedJob]:
    """Returns the jobs in the table by time of enqueuing, then those staged in the open unit."""
    unit = current_unit()
    c = background_job.c
    found = [_of_row(row) for row in unit.link.execute(select(background_job).order_by(c.enqueued_at, c.name))]
    known = {job.id for job in found}
    return found + [_of_staged(job) for job in unit.staged() if job.id not in known]


def stored_job(id: str) -> CapturedJob | None:
    """Returns a job of the table by its id."""
    row = current_unit().link.execute(select(background_job).where(background_job.c.name == id)).first()
    return None if row is None else _of_row(row)


def _of_staged(job: StagedJob) -> CapturedJob:
    return CapturedJob(
        **_what(job.method, json.unpack(job.kwargs)),
        id=job.id,
        queue=job.queue,
        status=job.state,
        run_as=job.run_as,
        timeout=job.timeout,
        job_name=job.label,
        job_id=job.dedup_key,
        at_front=job.at_front,
        run_at=job.run_at,
    )


def _of_row(row: Any) -> CapturedJob:
    return CapturedJob(
        **_what(row.method, json.unpack(row.kwargs)),
        id=row.name,
        queue=row.queue,
        status=row.status,
        run_as=row.run_as,
        timeout=row.timeout,
        job_name=row.label,
        job_id=row.dedup_key or row.ended_key or row.label,  # the key is free again when the job has ended
        at_front=bool(row.at_front),
        run_at=row.run_at,
        error=row.error,
        started_at=row.started_at,
    )


def _what(method: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    if method != DOCUMENT_RUNNER:
        return {"method": method, "kwargs": kwargs}
    document = {"doctype": kwargs["doctype"], "name": kwargs["name"]}
    return {"method": kwargs["document_method"], "kwargs": document | kwargs["arguments"]}


def _path(method: Method) -> str:
    return method if isinstance(method, str) else dotted_path(method)


def assert_enqueued(method: Method, **subset: Any) -> CapturedJob:
    """Asserts that the test has enqueued a job, committed or not, and returns the first that fits.

    Args:
        method: dotted path or function; for `enqueue_doc` the name of the document's method.
        subset: arguments of the job, and the terms queue, timeout, job_name, job_id, at_front, run_at.
    """
    __tracebackhide__ = True
    path, jobs = _path(method), all_jobs()
    for job in jobs:
        if job.matches(path, subset):
            return job
    hint = nearest(path, {job.method for job in jobs}) if path not in {job.method for job in jobs} else ""
    raise AssertionError(f"no job {path}{_shown(subset)} was enqueued.{hint}{_listed(jobs)}")


def refute_enqueued(method: Method, **subset: Any) -> None:
    """Asserts that the test has enqueued no job of this method with these arguments and terms."""
    __tracebackhide__ = True
    path = _path(method)
    found = [job for job in all_jobs() if job.matches(path, subset)]
    if found:
        raise AssertionError(f"{path}{_shown(subset)} was enqueued:{_listed(found)}")


def _shown(subset: dict[str, Any]) -> str:
    return f" with {', '.join(f'{name}={value!r}' for name, value in subset.items())}" if subset else ""


def _listed(jobs: Sequence[CapturedJob]) -> str:
    if not jobs:
        return " Nothing was."
    return "\n" + "\n".join(f"  {job.method}({brief(job.kwargs)}) on {job.queue}, {job.status}" for job in jobs)


class CapturedJobs(Sequence[CapturedJob]):
    """The jobs that a block has enqueued, oldest first."""

    def __init__(self, before: set[str]) -> None:
        """Leaves out the jobs whose ids are in `before`."""
        self._before = before
        self._final: list[CapturedJob] | None = None

    def _all(self) -> list[CapturedJob]:
        return self._final if self._final is not None else [job for job in all_jobs() if job.id not in self._before]

    def end(self) -> None:
        """Keeps what there is now."""
        self._final = self._all()

    @overload
    def __getitem__(self, index: int) -> CapturedJob: ...
    @overload
    def __getitem__(self, index: slice) -> list[CapturedJob]: ...
    def __getitem__(self, index: int | slice) -> CapturedJob | list[CapturedJob]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())


@contextmanager
def captured_jobs() -> Iterator[CapturedJobs]:
    """Lists the jobs that the block enqueues, whether or not they are committed in it."""
    jobs = CapturedJobs({job.id for job in all_jobs()})
    yield jobs
    jobs.end()
