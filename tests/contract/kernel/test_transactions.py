"""Nested operations, savepoints, failures, callbacks and jobs on every server, against a plain model."""

from __future__ import annotations

import pytest

from doclife.core.settings import Settings
from doclife.site.migrating import upgrade
from doclife.site.runtime import Site
from tests.contract.databases import fresh_database
from tests.contract.kernel.conftest import MARKED
from tests.property.transactions import TABLES, prepare, search


@pytest.fixture(params=MARKED[1:])
def site(request, tmp_path):
    with fresh_database(request.param, tmp_path) as url:
        made = Site("machine", tmp_path, Settings(db_url=url, queue="memory", strict=True))
        try:
            upgrade(made)
            for table in TABLES:
                table.create(made.database.engine)
            prepare(made)
            with made.work():
                yield made
        finally:
            made.close()


def test_what_survives_is_what_the_model_says(site):
    search(site, max_examples=60, derandomize=True)


@pytest.mark.slow
def test_what_survives_is_what_the_model_says_in_many_random_trials(site):
    search(site, max_examples=1000)
