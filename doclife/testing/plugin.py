"""The pytest plugin: `site` and its relatives. pytest loads it at its start, so it imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from doclife.site.runtime import Site
    from doclife.testing.sandbox import SandboxSite
    from doclife.testing.templates import Templates

_APPS = "doclife_apps"
_SETTINGS = "doclife_settings"
_DB_URL = "doclife_db_url"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options that say which apps and which database the sites of tests have."""
    parser.addini(_APPS, "apps installed on the site of each test, in order", type="args", default=[])
    about_url = "server that holds the sites of tests, in databases made there and dropped again; without it SQLite"
    parser.addini(_DB_URL, about_url, type="string", default="")
    parser.addoption("--doclife-db-url", default=None, help=about_url)


def pytest_configure(config: pytest.Config) -> None:
    """Adds the markers."""
    config.addinivalue_line("markers", f"{_APPS}(*names): apps installed on the site of this test, in order")
    config.addinivalue_line("markers", f"{_SETTINGS}(**settings): settings of the site of this test")


@pytest.fixture
def doclife_apps(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The apps of the test's site: those of the nearest marker, otherwise of the ini option. May be overridden."""
    marker = request.node.get_closest_marker(_APPS)
    return tuple(marker.args) if marker is not None else tuple(request.config.getini(_APPS))


@pytest.fixture
def doclife_settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings of the test's site that are not as always: those of the markers. May be overridden."""
    settings: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(_SETTINGS))):  # the nearest last
        settings |= marker.kwargs
    return settings


@pytest.fixture
def doclife_db_url(request: pytest.FixtureRequest) -> str:
    """The server of the test's site: that of `--doclife-db-url` or of the ini option; "": SQLite. May be overridden."""
    option: str | None = request.config.getoption(_DB_URL)
    return str(request.config.getini(_DB_URL)) if option is None else option


@pytest.fixture(scope="session")
def doclife_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Templates]:
    """The migrated sites that tests begin from, one per set of apps and server; made when first needed."""
    from doclife.testing.templates import Templates

    templates = Templates(tmp_path_factory.mktemp("doclife"))
    yield templates
    templates.close()


@pytest.fixture
def site(
    doclife_templates: Templates, doclife_apps: tuple[str, ...], doclife_settings: dict[str, Any], doclife_db_url: str
) -> Iterator[SandboxSite]:
    """A site of this test's own with an open context as Administrator.

    All of the test happens inside one outer transaction that is rolled back at its end. `commit()`
    inside does what it always does, callbacks and the release of jobs included.
    """
    from doclife.testing.sandbox import sandbox

    with sandbox(doclife_templates.get(doclife_apps, doclife_db_url), doclife_settings) as opened:
        yield opened


@pytest.fixture
def use_doctypes(site: SandboxSite) -> Callable[..., None]:
    """A function that gives the site of this test document classes declared in tests, tables included."""
    return site.use


@pytest.fixture
def committed_site(
    doclife_templates: Templates,
    doclife_apps: tuple[str, ...],
    doclife_settings: dict[str, Any],
    doclife_db_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """A real site in a folder of its own, without an outer transaction and without an open context.

    For tests of real commits, of threads and of processes: `with site.work(): ...`.
    """
    from doclife.testing.sandbox import copied_site

    folder = tmp_path_factory.mktemp("sites")
    with copied_site(doclife_templates.get(doclife_apps, doclife_db_url), folder, doclife_settings) as copied:
        yield copied
