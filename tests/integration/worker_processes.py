"""Worker processes of a test's site, as tests see and kill them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from doclife.doctypes.notification_log import NotificationLog
from doclife.jobs.enqueue import enqueue
from doclife.jobs.listing import list_jobs
from doclife.schema.tables import background_job, metadata
from doclife.site.runtime import Site
from tests.contract.brokers import until

ROOT = Path(__file__).parents[2]

#: seconds until two processes must have started on a busy machine
SECONDS = 40

#: both kinds of workers; the second, with a process of its own for each job, is slower to try
BOTH = pytest.mark.parametrize("isolation", ["inproc", pytest.param("fork", marks=pytest.mark.slow)])


class Workers:
    """Processes on one site, and what their jobs have left."""

    def __init__(self, site: Site, folder: Path, isolation: str = "inproc") -> None:
        self.site = site
        self.folder = folder
        self.isolation = isolation
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, *options: str, module: str = "doclife.worker.main") -> subprocess.Popen[bytes]:
        """Starts a worker process, or another module."""
        command = [sys.executable, "-m", module, "--site", self.site.name, "--sites-dir", str(self.site.sites_dir)]
        if module == "doclife.worker.main":
            command += ["--isolation", self.isolation]
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
            query = sa.select(background_job).where(background_job.c.name == id)
            return connection.execute(query).mappings().one()

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
            subject = NotificationLog.__table__.c.subject
            return list(connection.execute(sa.select(subject).order_by(subject)).scalars())

    def count(self, table: str) -> int:
        """Returns the number of rows of a table."""
        with self.site.database.reading() as connection:
            query = sa.select(sa.func.count()).select_from(metadata.tables[table])
            return int(connection.execute(query).scalar_one())


def kill(pid: int) -> None:
    """Kills a process without a chance to clean up."""
    os.kill(pid, signal.SIGKILL)
