"""What is done to the processes, at random: a plan of the kinds, drawn from the seed, and victims as they are found."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from redis import Redis, RedisError
from sqlalchemy.exc import DBAPIError

from doclife.core.clock import monotonic
from doclife.core.errors import DoclifeError
from doclife.database.engine import create_engine
from doclife.schema.tables import background_job, worker
from doclife.site.runtime import Site
from tests.integration.chaos.processes import Processes, send

#: kinds of faults, and how often they come
KINDS = {
    "worker": 6, "horse": 3, "supervisor": 2, "scheduler": 2, "relay": 1, "writer": 4,
    "server": 2, "keeper": 1, "broker": 1, "flush": 2,
    "stop worker": 2, "stop scheduler": 1, "stop server": 1, "terminate": 1, "connections": 2,
}  # fmt: skip

#: of these, those that kill
KILLS = ("worker", "horse", "supervisor", "scheduler", "relay", "writer", "server", "keeper", "broker")
#: those done to workers; while fewer than so many can take a job nothing more is done to them: a machine on
#: which it takes ten seconds to start a process would have none that works
TO_WORKERS = ("worker", "horse", "relay", "supervisor", "stop worker", "terminate")
FEWEST_SERVING = 2


class Faults:
    """Kills, stops, wipes and cuts."""

    def __init__(
        self,
        processes: Processes,
        url: str,
        site: Site,
        seed: int,
        mean_s: float,
        dead_after_s: float,
        only: Iterable[str] = (),
    ) -> None:
        """Prepares them.

        Args:
            processes: the victims.
            url: of the broker.
            site: that they work on.
            seed: of the plan.
            mean_s: seconds between two faults, on the average.
            dead_after_s: seconds for which a worker may be silent.
            only: kinds of faults; none: all.
        """
        self._processes, self._url, self._site, self._database = processes, url, site, site.database.engine.url
        self._random = random.Random(f"faults {seed}")
        self._mean_s, self._dead_after_s = mean_s, dead_after_s
        self._kinds = [kind for kind in (only or KINDS) if kind != "connections" or not self._is_sqlite]
        self._plan = self._planned()
        self._next_at = 0.0
        #: when stopped processes go on, by process id
        self._stopped: dict[int, float] = {}
        #: what was done, by kind
        self.done: Counter[str] = Counter()

    @property
    def _is_sqlite(self) -> bool:
        return self._database.get_backend_name() == "sqlite"

    def _planned(self) -> Iterator[str]:
        """Yields each kind once, then at random."""
        yield from self._random.sample(self._kinds, len(self._kinds))
        while True:
            yield self._random.choices(self._kinds, [KINDS[kind] for kind in self._kinds])[0]

    def begin(self, least_s: float) -> None:
        """Has the first fault come soon.

        Args:
            least_s: seconds between two faults, at least, on the average.
        """
        self._mean_s = max(self._mean_s, least_s)
        self._next_at = monotonic() + min(self._mean_s, 1)

    def look(self) -> None:
        """Does what is due."""
        now = monotonic()
        for pid in [pid for pid, at in self._stopped.items() if now >= at]:
            del self._stopped[pid]
            send(pid, signal.SIGCONT)
        if now >= self._next_at:
            self._next_at = now + self._random.expovariate(1 / self._mean_s)
            kind = next(self._plan)
            if self._do(kind):
                self.done[kind] += 1

    def end(self) -> None:
        """Lets go on what is stopped."""
        for pid in self._stopped:
            send(pid, signal.SIGCONT)
        self._stopped.clear()

    def _do(self, kind: str) -> bool:
        if kind in TO_WORKERS and self._serving() < FEWEST_SERVING:
            return False
        special: dict[str, Callable[[], bool]] = {
            "broker": lambda: self._kill("keeper", all_of_them=True) | self._kill("server", all_of_them=True),
            "flush": self._flush,
            "stop worker": lambda: self._stop("worker", self._past_the_lease()),
            "stop scheduler": lambda: self._stop("scheduler", self._past_the_lease()),
            "stop server": lambda: self._stop("server", self._random.uniform(0.5, 3)),
            "terminate": lambda: self._kill("supervisor", signal.SIGTERM),
            "connections": self._cut,
        }
        return special[kind]() if kind in special else self._kill(kind)

    def _past_the_lease(self) -> float:
        # Workers of a SQLite site live as long as they hold a lock, stopped or not: there is no lease to outlast,
        # and who stops in a transaction stops everybody.
        if self._is_sqlite:
            return self._random.uniform(0.5, 3)
        return self._random.uniform(0.8, 3) * self._dead_after_s

    def _victims(self, kind: str) -> list[int]:
        found = list(self._processes.found())
        if kind not in ("horse", "relay"):
            return sorted(each.pid for each in found if each.kind == kind)
        # A worker that forks has its relay for a child, and while a job runs its horse, which came last.
        children: dict[int, list[tuple[int, int]]] = {}
        for each in found:
            if each.kind == "child":
                children.setdefault(each.parent, []).append((each.started, each.pid))
        busy = self._busy()
        horses = {max(those)[1] for parent, those in children.items() if parent in busy}
        if kind == "horse":
            return sorted(horses)
        return sorted(pid for those in children.values() for _, pid in those if pid not in horses)

    def _choice(self, victims: list[int]) -> int:
        """Returns one of them, more often one that runs a job."""
        busy = [pid for pid in victims if pid in self._busy()] if self._random.random() < 0.7 else []
        return self._random.choice(busy or victims)

    def _busy(self) -> set[int]:
        """Returns the processes of workers that run a job."""
        query = sa.select(worker.c.pid).join(background_job, background_job.c.worker == worker.c.name)
        return self._pids(query.where(background_job.c.status == "started"))

    def _serving(self) -> int:
        """Returns how many workers can take a job."""
        going_on = set(self._victims("worker")) - set(self._stopped)
        return len(going_on & self._pids(sa.select(worker.c.pid)))

    def _pids(self, query: sa.Select[Any]) -> set[int]:
        with suppress(DoclifeError), self._site.database.reading() as connection:
            return set(connection.execute(query).scalars())
        return set()

    def _kill(self, kind: str, number: int = signal.SIGKILL, *, all_of_them: bool = False) -> bool:
        victims = self._victims(kind)
        if victims and not all_of_them:
            victims = [self._choice(victims)]
        killed = [send(pid, number) for pid in victims]
        if number != signal.SIGKILL:
            for pid in victims:
                send(pid, signal.SIGCONT)
        return any(killed)

    def _stop(self, kind: str, seconds: float) -> bool:
        victims = [pid for pid in self._victims(kind) if pid not in self._stopped]
        if not victims:
            return False
        pid = self._choice(victims)
        self._stopped[pid] = monotonic() + seconds
        return send(pid, signal.SIGSTOP)

    def _flush(self) -> bool:
        with suppress(RedisError), Redis.from_url(self._url, socket_timeout=1) as server:
            return bool(server.flushall())
        return False

    def _cut(self) -> bool:
        """Cuts some of the connections to the database, as a restart of it or a firewall does."""
        postgres = self._database.get_backend_name() == "postgresql"
        find = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            if postgres
            else "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
        )
        cut = "SELECT pg_terminate_backend({})" if postgres else "KILL {}"
        engine = create_engine(self._database)
        done = False
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                found = sorted(connection.exec_driver_sql(find).scalars())
                for number in self._random.sample(found, min(len(found), self._random.randint(1, 4))):
                    with suppress(DBAPIError):  # it has ended meanwhile
                        connection.exec_driver_sql(cut.format(number))
                        done = True
        finally:
            engine.dispose()
        return done
