"""Functions that tests enqueue."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from doclife.jobs.current import job
from doclife.jobs.lock import lock
from doclife.schema.tables import lease
from doclife.uow.unit import current_unit

calls: list[Any] = []


def note(*args: Any, **kwargs: Any) -> str:
    calls.append(kwargs or args)
    return "noted"


def _private(**kwargs: Any) -> None:
    calls.append(kwargs)


def look_at_job() -> tuple[Any, ...]:
    return (bool(job), job.id, job.method, job.queue, job.attempt, job.inline)


def before_job(method: str, kwargs: dict[str, Any]) -> None:
    calls.append(("before", method, dict(kwargs)))


def after_job(method: str, kwargs: dict[str, Any], result: Any) -> None:
    calls.append(("after", method, dict(kwargs), result))


def on_success(result: Any, job_id: str) -> None:
    calls.append(("success", result, job_id))


def on_failure(error: str) -> None:
    calls.append(("failure", error))


def needs_a_lot(connection: Any) -> None:
    """Cannot be a follow-up: nobody gives it a connection."""


class Holder:
    def method(self) -> None: ...

    @classmethod
    def of_class(cls) -> None:
        calls.append("of_class")


not_a_function = 3


def with_lock() -> None:
    with lock("stock"):
        query = select(lease.c.holder).where(lease.c.name == "lock:stock")
        calls.append(current_unit().link.execute(query).scalar())
