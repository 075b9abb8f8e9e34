"""Victims as tests see them, and what they have left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from redis import Redis

from doclife.doctypes.notification_log import NotificationLog
from doclife.jobs.enqueue import enqueue
from doclife.outbox.relay import Relay
from doclife.queue.rq_backend import RqBroker
from doclife.schema.tables import background_job, metadata
from doclife.site.runtime import Site
from doclife.worker.loop import WorkerLoop
from doclife.worker.presence import new_name
from doclife.worker.relaying import relay_of
from tests.integration.windows import bodies

ROOT = Path(__file__).parents[3]


def lose(dialect: Any, connection: Any) -> Exception:
    """Closes a connection; returns what the driver raises at a COMMIT whose answer never came.

    SQLite has no connection to lose: there another process is in the way.
    """
    if dialect.name != "sqlite":
        connection.driver_connection.close()
    arguments = {"postgresql": ("server closed the connection",), "mariadb": (2013, "Lost connection")}
    error: Exception = dialect.loaded_dbapi.OperationalError(*arguments.get(dialect.name, ("database is locked",)))
    if dialect.name == "sqlite":
        error.sqlite_errorname = "SQLITE_BUSY"  # type: ignore[attr-defined]
    return error


class Victims:
    """The warm parent of processes that die."""

    def __init__(self) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.windows.victim"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._pid = 0

    def close(self) -> None:
        """Ends the parent."""
        self._parent.communicate(timeout=60)

    def begin(self, do: str, sites_dir: Path, point: dict[str, Any] | None, batch: int | None, **args: Any) -> str:
        """Starts a victim and returns how it ended: "ended <status>", or "stopped"."""
        plan = {"do": do, "sites_dir": str(sites_dir), "point": point, "args": args}
        stdin, stdout = self._parent.stdin, self._parent.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(plan | ({} if batch is None else {"batch": batch})) + "\n")
        stdin.flush()
        self._pid = int(stdout.readline().removeprefix("victim "))
        return stdout.readline().strip()

    def go_on(self) -> str:
        """Wakes a victim that has stopped and returns how it ended."""
        assert self._parent.stdout is not None
        os.kill(self._pid, signal.SIGCONT)
        return self._parent.stdout.readline().strip()


class Scene:
    """One site, the processes that die on it, and what it holds."""

    def __init__(self, site: Site, victims: Victims) -> None:
        self.site = site
        self.victims = victims
        #: name of the worker that `work` starts next
        self.worker = new_name()

    @property
    def broker(self) -> RqBroker:
        broker = self.site.broker
        assert isinstance(broker, RqBroker)
        return broker

    # -- what dies -------------------------------------------------------------------------------

    def kill(self, do: str, *, batch: int | None = None, args: dict[str, Any] | None = None, **point: Any) -> None:
        """Lets a process do something and die at a point; without one it sees to that itself."""
        ended = self.victims.begin(do, self.site.sites_dir, point or None, batch, **(args or {}))
        assert ended == f"ended {-signal.SIGKILL}", f"it was not killed at {point}: {ended}"

    def kill_worker(self, **point: Any) -> None:
        """Lets a worker run what there is and die at a point."""
        self.worker = new_name()
        self.kill("work", args={"name": self.worker}, **point)

    def stop_worker(self, **point: Any) -> None:
        """Lets a worker run what there is and stand still at a point, until `go_on`."""
        self.worker = new_name()
        self.stop("work", args={"name": self.worker}, **point)

    def stop(self, do: str, args: dict[str, Any] | None = None, **point: Any) -> None:
        """Lets a process do something and stand still at a point, until `go_on`."""
        ended = self.victims.begin(do, self.site.sites_dir, point | {"action": "stop"}, None, **(args or {}))
        assert ended == "stopped", f"it did not stop at {point}: {ended}"

    def go_on(self) -> None:
        """Wakes the process that stands still and waits for its end."""
        assert (ended := self.victims.go_on()) == "ended 0", ended

    # -- what goes on ----------------------------------------------------------------------------

    def enqueue(self, body: str = "note", **terms: Any) -> str:
        """Enqueues a job in a transaction of its own and returns its id."""
        with self.site.work():
            return str(enqueue(getattr(bodies, body), **({"key": "job"} | terms)).id)

    def relay(self, *, grace_s: float = 0) -> Relay:
        """Returns another process's relay."""
        return relay_of(self.site, new_name(), grace_s=grace_s)

    def bury(self) -> int:
        """Rescues the jobs of the killed worker at once, as its supervisor does."""
        return self.relay().rescuer.bury([self.worker])

    def drain(self) -> int:
        """Lets a healthy worker run everything that the broker holds, and returns how many jobs it ran."""
        return WorkerLoop(self.site, burst=True).run()

    # -- what there is ---------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """The number of ids in the default queue."""
        return self.broker.depth("default")

    @property
    def popped(self) -> list[str]:
        """The ids that the killed worker had popped and not done."""
        with self.client() as client:
            return [str(each) for each in client.lrange(f"doclife:proc:{self.worker}", 0, -1)]

    @contextmanager
    def client(self) -> Iterator[Any]:
        """Opens the server itself."""
        with Redis.from_url(self.broker.url, decode_responses=True) as client:
            yield client

    def jobs(self) -> list[Any]:
        """Returns the rows of all jobs, oldest first."""
        with self.site.database.reading() as connection:
            return list(connection.execute(sa.select(background_job).order_by(background_job.c.name)))

    def job(self, id: str | None = None) -> Any:
        """Returns the row of a job, or of the only one."""
        found = [job for job in self.jobs() if id in (None, job.name)]
        assert len(found) == 1, found
        return found[0]

    def states(self) -> list[str]:
        """Returns the statuses of all jobs, oldest first."""
        return [job.status for job in self.jobs()]

    @property
    def notes(self) -> list[str]:
        """What documents and jobs have left, sorted."""
        with self.site.database.reading() as connection:
            return sorted(connection.execute(sa.select(NotificationLog.__table__.c.subject)).scalars())

    def count(self, table: str) -> int:
        """Returns the number of rows of a table."""
        with self.site.database.reading() as connection:
            query = sa.select(sa.func.count()).select_from(metadata.tables[table])
            return int(connection.execute(query).scalar_one())
