"""What schedules run in tests, and what they cannot."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from doclife.events.whitelist import whitelist


def nightly() -> dict[str, int]:
    return {"done": 1}


def other() -> None: ...


constant = 3


def failing() -> None:
    raise RuntimeError("the books are locked")


def of_an_outlet(outlet: str, *, month: int, dry_run: bool = False) -> None: ...


@whitelist()
def exposed(limit: int = 5) -> None: ...


@whitelist()
def exposed_of_an_outlet(outlet: str) -> None: ...


def _with_an_outlet(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        return fn("Berlin", *args, **kwargs, month=1)

    return call


given_its_outlet = _with_an_outlet(of_an_outlet)
of_berlin = functools.partial(of_an_outlet, "Berlin", month=1)
of_any_month = functools.partial(of_an_outlet, "Berlin")


class Report:
    """A class, and what may be named through it."""

    def __call__(self) -> None: ...

    def of_this(self) -> None: ...

    @staticmethod
    def of_all() -> None: ...

    @classmethod
    def of_its_kind(cls) -> None: ...


report = Report()


async def later() -> None: ...


later_with_a_limit = functools.partial(later)


def one_by_one() -> Iterator[int]:
    yield 1


async def one_by_one_later() -> AsyncIterator[int]:
    yield 1
