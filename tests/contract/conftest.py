"""An outbox on every database: one database per process and kind, emptied after each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.contract.databases import MARKED, fresh_engine
from tests.contract.outbox import Outbox


@pytest.fixture(scope="session", params=MARKED)
def outbox_engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    folder: Path = tmp_path_factory.mktemp("outbox")
    with fresh_engine(request.param, folder) as engine:
        yield engine


@pytest.fixture
def outbox(outbox_engine: sa.Engine) -> Iterator[Outbox]:
    made = Outbox(outbox_engine)
    yield made
    made.empty()
