"""A database with the tables of the kit, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doclife.core.context import Context
from tests.contract.databases import fresh_engine
from tests.unit.query.kit import site_on


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    with fresh_engine("sqlite", tmp_path) as engine, site_on(engine) as opened:
        yield opened
