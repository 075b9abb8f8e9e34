"""Whatever is nested in whatever, and wherever it fails: what survives is what a plain model says."""

from __future__ import annotations

import pytest

from tests.property.transactions import TABLES, MachineItem, prepare, search

pytestmark = pytest.mark.slow_on_servers


@pytest.fixture(params=["real", "outer"])
def world(request, committed_site):
    """A site with real transactions, and one inside the outer transaction of a test."""
    if request.param == "outer":
        site = request.getfixturevalue("site")
        site.use(MachineItem)
        prepare(site)
        yield site
        return
    for table in TABLES:
        table.create(committed_site.database.engine)
    prepare(committed_site)
    with committed_site.work():
        yield committed_site


def test_what_survives_is_what_the_model_says(world):
    search(world, max_examples=250, derandomize=True)


@pytest.mark.slow
def test_what_survives_is_what_the_model_says_in_many_random_trials(world):
    search(world, max_examples=3000)
