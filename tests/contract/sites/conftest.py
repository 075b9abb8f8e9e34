"""Sites on each database, with apps that extend each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from doclife.site.load import forget_site, load_site
from doclife.site.runtime import Site
from doclife.site.setup import new_site
from tests.contract.databases import MARKED, fresh_database
from tests.contract.sites.apps import make_apps

MakeSite = Callable[..., Site]


@pytest.fixture(scope="session")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the apps, which can be imported."""
    folder = tmp_path_factory.mktemp("apps")
    make_apps(folder)
    return folder


@pytest.fixture(params=MARKED)
def backend(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    return str(request.param)


def _forget(name: str, folder: Path) -> None:
    if (folder / name).exists():  # the test may have dropped it, or loaded it anew
        forget_site(load_site(name, folder))


@pytest.fixture
def make_site(apps: Path, backend: str, tmp_path: Path) -> Iterator[MakeSite]:
    """Makes sites, each in a database of its own: `make_site("name", "app", ...)`."""
    with ExitStack() as stack:

        def make(name: str, *names: str, **options: str) -> Site:
            (tmp_path / name).mkdir()
            url = stack.enter_context(fresh_database(backend, tmp_path / name))
            site = new_site(name, tmp_path / "sites", db_url=url, apps=names, **options)
            stack.callback(_forget, name, tmp_path / "sites")
            return site

        yield make
