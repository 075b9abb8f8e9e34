"""The fresh site of the main job: made at the beginning, removed at the end."""

from __future__ import annotations

import shlex
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import doclife
from doclife.utils import generate_hash
from example_app.demo.processes import CommandFailed, Processes

QUEUES = "short,default,long"
#: seconds until a worker must be there
START_S = 60
#: seconds between two looks
LOOK_S = 0.05
#: seconds that a folder may take to go: the broker's keeper leaves it in its own time
REMOVE_S = 10
#: what ends the main job early
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Place:
    """A site with a worker and a scheduler, for the block.

    Order: the site is made when the block begins. At its end, however it ends, the processes are
    stopped, and unless it is kept the site goes with its tables.
    """

    def __init__(self, sites_dir: Path | None, *, db_url: str = "", redis_url: str = "", keep: bool = False) -> None:
        """Makes nothing yet.

        Args:
            sites_dir: None: a folder among the system's temporary ones.
            db_url: empty: SQLite in the site's folder.
            redis_url: empty: the embedded Valkey.
            keep: whether the site stays.
        """
        self.db_url, self.redis_url, self.keep = db_url, redis_url, keep
        self._made_folder = sites_dir is None or not sites_dir.exists()
        self.sites_dir = (sites_dir or Path(tempfile.mkdtemp(prefix="doclife-example-"))).absolute()
        # a server that others use too: the site's name is that of its queues there
        self.site = f"franchise-{generate_hash(length=8)}" if redis_url else "franchise"
        self.processes = Processes(self.sites_dir, self.site, self.sites_dir / self.site / "logs")
        self._had_site = (self.sites_dir / self.site).exists()
        self._loaded: Any = None

    def __enter__(self) -> Self:
        try:
            options = [("--db-url", self.db_url), ("--redis-url", self.redis_url)]
            given = [word for name, value in options if value for word in (name, value)]
            self.processes.run("new-site", self.site, *given, "--install-app", "example_app")
            self.processes.start("worker", "worker", "--queue", QUEUES)
            self.processes.start("scheduler", "scheduler", "run")
            self.wait_until(self._has_worker, START_S, "no worker has come up")
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    @property
    def console(self) -> str:
        """The command that opens a console on the site, as a shell takes it."""
        return shlex.join(["doclife", "--sites-dir", str(self.sites_dir), "--site", self.site, "console"])

    def connect(self) -> AbstractContextManager[Any]:
        """Returns a context on the site, as Administrator."""
        # what is committed while no broker runs waits until the relay compares, half a minute later
        return doclife.connect(self.site, sites_dir=self.sites_dir, start_broker=True)

    def wait_until(self, done: Callable[[], bool], limit_s: float, problem: str) -> None:
        """Waits for something that the processes do.

        Raises:
            CommandFailed: it does not come within `limit_s` seconds, or a process has ended.
        """
        deadline = time.monotonic() + limit_s
        while not done():
            self.processes.check()
            if time.monotonic() >= deadline:
                raise CommandFailed(
                    f"{problem} within {limit_s} s. The worker's last words:\n{self.processes.tail('worker')}"
                )
            time.sleep(LOOK_S)

    def _has_worker(self) -> bool:
        with self.connect() as context:
            self._loaded = context.site
            return bool(doclife.db.sql("SELECT name FROM `tabWorker`"))

    def _leave(self) -> None:
        with _undisturbed():
            self.processes.stop()
            if self._loaded is not None:
                self._loaded.close()
            ours = not self._had_site and (self.sites_dir / self.site).exists()
            if self.keep and ours:
                return
            try:
                if ours:
                    self.processes.run("drop-site", self.site, "--yes", "--force")
            finally:
                if self._made_folder:
                    _remove(self.sites_dir)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Lets Ctrl-C and the like wait until the block has ended: tidying up is not left halfway."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in INTERRUPTIONS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _remove(folder: Path) -> None:
    deadline = time.monotonic() + REMOVE_S
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=time.monotonic() < deadline)
        time.sleep(LOOK_S)
