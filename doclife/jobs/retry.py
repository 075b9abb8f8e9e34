"""On which terms a failed job runs again; nothing sleeps, the next time is kept in the row."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from typing import Any, Literal

import msgspec

from doclife.core.errors import JobArgumentError, JobError

#: times a job may ask by RetryJob, or lose against others, where nothing else is said
DEFAULT_MAX = 5

#: seconds, a year
LONGEST_DELAY_S = 366 * 86_400


class Retry(msgspec.Struct, frozen=True):
    """How often and when a job that raised an exception runs again.

    Delays are `base` × 1, 2, 4, 8, ... seconds for "exponential", × 1, 2, 3, ... for "linear",
    `base` for "fixed".
    """

    #: runs after the first
    max: int = 5
    backoff: Literal["exponential", "linear", "fixed"] = "exponential"
    #: seconds
    base: float = 2
    #: seconds, the longest delay
    cap: float = 600
    #: spread delays by half in both directions, not above `cap`: jobs that failed together shall not meet again
    jitter: bool = True

    def delay(self, failures: int) -> float:
        """Returns the seconds to wait after the n-th failure, counted from 1."""
        steps = {"exponential": 2.0 ** min(failures - 1, 1000), "linear": float(failures), "fixed": 1.0}[self.backoff]
        seconds = min(self.base * steps, self.cap)
        if not self.jitter:
            return seconds
        return random.uniform(0.5 * seconds, min(1.5 * seconds, self.cap))  # noqa: S311 no secret

    def as_dict(self) -> dict[str, Any]:
        """Returns the policy as its row keeps it."""
        result: dict[str, Any] = msgspec.to_builtins(self)
        return result


class RetryJob(JobError):
    """The job asks to be run again later.

    For a job to raise, with or without a retry policy. One that asks more than five times (or its
    policy's `max`) is failed.
    """

    def __init__(self, message: str | None = None, /, *, after: float | timedelta = 0, **context: Any) -> None:
        """Builds the request.

        Args:
            message: why, for the job's row.
            after: seconds, or a timedelta.
            context: structured facts.
        Raises:
            JobArgumentError: `after` is neither, or negative, or more than a year.
        """
        seconds = after.total_seconds() if isinstance(after, timedelta) else after
        if not _is_number(seconds) or not 0 <= seconds <= LONGEST_DELAY_S:
            raise JobArgumentError(f"RetryJob(after={after!r}): give seconds, at least 0 and at most a year")
        super().__init__(message, after=seconds, **context)
        self.after = float(seconds)


def policy(value: int | Retry | None) -> dict[str, Any] | None:
    """Returns what the call said about retries as its row keeps it.

    Args:
        value: a number: so many runs more, with the default delays.
    Raises:
        JobArgumentError: it is neither a number nor a Retry, or makes no sense.
    """
    if value is None or value is False:
        return None
    made = Retry(max=value) if isinstance(value, int) and value is not True else value
    if not isinstance(made, Retry):
        raise JobArgumentError(f"retry={value!r}: give a number of further runs, or Retry(max=..., backoff=...)")
    try:
        msgspec.convert(made.as_dict(), Retry)
    except msgspec.ValidationError as error:
        raise JobArgumentError(f"retry={value!r}: {error}") from error
    if made.max < 0 or not 0 <= made.base <= LONGEST_DELAY_S or not 0 <= made.cap <= LONGEST_DELAY_S:
        raise JobArgumentError(f"retry={value!r}: max cannot be negative; base and cap are seconds, at most a year")
    return made.as_dict() if made.max else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def from_row(value: dict[str, Any] | None) -> Retry | None:
    """Returns the policy that a row keeps."""
    return None if value is None else msgspec.convert(value, Retry)
