"""Worker processes while their broker hangs, refuses and dies: jobs run once, and over the broker again after it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from doclife.core.clock import monotonic
from doclife.queue.embedded import acquire
from doclife.site.runtime import Site
from tests.contract.brokers import until
from tests.contract.proxy import Proxy, proxy_of
from tests.integration import job_bodies
from tests.integration.embedded_processes import Embedded, alive
from tests.integration.worker_processes import SECONDS, Workers, kill

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

#: seconds that are promised
WITHIN_S = 5

ISOLATIONS = pytest.mark.parametrize("isolation", ["inproc", "fork"])


@pytest.fixture
def workers(committed_site: Site, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(committed_site, tmp_path)
    yield workers
    workers.end()
    committed_site.close()


class TestBehindAProxy:
    @pytest.fixture
    def proxy(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
        with acquire(tmp_path_factory.mktemp("broker")) as lease, proxy_of(lease.url) as proxy:
            yield proxy

    @pytest.fixture
    def doclife_settings(self, proxy: Proxy) -> dict[str, str]:
        return {"queue": "rq", "redis_url": proxy.url}

    @ISOLATIONS
    @pytest.mark.parametrize("fault", ["swallow", "refuse", "cut_answers"])
    def test_jobs_run_while_it_lasts_and_after_it(
        self, workers: Workers, proxy: Proxy, isolation: str, fault: str
    ) -> None:
        worker = workers.start("--isolation", isolation)
        workers.until_ended(workers.enqueue(job_bodies.note, key="before"))
        getattr(proxy, fault)()
        during = [workers.enqueue(job_bodies.note_and_follow, key=f"during {n}") for n in range(4)]
        workers.until_ended(*during)
        workers.until_ended()
        proxy.heal()
        until(workers.site.broker.ping)
        after = [workers.enqueue(job_bodies.note, key=f"after {n}") for n in range(4)]
        workers.until_ended(*after)
        keys = [*(f"during {n}{more}" for n in range(4) for more in ("", ", then")), *(f"after {n}" for n in range(4))]
        assert workers.notes == sorted(["before", *keys])
        assert workers.stop(worker) == 0
        assert workers.count("tabWorker") == 0


def kill_keeper(workers: Workers, embedded: Embedded) -> None:
    """Kills the keeper and waits for the next one and its server."""
    keeper, server = embedded.keeper, embedded.server
    kill(keeper)
    until(lambda: not alive(server))
    start = monotonic()
    until(lambda: embedded.keeper != keeper and workers.site.broker.ping())
    assert monotonic() - start < WITHIN_S


@pytest.mark.doclife_settings(queue="rq")
@ISOLATIONS
def test_a_worker_elects_a_new_keeper(workers: Workers, isolation: str) -> None:
    embedded = Embedded(workers.site.sites_dir)
    worker = workers.start("--isolation", isolation)
    workers.until_ended(workers.enqueue(job_bodies.note, key="before"))
    for _ in range(2):
        kill_keeper(workers, embedded)
    workers.until_ended(workers.enqueue(job_bodies.note, key="after"))
    assert workers.notes == ["after", "before"]
    assert workers.stop(worker) == 0
    workers.site.close()
    embedded.gone()


@pytest.mark.doclife_settings(queue="rq")
def test_a_scheduler_and_a_supervisor_elect_a_new_keeper(workers: Workers) -> None:
    embedded = Embedded(workers.site.sites_dir)
    for options, module in ((["--workers", "2"], "doclife.worker.main"), ([], "doclife.worker.scheduler")):
        process = workers.start(*options, module=module)
        until(lambda: embedded.places.keeper.exists() and workers.site.broker.ping(), SECONDS)
        kill_keeper(workers, embedded)
        # the second when it was still starting
        assert workers.stop(process) in (0, -signal.SIGTERM)
    workers.site.close()
    embedded.gone()
