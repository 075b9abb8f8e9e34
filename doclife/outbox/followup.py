"""Follow-up jobs: `on_success` and `on_failure` are jobs, inserted in the transaction that ends the first."""

from __future__ import annotations

from typing import Any

from doclife.core import json
from doclife.core.storable import describe_value
from doclife.outbox.claim import ClaimedJob
from doclife.outbox.staging import StagedJob

#: what a follow-up can be told, as keyword arguments
OFFERED = ("job_id", "method", "kwargs", "result", "error")

#: characters of a result as JSON
MOST_RESULT = 1024 * 1024


def describe(method: str, accepts: list[str] | None) -> str:
    """Returns a follow-up as a job's row keeps it.

    Args:
        method: dotted path.
        accepts: which of `OFFERED` it takes; None: all.
    """
    return json.pack({"method": method, "accepts": accepts})


def follow_up(text: str, job: ClaimedJob, **outcome: Any) -> StagedJob:
    """Returns the follow-up of a job that ends now.

    Args:
        text: as `describe` returned it.
        job: that ends.
        outcome: its `result` or its `error`.
    """
    terms = json.unpack(text)
    offered: dict[str, Any] = {"job_id": job.id, "method": job.method, **outcome}
    accepts = terms["accepts"]
    if accepts is None or "kwargs" in accepts:
        offered["kwargs"] = json.loads(job.kwargs)  # plain data still, a document in it stays packed
    # Packed arguments pass through as they are: nothing is loaded to be told on.
    kwargs = {key: value for key, value in offered.items() if accepts is None or key in accepts}
    packed = {key: value if key == "kwargs" else json.loads(_packed(value)) for key, value in kwargs.items()}
    return StagedJob(
        queue=job.queue,
        method=terms["method"],
        kwargs=json.dumps(packed),
        run_as=job.run_as,
        timeout=job.timeout,
        label=f"after {job.id}",
    )


def pack_result(result: Any) -> str | None:
    """Returns a job's result as its row keeps it; of what JSON cannot hold, or is too large, the description."""
    return None if result is None else _packed(result)


def _packed(value: Any) -> str:
    # The job has done its work: that nobody can keep what it returned must not undo that.
    try:
        text = json.pack(value)
    except Exception:  # noqa: BLE001 beside DataError whatever an app's own type raises when it is looked at
        return json.pack(describe_value(value))
    if len(text) <= MOST_RESULT:
        return text
    return json.pack(f"a {type(value).__name__} of {len(text):,} characters of JSON, more than is kept of a result")
