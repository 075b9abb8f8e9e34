"""The project in which the command line is tried out."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
import structlog

from tests.unit.cli.project import FILES, Project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with two apps and the site "one", on which both are installed; tests only read it."""
    made = Project(tmp_path_factory.mktemp("project"))
    made.write(FILES)
    sys.path.insert(0, str(made.folder))
    try:
        made.ok("makemigrations", "cli_outlets", "-m", "initial")
        made.ok("new-site", "one", "--install-app", "cli_outlets", "--install-app", "cli_royalties")
        yield made
    finally:
        sys.path.remove(str(made.folder))


@pytest.fixture
def fresh(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project folder of the test's own, without sites; the two apps can be imported."""
    return Project(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """Gives the logs back: commands send them to a stream that ends with the command."""
    yield
    structlog.reset_defaults()
