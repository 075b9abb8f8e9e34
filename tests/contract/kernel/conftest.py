"""Documents on every database: one database per module, emptied after each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from doclife.core.context import Context, activate
from doclife.core.settings import Settings
from doclife.database.engine import transaction
from doclife.database.link import Database
from doclife.events.registry import Registry
from doclife.schema.tables import background_job, lease, metadata, series
from doclife.uow.unit import UnitOfWork
from tests.contract.databases import MARKED, fresh_engine
from tests.unit.model import shop

CLASSES: list[Any] = [*shop.ALL, shop.ShopRow, shop.ShopTax]
TABLES = [*(cls.__table__ for cls in CLASSES), series, background_job, lease]


@pytest.fixture(scope="module", params=MARKED)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    folder: Path = tmp_path_factory.mktemp("kernel")
    with fresh_engine(request.param, folder) as made:
        metadata.create_all(made, TABLES)
        yield made


@pytest.fixture
def shop_site(engine: sa.Engine) -> Iterator[SimpleNamespace]:
    """A site of the shop's types without apps, over the module's database."""
    doctypes = {cls.meta.doctype: cls for cls in CLASSES}
    database = Database(engine)
    yield SimpleNamespace(
        name="kernel.test",
        settings=Settings(),
        doctypes=doctypes,
        registry=Registry([], doctypes),
        plans={},
        cache={},
        database=database,
    )
    database.apart.close()
    with transaction(engine) as connection:
        for table in TABLES:
            connection.execute(sa.delete(table))


@pytest.fixture
def context(shop_site: SimpleNamespace) -> Iterator[Context]:
    made = Context(shop_site)
    made.unit = UnitOfWork(shop_site.database, strict=True)
    with activate(made):
        try:
            yield made
        finally:
            made.unit.close()


@pytest.fixture
def unit(context: Context) -> UnitOfWork:
    found: UnitOfWork = context.unit
    return found
