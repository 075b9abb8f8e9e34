"""The tests of queries again, on the servers: one database per module, emptied after each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from doclife.core.context import Context
from doclife.database.engine import transaction
from tests.contract.databases import fresh_engine
from tests.unit.query.kit import TABLES, site_on

SERVERS = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("postgres", "mariadb")]


@pytest.fixture(scope="module", params=SERVERS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    folder: Path = tmp_path_factory.mktemp("query")
    with fresh_engine(request.param, folder) as made:
        yield made


@pytest.fixture
def context(engine: sa.Engine) -> Iterator[Context]:
    with site_on(engine) as opened:
        yield opened
    with transaction(engine) as connection:
        for table in TABLES:
            connection.execute(sa.delete(table))
