"""The royalty invoices of a worker that is killed twice on the way: each outlet has exactly one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

import doclife
from doclife.queue.embedded import acquire
from doclife.site.runtime import Site
from example_app.tasks.royalty_invoices import make_invoices
from tests.contract.brokers import until
from tests.example_app.conftest import add_outlet, submitted
from tests.integration.worker_processes import SECONDS, Workers, kill

pytestmark = [pytest.mark.slow, pytest.mark.chaos, pytest.mark.doclife_settings(queue="rq")]

OUTLETS = 150


@pytest.fixture
def workers(committed_site: Site, tmp_path: Path) -> Iterator[Workers]:
    with acquire(committed_site.sites_dir) as lease:
        workers = Workers(committed_site, tmp_path)
        yield workers
        workers.end()
        committed_site.close()
        lease.release(wait_s=10)


def worker_of(workers: Workers, job: str) -> int:
    """Returns the process that runs the job."""
    with workers.site.work():
        pids = doclife.db.sql(
            "SELECT w.pid FROM `tabWorker` w JOIN `tabBackground Job` j ON j.worker = w.name WHERE j.name = %s", job
        )
    return int(pids[0][0])


def test_each_outlet_has_one(workers: Workers) -> None:
    with workers.site.work():
        for n in range(1, OUTLETS + 1):
            add_outlet(f"OUTLET-{n:03}")
            submitted(str(n), ("CUP", n, "1"), outlet=f"OUTLET-{n:03}")
    id = workers.enqueue(make_invoices, queue="long", last_month="2025-10")
    supervisor = workers.start("--workers", "2", "--queue", "long")
    table = "tabFranchise Royalty Invoice"
    for made in (10, 60):
        until(lambda made=made: workers.count(table) >= made, SECONDS)
        kill(worker_of(workers, id))
    workers.until_ended(id)
    row = workers.job(id)
    assert (row["status"], row["kills"], row["result"]) == (
        "finished",
        2,
        f'{{"last_month":"2025-10","made":{OUTLETS}}}',
    )
    assert workers.stop(supervisor) == 0
    with workers.site.work():
        invoices = doclife.get_all(
            "Franchise Royalty Invoice", fields=["franchise_outlet", "total_royalty", "docstatus"], as_list=True
        )
    # 5 % of one for the first outlet, of two for the second, ...
    assert sorted(invoices) == [(f"OUTLET-{n:03}", Decimal(n) / 20, 1) for n in range(1, OUTLETS + 1)]
