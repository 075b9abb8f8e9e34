"""An outbox in a database of its own: staged, claimed, looked at."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine, select

from doclife.database.link import Database
from doclife.outbox.claim import ClaimedJob
from doclife.outbox.release import release_staged
from doclife.outbox.staging import StagedJob
from doclife.outbox.workers import register
from doclife.queue.memory import MemoryBroker
from doclife.schema.tables import background_job, lease, metadata, scheduled_job_log, scheduled_job_run, worker
from doclife.uow.unit import UnitOfWork

TABLES = [background_job, lease, scheduled_job_log, scheduled_job_run, worker]


class Outbox:
    """The tables of jobs on one engine, a memory broker, and a table of effects."""

    def __init__(self, engine: Engine) -> None:
        self.database = Database(engine)
        self.broker = MemoryBroker("site")
        self.effects = sa.Table("effects", sa.MetaData(), sa.Column("key", sa.String(200)))
        metadata.create_all(engine, tables=TABLES)
        self.effects.metadata.create_all(engine)

    def empty(self) -> None:
        """Removes all rows."""
        with self.database.transaction() as connection:
            for table in (*TABLES, self.effects):
                connection.execute(sa.delete(table))

    def unit(self) -> UnitOfWork:
        return UnitOfWork(
            self.database, strict=True, release=lambda jobs: release_staged(self.broker, jobs, time_zone="UTC")
        )

    def stage(self, *jobs: StagedJob, released: bool = True) -> list[str]:
        """Commits jobs and returns their ids."""
        unit = self.unit()
        if not released:
            self.broker.down = True
        for each in jobs:
            unit.stage(each)
        unit.commit()
        unit.close()
        self.broker.down = False
        return [each.id for each in jobs]

    def worker(self, name: str) -> str:
        register(self.database, name, pid=1, queues=["default"], isolation="inproc")
        return name

    def row(self, id: str) -> Any:
        with self.database.reading() as connection:
            return connection.execute(select(background_job).where(background_job.c.name == id)).one()

    def ids(self, status: str) -> list[str]:
        query = select(background_job.c.name).where(background_job.c.status == status).order_by(background_job.c.name)
        with self.database.reading() as connection:
            return list(connection.execute(query).scalars())

    def keys(self) -> list[str]:
        """Returns the effects."""
        with self.database.reading() as connection:
            return sorted(connection.execute(select(self.effects.c.key)).scalars())

    def record_dead(self, connection: sa.Connection, job: ClaimedJob, reason: str) -> list[StagedJob]:
        connection.execute(self.effects.insert().values(key=f"dead {job.method}"))
        return []


def job(method: str = "app.tasks.run", **terms: Any) -> StagedJob:
    """Returns a job with the terms that a test does not care for."""
    values = {"queue": "default", "kwargs": "{}", "run_as": "Administrator", "timeout": 300} | terms
    return StagedJob(method=method, **values)
