"""Which workers live: a row each, and on SQLite a file that the living hold locked; and asking one of them.

On a server the row's heartbeat tells. On SQLite it could not: a job that has written holds the
only writer lock for as long as it runs, and its worker's heartbeat would wait behind it. There all
workers are on one host, and the operating system frees a lock when its holder dies.

A question to a worker goes the same way, never through the broker: a job can be cancelled while
that is down. A worker has room for one question; who gets no answer asks again.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakSet

from sqlalchemy import delete, select, update

from doclife.core import clock, json
from doclife.core.locks import FileLock
from doclife.database.link import Database
from doclife.database.now import database_now
from doclife.schema.tables import worker as worker_table

#: seconds between two heartbeats in a worker's row
HEARTBEAT_S = 10.0
#: seconds without a heartbeat after which a worker is dead
DEAD_AFTER_S = 45.0

#: seconds to wait for the lock of a worker's file, which somebody may look at in this moment
LOOK_S = 1.0
#: endings of the files beside a worker's
_ASKED, _ANSWER = ".asked", ".answer"

_worker = worker_table.c


class Liveness(Protocol):
    """How workers show that they live."""

    def hold(self, worker: str) -> None:
        """Shows that this process's worker lives, until `let_go` or its death."""
        ...

    def let_go(self, worker: str) -> None:
        """Ends that."""
        ...

    def beat(self, worker: str) -> bool:
        """Renews the heartbeat; returns whether the worker's row is still there."""
        ...

    def dead(self, workers: Iterable[str]) -> set[str]:
        """Returns those that do not live."""
        ...

    def forget(self, worker: str) -> None:
        """Removes what a dead worker has left. Order: when its jobs are rescued, which may need what it was asked."""
        ...

    def ask(self, worker: str, request: dict[str, Any]) -> bool:
        """Asks a worker for something: `{"cancel": job_id, "fence": n}` or `{"stack": job_id}`.

        It looks once a second while it runs a job. An older request that it has not seen is lost.

        Returns:
            Whether there is such a worker.
        """
        ...

    def asked(self, worker: str) -> dict[str, Any] | None:
        """Takes what the worker is asked for, or None. Order: by the worker, or by whoever has found it dead."""
        ...

    def answer(self, worker: str, text: str) -> None:
        """Answers the last request."""
        ...

    def answered(self, worker: str) -> str | None:
        """Returns the answer to the last request, or None: there is none yet."""
        ...


class Heartbeats:
    """Liveness by the row's heartbeat: for workers on any number of hosts."""

    def __init__(self, database: Database) -> None:
        """Reads and writes the rows of `database`."""
        self._database = database

    def hold(self, worker: str) -> None:
        """Needs nothing: the row comes with the registration."""

    def let_go(self, worker: str) -> None:
        """Needs nothing: the row goes with the registration."""

    def beat(self, worker: str) -> bool:
        """Renews the heartbeat; returns whether the worker's row is still there."""
        statement = (
            update(worker_table).where(_worker.name == worker).values(heartbeat=database_now(self._database.dialect))
        )
        with self._database.transaction() as connection:
            return connection.execute(statement).rowcount == 1

    def dead(self, workers: Iterable[str]) -> set[str]:
        """Returns those without a row or with a heartbeat older than 45 s."""
        wanted = set(workers)
        oldest = database_now(self._database.dialect, -DEAD_AFTER_S)
        living = select(_worker.name).where(_worker.name.in_(wanted), _worker.heartbeat > oldest)
        with self._database.reading() as connection:
            return wanted.difference(connection.execute(living).scalars())

    def forget(self, worker: str) -> None:
        """Needs nothing: all goes with the row."""

    def ask(self, worker: str, request: dict[str, Any]) -> bool:
        """Writes the request into the worker's row; returns whether it has one."""
        return self._set(worker, asked=json.dumps(request), answer=None)

    def asked(self, worker: str) -> dict[str, Any] | None:
        """Takes the request from the worker's row, or None."""
        with self._database.reading() as connection:
            text = connection.execute(select(_worker.asked).where(_worker.name == worker)).scalar()
        if text is None:
            return None
        # A request that replaces this one in this moment stays for the next look.
        seen = update(worker_table).where(_worker.name == worker, _worker.asked == text).values(asked=None)
        with self._database.transaction() as connection:
            connection.execute(seen)
        request: dict[str, Any] = json.loads(text)
        return request

    def answer(self, worker: str, text: str) -> None:
        """Writes the answer into the worker's row."""
        self._set(worker, answer=text)

    def answered(self, worker: str) -> str | None:
        """Returns the answer in the worker's row, or None."""
        with self._database.reading() as connection:
            return connection.execute(select(_worker.answer).where(_worker.name == worker)).scalar()

    def _set(self, worker: str, **values: str | None) -> bool:
        with self._database.transaction() as connection:
            done = connection.execute(update(worker_table).where(_worker.name == worker).values(values))
        return done.rowcount == 1


class FileLocks:
    """Liveness by a locked file each: for workers on one host."""

    def __init__(self, folder: Path) -> None:
        """Keeps the files in `folder`, which is made when the first worker comes."""
        self._folder = folder
        self._held: dict[str, FileLock] = {}
        _in_this_process.add(self)

    def leave_to_parent(self) -> None:
        """Holds nothing any more in a forked child: the worker is dead when its own process is, whoever lives on."""
        for lock in self._held.values():
            lock.close()
        self._held.clear()

    def hold(self, worker: str) -> None:
        """Locks the worker's file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = self._take(worker, wait_s=LOOK_S)
        assert lock is not None, f"two workers are named {worker}"
        self._held[worker] = lock

    def let_go(self, worker: str) -> None:
        """Removes the worker's file."""
        lock = self._held.pop(worker, None)
        if lock is not None:
            self._remove(lock, worker, _ASKED, _ANSWER)

    def beat(self, worker: str) -> bool:
        """Needs nothing: the lock lasts."""
        return True

    def dead(self, workers: Iterable[str]) -> set[str]:
        """Returns those whose file is not locked; their files are removed."""
        return {worker for worker in workers if self._is_dead(worker)}

    def _is_dead(self, worker: str) -> bool:
        if not (self._folder / worker).exists():
            return True
        lock = self._take(worker)
        if lock is None:
            return False
        self._remove(lock, worker, _ANSWER)  # what it was asked, its rescuer takes
        return True

    def forget(self, worker: str) -> None:
        """Removes the files of a worker that is dead; of one that lives nothing."""
        if worker in self._held or not self._folder.exists():
            return
        lock = self._take(worker, wait_s=LOOK_S)
        if lock is not None:
            self._remove(lock, worker, _ASKED, _ANSWER)

    def _take(self, worker: str, *, wait_s: float = 0) -> FileLock | None:
        """Locks a worker's file, which is made if it is not there; returns None where another process has it."""
        while True:
            lock = FileLock(self._folder / worker)
            if not lock.wait(wait_s):
                lock.close()
                return None
            if lock.is_current():
                return lock
            lock.close()  # who had it locked has removed it meanwhile

    def _remove(self, lock: FileLock, worker: str, *beside: str) -> None:
        """Removes a worker's file and those beside it, while it is locked: who waits for it finds that it is gone."""
        try:
            for suffix in beside:
                self._beside(worker, suffix).unlink(missing_ok=True)
            lock.path.unlink(missing_ok=True)
        finally:
            lock.close()

    def ask(self, worker: str, request: dict[str, Any]) -> bool:
        """Writes the request into a file beside the worker's; returns whether it has one."""
        if not (self._folder / worker).exists():
            return False
        self._beside(worker, _ANSWER).unlink(missing_ok=True)
        self._write(self._beside(worker, _ASKED), json.dumps(request))
        return True

    def asked(self, worker: str) -> dict[str, Any] | None:
        """Takes the request from its file, or None."""
        path = self._beside(worker, _ASKED)
        taken = path.with_suffix(".taken")
        try:
            path.replace(taken)
        except FileNotFoundError:
            return None
        request: dict[str, Any] = json.loads(taken.read_text())
        taken.unlink(missing_ok=True)
        return request

    def answer(self, worker: str, text: str) -> None:
        """Writes the answer into a file beside the worker's."""
        self._write(self._beside(worker, _ANSWER), text)

    def answered(self, worker: str) -> str | None:
        """Returns the answer in its file, or None."""
        try:
            return self._beside(worker, _ANSWER).read_text()
        except FileNotFoundError:
            return None

    def _beside(self, worker: str, suffix: str) -> Path:
        return self._folder / f"{worker}{suffix}"  # no name of a worker has a dot

    def _write(self, path: Path, text: str) -> None:
        """Replaces a file as a whole: nobody reads half of it."""
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(text)
        new.replace(path)


_in_this_process: WeakSet[FileLocks] = WeakSet()


def _leave_to_parent() -> None:
    for each in list(_in_this_process):
        each.leave_to_parent()


os.register_at_fork(after_in_child=_leave_to_parent)


def liveness_of(database: Database, folder: Path) -> Liveness:
    """Returns how the workers of a site show that they live.

    Args:
        database: the site's.
        folder: the site's own.
    """
    return FileLocks(folder / "workers") if database.dialect == "sqlite" else Heartbeats(database)


def register(database: Database, worker: str, *, pid: int, queues: Sequence[str], isolation: str) -> None:
    """Writes a worker's row.

    Args:
        database: the site's.
        worker: a name that no other worker has or had.
        pid: of its process.
        queues: it serves.
        isolation: inproc, fork or inline.
    Order: after it holds its liveness, before its first claim.
    """
    values = {
        "name": worker,
        "host": socket.gethostname()[:140],
        "pid": pid,
        "queues": json.pack(list(queues)),
        "isolation": isolation,
        "started_at": clock.utc_now(),
        "heartbeat": database_now(database.dialect),
    }
    with database.transaction() as connection:
        connection.execute(worker_table.insert().values(values))


def unregister(database: Database, worker: str) -> None:
    """Removes a worker's row."""
    with database.transaction() as connection:
        connection.execute(delete(worker_table).where(_worker.name == worker))


def registered(database: Database) -> list[str]:
    """Returns the names of all workers that have a row, dead ones too."""
    with database.reading() as connection:
        return list(connection.execute(select(_worker.name).order_by(_worker.started_at)).scalars())
