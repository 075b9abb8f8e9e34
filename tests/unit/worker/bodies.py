"""What jobs do in tests of the worker."""

from __future__ import annotations

import sys
import threading
from typing import Any

from doclife.core.context import current
from doclife.core.errors import QueryDeadlockError
from doclife.doctypes.user import Role
from doclife.jobs.current import job
from doclife.jobs.enqueue import enqueue
from doclife.jobs.realtime import publish_progress
from doclife.jobs.retry import RetryJob
from doclife.uow.unit import current_unit
from tests.stored import stored

seen: list[Any] = []
#: a job says that it runs, and waits until it may go on
running, go_on = threading.Event(), threading.Event()


def role(name: str) -> str:
    Role(role_name=name).insert()
    return name


def look(**kwargs: Any) -> None:
    seen.append((current().user, job.id, job.queue, job.attempt, kwargs))


def look_at_workers() -> None:
    workers = {name: info["queues"] for name, info in current().site.broker.workers.items()}
    seen.append((workers, stored("Worker", "name", "queues")))


def bring_broker_back() -> None:
    current().site.broker.down = False


def fail(name: str = "Lost") -> None:
    role(name)
    enqueue(role, name="Never")
    raise ValueError("no paper\nin the printer")


def commit_midway(*names: str, then: str = "") -> None:
    for name in names:
        role(name)
        publish_progress(len(seen) * 10, "Roles")
        current_unit().commit()
    if then:
        raise ValueError(then)


def commit_three(then: str = "") -> None:
    commit_midway("One", "Two", "Three", then=then)


def write_after_a_commit() -> None:
    try:
        commit_midway("One")
    finally:
        role("Late")


def follow(name: str) -> None:
    role(name)
    enqueue(role, name=f"{name} two")


def conflict() -> None:
    raise QueryDeadlockError("deadlock")


def conflict_at_first() -> None:
    seen.append((current().user, job.attempt))
    if job.attempt == 1:
        raise QueryDeadlockError("deadlock")


def lose_connection_at_first(name: str) -> None:
    """Ends its own connection to the server."""
    role(name)
    if job.attempt == 1:
        link = current_unit().link
        if link.dialect == "postgresql":
            link.driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        link.driver_sql("KILL CONNECTION_ID()")
        role("Never")


def ask_again(after: float) -> None:
    raise RetryJob("the bank is closed", after=after)


def leave() -> None:
    sys.exit("enough")


def run_on(swallow: bool = True) -> None:
    """Swallows what it can and goes on for ever."""
    role("Slow")
    running.set()
    while True:
        try:
            threading.Event().wait(0.05)
        except Exception:
            seen.append("swallowed")


def commit_then_run_on() -> None:
    role("Kept")
    current_unit().commit()
    run_on()


def role_when_told(name: str) -> None:
    running.set()
    go_on.wait(20)
    role(name)


def conflict_after_its_time() -> None:
    """Makes another error of the interruption, as a statement does that was interrupted."""
    try:
        run_on()
    except BaseException as error:
        raise QueryDeadlockError("the transaction is gone") from error


def in_savepoint() -> None:
    current_unit().push()


#: one that PostgreSQL does not store, and one that nobody does
UNSTORABLE = "nul\0 half\ud800"


class WithoutText(Exception):
    """Neither as text nor described."""

    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


def raise_odd(kind: str) -> None:
    raise WithoutText if kind == "without text" else ValueError(UNSTORABLE)


def hidden_result() -> Any:
    return WithoutText()


def odd_after_job() -> None:
    raise ValueError(UNSTORABLE)


def hidden_after_job() -> None:
    raise WithoutText


def note_error(error: str) -> None:
    seen.append(error.strip().splitlines()[-1])


def odd_result() -> Any:
    return object()


def large_result() -> Any:
    return ["x"] * 300_000


def after_commit_fails() -> None:
    role("Kept")

    def callback() -> None:
        raise ValueError("mail is down")

    current_unit().add_callback("after_commit", callback)


def before_job(method: str, kwargs: dict[str, Any]) -> None:
    seen.append(("before", method.rpartition(".")[2], kwargs))


def after_job(method: str, result: Any) -> None:
    seen.append(("after", method.rpartition(".")[2], result, job.id is not None))
    role(f"After {method.rpartition('.')[2]}")


def note_nothing() -> None:
    seen.append("nothing")


def note_all(**offered: Any) -> None:
    seen.append(offered)


def failing_before_job(method: str) -> None:
    role("Before")
    raise ValueError("not today")


def endless_after_job() -> None:
    role("After")
    threading.Event().wait(20)


def failing_after_job(method: str) -> None:
    raise ValueError("after")


def on_success(result: Any, job_id: str, kwargs: dict[str, Any]) -> None:
    seen.append(("success", result, job_id, kwargs))


def on_failure(error: str, method: str) -> None:
    seen.append(("failure", error.strip().splitlines()[-1], method.rpartition(".")[2]))
