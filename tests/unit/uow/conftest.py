"""A unit of work over a table of numbers, for tests of the transaction alone, on each database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from doclife.database.engine import transaction
from doclife.database.link import Database
from doclife.schema.tables import background_job
from doclife.uow.unit import UnitOfWork
from tests.contract.databases import MARKED, fresh_engine

TABLE = sa.Table("numbers", sa.MetaData(), sa.Column("n", sa.Integer, primary_key=True, autoincrement=False))
IN_ORDER = sa.select(TABLE.c.n).order_by(TABLE.c.n)


class Numbers:
    """A table of numbers, and how to write and read it through a unit."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._insert = f"INSERT INTO numbers (n) VALUES ({'?' if database.dialect == 'sqlite' else '%s'})"

    def add(self, unit: UnitOfWork, n: int) -> None:
        unit.before_write()
        unit.link.run(self._insert, (n,))

    def seen_by(self, unit: UnitOfWork) -> list[int]:
        return list(unit.link.execute(IN_ORDER).scalars())

    @property
    def committed(self) -> list[int]:
        """What another connection sees; under an outer transaction, what is in it."""
        with self.database.reading() as connection:
            return list(connection.execute(IN_ORDER).scalars())


@pytest.fixture(scope="module", params=MARKED)
def engine(request, tmp_path_factory):
    """A database per module, emptied after each test."""
    with fresh_engine(request.param, tmp_path_factory.mktemp("uow")) as made:
        for table in (TABLE, background_job):
            table.create(made)
        yield made


@pytest.fixture(params=["real", "outer"])
def database(request, engine):
    """A database with its real transactions, and one under the outer transaction of a test."""
    made = Database(engine)
    if request.param == "real":
        yield made
    else:
        with engine.connect() as outer:
            outer.begin()
            if made.dialect == "sqlite":
                outer.exec_driver_sql("BEGIN IMMEDIATE")
            made.outer = outer
            yield made
    with transaction(engine) as connection:
        for table in (TABLE, background_job):
            connection.execute(sa.delete(table))


@pytest.fixture
def numbers(database):
    return Numbers(database)


@pytest.fixture
def unit(database):
    made = UnitOfWork(database, strict=True)
    yield made
    made.close()
