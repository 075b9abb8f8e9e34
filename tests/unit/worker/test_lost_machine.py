"""A machine that is gone with all that ran on it: the relay of another one takes over within a minute."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from doclife.core.clock import travel
from doclife.jobs.enqueue import enqueue
from doclife.outbox import workers
from doclife.outbox.claim import claim
from doclife.outbox.leases import LEASE_S
from doclife.outbox.relay import INTERVAL_S
from doclife.outbox.workers import DEAD_AFTER_S, HEARTBEAT_S
from doclife.schema.tables import background_job
from doclife.worker.relaying import relay_of
from tests.contract.databases import only_on
from tests.unit.worker import bodies


def _claimed(site, worker):
    with site.work():
        id = enqueue(bodies.look).id
    workers.register(site.database, worker, pid=1, queues=["default"], isolation="inproc")
    assert claim(site.database, id, worker) is not None
    return id


def _job(site, id):
    with site.database.reading() as connection:
        return connection.execute(sa.select(background_job).where(background_job.c.name == id)).mappings().one()


@only_on("postgres", "mariadb")
@pytest.mark.parametrize("leads", [True, False], ids=["with the lease", "without"])
def test_jobs_of_a_machine_that_is_gone_run_again_within_a_minute(committed_site, leads):
    site = committed_site
    id = _claimed(site, "far-away")
    gone, other = relay_of(site, "far-away"), relay_of(site, "here")
    if leads:
        assert gone.lease.hold()
    # from here on nothing comes from there; the other one looks every 5 s
    rescued_after = None
    for seconds in range(0, 61, int(INTERVAL_S)):
        with travel(by=timedelta(seconds=seconds)):
            if other.lease.hold():
                other.round()
            if _job(site, id)["status"] == "queued":
                rescued_after = seconds
                break
    assert rescued_after is not None
    assert DEAD_AFTER_S <= rescued_after <= DEAD_AFTER_S + INTERVAL_S
    assert (_job(site, id)["kills"], workers.registered(site.database)) == (1, [])


@pytest.mark.one_database
def test_the_times_leave_room_for_late_heartbeats_and_add_up_to_less_than_a_minute():
    assert DEAD_AFTER_S + INTERVAL_S <= 60
    assert LEASE_S + INTERVAL_S <= DEAD_AFTER_S
    assert 4 * HEARTBEAT_S < DEAD_AFTER_S


@only_on("postgres", "mariadb")
def test_a_worker_that_beats_keeps_its_job_however_long_it_runs(committed_site):
    site = committed_site
    id = _claimed(site, "slow")
    relay = relay_of(site, "here")
    alive = workers.liveness_of(site.database, site.folder)
    for minutes in range(1, 4):
        with travel(by=timedelta(minutes=minutes)):
            assert alive.beat("slow")
            assert relay.lease.hold()
            assert relay.round()["rescued"] == 0
    assert _job(site, id)["status"] == "started"


@only_on("sqlite")
def test_on_one_host_the_operating_system_tells_who_lives(committed_site):
    site = committed_site
    alive = workers.liveness_of(site.database, site.folder)
    alive.hold("slow")
    id = _claimed(site, "slow")
    relay = relay_of(site, "here")
    with travel(by=timedelta(hours=1)):
        assert relay.round()["rescued"] == 0
        alive.let_go("slow")
        assert relay.round()["rescued"] == 1
    assert _job(site, id)["status"] == "queued"
