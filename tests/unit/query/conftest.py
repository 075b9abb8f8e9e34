"""The tables of the kit on each database: one database per module, emptied after each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from doclife.core.context import Context
from doclife.database.engine import transaction
from tests.contract.databases import MARKED, fresh_engine
from tests.unit.query.kit import TABLES, site_on


@pytest.fixture(scope="module", params=MARKED)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """A database of the module's own."""
    folder: Path = tmp_path_factory.mktemp("query")
    with fresh_engine(request.param, folder) as made:
        yield made


@pytest.fixture
def context(engine: sa.Engine) -> Iterator[Context]:
    """An open context over it."""
    with site_on(engine) as opened:
        yield opened
    with transaction(engine) as connection:
        for table in TABLES:
            connection.execute(sa.delete(table))
