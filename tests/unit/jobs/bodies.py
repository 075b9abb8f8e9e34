"""Functions that tests enqueue."""

from __future__ import annotations

from functools import wraps
from typing import Any

from sqlalchemy import select

from doclife.core.context import current
from doclife.core.errors import DuplicateEntryError
from doclife.doctypes import error_log
from doclife.doctypes.user import Role
from doclife.jobs.current import job
from doclife.jobs.job import Job
from doclife.jobs.lock import lock
from doclife.jobs.realtime import publish_progress, publish_realtime
from doclife.query.db import db
from doclife.schema.tables import background_job, lease
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
        calls.append(cls.__name__)

    @staticmethod
    def of_nobody() -> None:
        calls.append("of_nobody")

    class Inner:
        @staticmethod
        def method() -> None: ...


class Heir(Holder):
    """Inherits what it is asked for."""


not_a_function = 3


def with_lock() -> None:
    with lock("stock"):
        query = select(lease.c.holder).where(lease.c.name == "lock:stock")
        calls.append(current_unit().link.execute(query).scalar())


async def asynchronous() -> None: ...


def generator() -> Any:
    yield 1


def with_event(event: str) -> None:
    calls.append(event)


def without_event(n: int) -> None:
    calls.append(n)


def named_like_the_terms(queue: str, timeout: int, method: str, now: bool = False) -> None:
    calls.append((queue, timeout, method, now))


def any_decorator(fn: Any) -> Any:
    @wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return fn("given by the decorator", *args, **kwargs)

    return wrapper


@any_decorator
def decorated(gift: str, n: int) -> None:
    calls.append((gift, n))


def positional(first: int, second: int, /, third: int = 0) -> None: ...


def note_user() -> None:
    calls.append(current().user)


def tell(text: str) -> None:
    publish_progress(50, "Report", "half of it")
    publish_realtime("told", {"text": text}, user="a@example.com")


def add_roles(names: list[str]) -> str:
    done = 0
    for name in names:
        try:
            Role(role_name=name).insert()
            done += 1
        except DuplicateEntryError as error:
            error_log.record(current(), f"role {name}", str(error))
    return f"{done} of {len(names)}"


def add_role_once(name: str) -> None:
    if not db.exists("Role", name):
        Role(role_name=name).insert()
        current_unit().commit()


def own_status() -> str:
    return Job(str(job.id)).status()


def refuse() -> None:
    raise ValueError("no")


def progress() -> None:
    publish_progress("50", "Import", 7)  # type: ignore[arg-type]
    current_unit().commit()
    query = select(background_job.c.progress).where(background_job.c.name == job.id)
    calls.append(current_unit().link.execute(query).scalar())
    publish_progress(75.5)


#: each makes a context manager that is entered while `lock_after_commit` has its lock
under_lock: list[Any] = []


def lock_after_commit():
    """Takes a lock when its own commit is done."""

    def callback():
        with lock("stock"):
            for check in under_lock:
                with check():
                    calls.append("nobody else came in")

    current_unit().add_callback("after_commit", callback)
