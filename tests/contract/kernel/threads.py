"""Threads with a context of their own each, whose failure is the test's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from doclife.core.context import Context, activate
from doclife.uow.unit import UnitOfWork

#: seconds that a rival has at most
SECONDS = 60


def in_context(site: Any, work: Callable[[], Any]) -> Any:
    """Runs work in a context of its own; what it has not committed is rolled back."""
    context = Context(site)
    context.unit = UnitOfWork(site.database, strict=True)
    with activate(context):
        try:
            return work()
        finally:
            context.unit.close()


class Rivals:
    """Works side by side: each in a thread and a context of its own."""

    def __init__(self, site: Any, most: int = 4) -> None:
        self._site = site
        self._pool = ThreadPoolExecutor(most)

    def __enter__(self) -> Rivals:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def start(self, work: Callable[[], Any]) -> Future[Any]:
        return self._pool.submit(in_context, self._site, work)

    def run(self, *works: Callable[[], Any]) -> list[Any]:
        """Runs all at once, and returns what they return; raises what the first failed one raised."""
        return [each.result(SECONDS) for each in [self.start(work) for work in works]]
