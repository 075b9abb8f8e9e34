"""Processes at work on a site of their own, with an embedded broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doclife.queue.embedded import Lease, acquire
from doclife.site.runtime import Site
from tests.integration.worker_processes import Workers


@pytest.fixture
def lease(committed_site: Site) -> Iterator[Lease]:
    """The site's broker, which runs as long as the test does."""
    with acquire(committed_site.sites_dir) as lease:
        yield lease
        committed_site.close()
        lease.release(wait_s=10)


@pytest.fixture
def isolation() -> str:
    """Of the workers; `BOTH` tries a test with each kind."""
    return "inproc"


@pytest.fixture
def workers(committed_site: Site, lease: Lease, tmp_path: Path, isolation: str) -> Iterator[Workers]:
    """Starts processes of the site; those that are left at the end are ended."""
    workers = Workers(committed_site, tmp_path, isolation)
    yield workers
    workers.end()
