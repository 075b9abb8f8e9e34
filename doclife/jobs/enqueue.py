"""enqueue: puts a job into the open unit of work, on the terms of the call."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from doclife.core import clock
from doclife.core.context import Context, current
from doclife.core.errors import DoclifeError, JobArgumentError, UnknownDoctypeError, UnknownQueueError, nearest
from doclife.jobs import arguments, functions
from doclife.jobs.current import inline_job
from doclife.jobs.job import Job, key_is_taken
from doclife.jobs.retry import Retry, policy
from doclife.outbox.staging import StagedJob, insert_jobs

#: dotted path of the function that calls a document's method: it loads the document, from a higher floor
DOCUMENT_RUNNER = "doclife.worker.documents.run_method"

#: room for a key and a label in a job's row
TEXT_LENGTH = 255
#: seconds, a year
LONGEST_TIMEOUT_S = 366 * 86_400

Method = str | Callable[..., Any]


def enqueue(
    method: Method,
    queue: str = "default",
    timeout: int | None = None,
    is_async: bool = True,
    now: bool = False,
    job_name: str | None = None,
    enqueue_after_commit: bool | None = None,
    at_front: bool = False,
    *,
    job_id: str | None = None,
    deduplicate: bool | None = None,
    retry: int | Retry | None = None,
    run_at: datetime | None = None,
    on_success: Method | None = None,
    on_failure: Method | None = None,
    **kwargs: Any,
) -> Any:
    """Has a worker call a function once the open transaction is committed; a rollback drops the job.

    Args:
        method: the function, or its dotted path. A `functools.partial` brings arguments of its own, also
            such as have a name of these here: `enqueue(partial(load, queue="A"), "long")`.
        queue: short, default, long, or one of the settings.
        timeout: seconds the job may run; None: the queue's.
        is_async: False runs it here, as `now`, with the hooks before_job and after_job.
        now: run it here, in this transaction, and return its result.
        job_name: label; also the key for deduplication if there is no job_id.
        enqueue_after_commit: False: queue it right after this transaction ends, even by a rollback.
        at_front: before all others of its queue.
        job_id: key: while a job with the same is staged, queued or started, no other is queued.
        deduplicate: False: job_id and job_name are labels only.
        retry: so many more runs after exceptions, or a Retry.
        run_at: not before this time; naive: in the site's time zone.
        on_success: function or path, a job queued with this one's completion; takes what it wants
            of job_id, method, kwargs, result.
        on_failure: the same when the job has failed for good; error instead of result.
        kwargs: arguments of the function; JSON data, dates, times, decimals, bytes, tuples, sets, UUIDs and saved
            documents come back as what they were.
    Returns:
        A Job; None if it was dropped as a duplicate; what the function returns if it ran here.
    Raises:
        UnknownQueueError, JobArgumentError: it cannot be queued so.
    """
    context = current()
    if "async" in kwargs:  # Frappe's name of it, which Python has taken since
        is_async = kwargs.pop("async")
    method, kwargs = arguments.without_partial(method, kwargs)
    if "event" in kwargs:
        kwargs = _without_event(method, kwargs)
    seconds = timeout_of(context, queue, timeout)
    if now or not is_async:
        return _run_here(context, method, queue, kwargs, hooks=not now)
    path = functions.path_of(method)
    if not isinstance(method, str):
        arguments.check_arguments(method, kwargs, path)
    staged = StagedJob(
        queue=queue,
        method=path,
        kwargs=arguments.packed(kwargs),
        run_as=context.user,
        timeout=seconds,
        label=_label(job_name or job_id),
        dedup_key=_key(job_id, job_name, deduplicate),
        run_at=_site_time(context, run_at),
        at_front=at_front,
        retry=policy(retry),
        on_success=functions.describe_follow_up(on_success, "on_success"),
        on_failure=functions.describe_follow_up(on_failure, "on_failure"),
    )
    return _stage(context, staged, apart=enqueue_after_commit is False)


def enqueue_doc(
    doctype: str,
    name: str | None = None,
    method: str | None = None,
    queue: str = "default",
    timeout: int | None = None,
    is_async: bool = True,
    now: bool = False,
    job_name: str | None = None,
    enqueue_after_commit: bool | None = None,
    at_front: bool = False,
    *,
    job_id: str | None = None,
    deduplicate: bool | None = None,
    retry: int | Retry | None = None,
    run_at: datetime | None = None,
    on_success: Method | None = None,
    on_failure: Method | None = None,
    **kwargs: Any,
) -> Any:
    """Has a worker load a document and call its method; the terms are those of `enqueue`.

    Args:
        doctype: document type, or the class.
        name: of the document; None for a single type.
        method: name of the controller's method.
        kwargs: its arguments.
    Raises:
        UnknownDoctypeError: no such type.
        UnknownQueueError, JobArgumentError: it cannot be queued so, or the class has no such method.
    """
    if "async" in kwargs:
        is_async = kwargs.pop("async")
    doctype = _check_document_method(doctype, method, kwargs)
    if not (job_name or job_id or deduplicate):
        job_name, deduplicate = _label(f"{doctype} {name or ''}: {method}"), False  # a label, and no key
    return enqueue(
        DOCUMENT_RUNNER, queue, timeout, is_async, now, job_name, enqueue_after_commit, at_front,
        job_id=job_id, deduplicate=deduplicate, retry=retry,
        run_at=run_at, on_success=on_success, on_failure=on_failure,
        doctype=doctype, name=name, document_method=method, arguments=kwargs,
    )  # fmt: skip


def _check_document_method(doctype: Any, method: str | None, kwargs: dict[str, Any]) -> str:
    doctypes = current().site.doctypes
    name = doctype if isinstance(doctype, str) else str(doctype.meta.doctype)
    cls = doctypes.get(name)
    if cls is None:
        raise UnknownDoctypeError(f"no document type {name!r}.{nearest(name, doctypes)}", doctype=name)
    if not method or not callable(getattr(cls, method, None)):
        hint = nearest(str(method), [each for each in dir(cls) if not each.startswith("_")])
        raise JobArgumentError(f"enqueue_doc: {name} has no method {method!r}.{hint}")
    fn = getattr(cls, method)
    functions.check_kind(fn, f"enqueue_doc: {name}.{method}")
    arguments.check_arguments(fn, kwargs, f"{name}.{method}", method=inspect.isfunction(fn))
    return name


def _without_event(method: Method, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Leaves out Frappe's tag for purging, which no function gets there, unless the function has a use for it."""
    try:
        fn = functions.resolve(method, "enqueue")
    except DoclifeError:  # of an app that only workers have
        return kwargs
    return kwargs if arguments.takes(fn, "event") else {name: kwargs[name] for name in kwargs if name != "event"}


def _run_here(context: Context, method: Method, queue: str, kwargs: dict[str, Any], *, hooks: bool) -> Any:
    fn = functions.resolve(method, "enqueue")
    path = method if isinstance(method, str) else f"{fn.__module__}.{getattr(fn, '__qualname__', type(fn).__name__)}"
    before, context.job = context.job, inline_job(path, queue, context.job)
    try:
        if not hooks:
            return fn(**kwargs)
        for hook in context.site.registry.functions("before_job"):
            functions.call_with(hook, method=path, kwargs=kwargs)
        result = fn(**kwargs)
        for hook in context.site.registry.functions("after_job"):
            functions.call_with(hook, method=path, kwargs=kwargs, result=result)
        return result
    finally:
        context.job = before


def _stage(context: Context, staged: StagedJob, *, apart: bool) -> Job | None:
    unit = context.unit
    if staged.dedup_key is not None and key_is_taken(unit, staged.dedup_key):
        return None
    if apart:
        unit.after_end(partial(_insert_apart, context, staged), raises=True)
    else:
        unit.stage(staged)
    return Job(staged.id, staged)


def _insert_apart(context: Context, staged: StagedJob, connection: Connection) -> Callable[[], None] | None:
    insert_jobs(connection, [staged], time_zone=context.site.settings.time_zone)
    if staged.state != "queued":
        return None
    return partial(context.site.release, [staged])


def timeout_of(context: Context, queue: str, timeout: int | None) -> int:
    """Returns the seconds that a job may run.

    Args:
        context: of the site whose queues are meant.
        queue: the job's.
        timeout: what is said for this job; None: the queue's.
    Raises:
        UnknownQueueError: there is no such queue.
        JobArgumentError: the number cannot be used.
    """
    queues = context.site.settings.queues()
    if queue not in queues:
        raise UnknownQueueError(
            f"there is no queue {queue!r}.{nearest(str(queue), queues)} Queues: {', '.join(queues)}; "
            "more are named by `workers` in the settings",
            queue=queue,
        )
    if timeout is None:
        return int(queues[queue])
    known = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    if not known or not 1 <= timeout <= LONGEST_TIMEOUT_S:
        raise JobArgumentError(
            f"timeout={timeout!r}: give a number of seconds, at least 1 and at most a year, or None for the queue's"
        )
    return math.ceil(timeout)


def _label(text: str | None) -> str | None:
    return None if text is None else str(text)[:TEXT_LENGTH]


def _key(job_id: str | None, job_name: str | None, deduplicate: bool | None) -> str | None:
    key = job_id or job_name
    if deduplicate and not key:
        raise JobArgumentError("deduplicate=True needs a job_id, by which a job like this one is known")
    if deduplicate is False or not key:
        return None
    if not isinstance(key, str) or len(key) > TEXT_LENGTH:
        raise JobArgumentError(f"job_id {str(key)[:40]!r}...: it must be a text of at most {TEXT_LENGTH} characters")
    return key


def _site_time(context: Context, run_at: datetime | None) -> datetime | None:
    if run_at is None:
        return None
    if not isinstance(run_at, datetime):
        raise JobArgumentError(f"run_at={run_at!r}: give a datetime; for a delay, utils.add_to_date(None, minutes=5)")
    zone = context.site.settings.time_zone
    try:
        there = clock.to_site(clock.to_utc(run_at, zone), zone)
    except OverflowError as error:
        raise JobArgumentError(f"run_at={run_at}: in UTC that is no time of the years 1 to 9999") from error
    return run_at if run_at.tzinfo is None else there
