"""Worker processes of a test's site, as tests see and kill them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from doclife.jobs.enqueue import enqueue
from doclife.jobs.listing import list_jobs
from doclife.site.runtime import Site
from tests.contract.brokers import until

ROOT = Path(__file__).parents[2]

#: seconds until two processes must have started on a busy machine
SECONDS = 40


class Workers:
    """Processes on one site, and what their jobs have left."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, *options: str, module: str = "doclife.worker.main") -> subprocess.Popen[bytes]:
        """Starts a worker process, or another module."""
        command = [sys.executable, "-m", module, "--site", self.site.name, "--sites-dir", str(self.site.sites_dir)]
        with (self.folder / "workers.log").open("ab") as log:
            process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=log, stderr=log)
        self._processes.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """Ends a process as a deployment does and returns its exit code."""
        process.terminate()
        return process.wait(timeout=SECONDS)

    def end(self) -> None:
        """Ends what is left."""
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            process.wait(timeout=SECONDS)
        log = self.folder / "workers.log"
        assert not log.exists() or "Traceback" not in log.read_text(), log.read_text()

    def enqueue(self, method: Callable[..., Any], **terms: Any) -> str:
        """Enqueues a job in a transaction of its own and returns its id."""
        with self.site.work():
            return str(enqueue(method, **terms).id)

    def job(self, id: str) -> Any:
        """Returns the row of a job."""
        with self.site.database.reading() as connection:
            query = 'SELECT * FROM "tabBackground Job" WHERE name = ?'
            return connection.exec_driver_sql(query, (id,)).mappings().one()

    def until_ended(self, *ids: str) -> None:
        """Waits until jobs have ended, all of the site for none."""

        def ended() -> bool:
            open_jobs = {job.id for job in list_jobs(self.site.database, status=["queued", "started"], limit=10_000)}
            return not open_jobs.intersection(ids) if ids else not open_jobs

        until(ended, SECONDS)

    @property
    def notes(self) -> list[str]:
        """What the jobs have left, sorted."""
        with self.site.database.reading() as connection:
            rows = connection.exec_driver_sql('SELECT subject FROM "tabNotification Log" ORDER BY subject')
            return [row.subject for row in rows]

    def count(self, table: str) -> int:
        """Returns the number of rows of a table."""
        with self.site.database.reading() as connection:
            return int(connection.exec_driver_sql(f'SELECT count(*) FROM "{table}"').scalar_one())


def kill(pid: int) -> None:
    """Kills a process without a chance to clean up."""
    os.kill(pid, signal.SIGKILL)
