"""Being known as a worker: by name, in the table of workers, and alive."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from doclife.core import ids
from doclife.core.errors import DoclifeError
from doclife.core.log import get_logger
from doclife.outbox import workers
from doclife.outbox.workers import Liveness, liveness_of
from doclife.site.runtime import Site
from doclife.uow.retry import is_conflict
from doclife.worker.patience import patiently
from doclife.worker.stopping import StopFlag

NOT_REGISTERED = "worker_waits_to_be_registered"

log = get_logger(__name__)

_liveness: WeakKeyDictionary[Site, Liveness] = WeakKeyDictionary()


def new_name() -> str:
    """Returns a name that no other worker has or had."""
    host = "".join(each if each.isalnum() or each == "-" else "-" for each in socket.gethostname()[:60])
    return f"{host}-{os.getpid()}-{ids.hash_name()}"


def liveness(site: Site) -> Liveness:
    """Returns how the workers of a site show that they live; one object per site and process."""
    found = _liveness.get(site)
    if found is None:
        found = _liveness[site] = liveness_of(site.database, site.folder)
    return found


def beat(site: Site, worker: str, *, queues: Sequence[str], isolation: str) -> None:
    """Renews a worker's heartbeat, and its row if that was removed: it was silent for too long and taken for dead."""
    if not liveness(site).beat(worker):
        workers.register(site.database, worker, pid=os.getpid(), queues=queues, isolation=isolation)


@contextmanager
def present(
    site: Site, *, queues: Sequence[str], isolation: str, name: str | None = None, stop: StopFlag | None = None
) -> Iterator[str]:
    """Makes this process a worker for the block; yields its name.

    Args:
        site: whose jobs it runs.
        queues: it serves.
        isolation: inproc, fork or inline.
        name: that was chosen for it; None: a new one.
        stop: while others hold the database's locks it waits to be registered until this is set, then the block has
            nothing to do; None: it waits for about a minute.
    Raises:
        TransactionError: it could not be registered.
    """
    worker = name or new_name()
    alive = liveness(site)
    alive.hold(worker)
    try:
        registered = _register(site, worker, stop, queues=queues, isolation=isolation)
        try:
            yield worker
        finally:
            if registered:
                patiently(lambda: workers.unregister(site.database, worker))
    finally:
        alive.let_go(worker)


def _register(site: Site, worker: str, stop: StopFlag | None, *, queues: Sequence[str], isolation: str) -> bool:
    """Writes the worker's row; returns whether it did before `stop` was set."""

    def again(error: BaseException) -> bool:
        return is_conflict(error) and not (stop is not None and stop.is_set())

    while True:
        try:
            patiently(
                lambda: workers.register(site.database, worker, pid=os.getpid(), queues=queues, isolation=isolation),
                again=again,
            )
        except DoclifeError as error:
            if stop is None or not is_conflict(error):
                raise
            if stop.is_set():
                return False
            log.warning(NOT_REGISTERED, worker=worker, reason=str(error))
        else:
            return True
