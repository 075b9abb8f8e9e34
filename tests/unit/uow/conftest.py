"""A unit of work over a table of numbers, for tests of the transaction alone."""

from __future__ import annotations

import pytest

from doclife.database.engine import create_engine
from doclife.database.link import Database
from doclife.uow.unit import UnitOfWork


class Numbers:
    """A table of numbers in a database of its own, and how to write and read it through a unit."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, unit: UnitOfWork, n: int) -> None:
        unit.before_write()
        unit.link.run("INSERT INTO numbers (n) VALUES (?)", (n,))

    def seen_by(self, unit: UnitOfWork) -> list[int]:
        return [row[0] for row in unit.link.rows("SELECT n FROM numbers ORDER BY n")]

    @property
    def committed(self) -> list[int]:
        """What another connection sees; under an outer transaction, what is in it."""
        with self.database.reading() as connection:
            return [row[0] for row in connection.exec_driver_sql("SELECT n FROM numbers ORDER BY n")]


@pytest.fixture(params=["real", "outer"])
def database(request, tmp_path):
    """A database with its real transactions, and one under the outer transaction of a test."""
    made = Database(create_engine(f"sqlite:///{tmp_path / 'unit.db'}"))
    with made.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
        connection.commit()
    if request.param == "real":
        yield made
    else:
        with made.engine.connect() as outer:
            outer.begin()
            outer.exec_driver_sql("BEGIN IMMEDIATE")
            made.outer = outer
            yield made
    made.close()


@pytest.fixture
def numbers(database):
    return Numbers(database)


@pytest.fixture
def unit(database):
    made = UnitOfWork(database, strict=True)
    yield made
    made.close()
