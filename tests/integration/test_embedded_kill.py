"""Killed servers and keepers: what was released survives, and nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable
from doclife.core.settings import Settings
from doclife.queue import Broker, Ticket, open_broker
from doclife.queue.embedded import Lease, acquire, ensure_running
from doclife.queue.places import Places
from doclife.queue.rq_backend import RqBroker
from doclife.queue.valkey import ValkeyServer
from tests.contract.brokers import until
from tests.integration.embedded_processes import ROOT, Embedded, alive

IDS = [f"job-{n}" for n in range(50)]


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    Embedded(tmp_path).gone()


@pytest.fixture
def lease(sites: Path) -> Iterator[Lease]:
    lease = acquire(sites)
    yield lease
    lease.release()


@pytest.fixture
def broker(sites: Path, lease: Lease) -> Iterator[Broker]:
    broker = open_broker(Settings(), "site1", sites)
    yield broker
    broker.close()


def drain(broker: Broker) -> list[str]:
    taken = []
    while (id := broker.pop(["default"], "w")) is not None:
        taken.append(id)
        broker.done(id, "w")
    return taken


def test_a_killed_server_is_started_again_with_its_data(sites: Path, broker: Broker) -> None:
    embedded = Embedded(sites)
    keeper, server = embedded.keeper, embedded.server
    broker.release([Ticket(id) for id in IDS])
    embedded.kill(server)
    until(broker.ping)
    assert embedded.server != server
    assert embedded.keeper == keeper
    assert drain(broker) == IDS


def test_the_server_goes_with_its_keeper_and_the_next_one_has_the_data(sites: Path, broker: Broker) -> None:
    embedded = Embedded(sites)
    keeper, server = embedded.keeper, embedded.server
    broker.release([Ticket(id) for id in IDS])
    embedded.kill(keeper)
    until(lambda: not alive(server))
    with pytest.raises(BrokerUnavailable, match="unix:///"):
        broker.depth("default")

    assert ensure_running(sites) is True
    assert ensure_running(sites) is False
    assert embedded.keeper != keeper
    assert broker.ping()
    assert drain(broker) == IDS


def test_a_new_user_finds_a_server_after_both_were_killed(sites: Path, lease: Lease) -> None:
    embedded = Embedded(sites)
    keeper, server = embedded.keeper, embedded.server
    os.kill(server, signal.SIGSTOP)  # so that it cannot end before the kill below
    embedded.kill(keeper)
    embedded.kill(server)
    with acquire(sites) as other:
        assert other.url == lease.url
        assert other.is_running()
        assert embedded.server != server


def test_a_sleeping_worker_learns_that_the_server_died(sites: Path, broker: Broker) -> None:
    embedded = Embedded(sites)
    keeper, server = embedded.keeper, embedded.server
    os.kill(keeper, signal.SIGSTOP)
    worker = subprocess.Popen([sys.executable, "-c", SLEEPER, str(sites)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "sleeping\n"
        os.kill(server, signal.SIGKILL)
        os.kill(keeper, signal.SIGCONT)
        said, _ = worker.communicate(timeout=30)
    assert said == "BrokerUnavailable\njob-0\n"


SLEEPER = """
import sys
from pathlib import Path
from doclife.core.errors import BrokerUnavailable
from doclife.core.log import configure
from doclife.core.settings import Settings
from doclife.queue import Ticket, open_broker
configure("error")
broker = open_broker(Settings(), "site1", Path(sys.argv[1]))
broker.depth("default")
print("sleeping", flush=True)
try:
    print(broker.pop(["default"], "w", timeout=60))
except BrokerUnavailable as error:
    print(type(error).__name__)
while not broker.ping():
    pass
broker.release([Ticket("job-0")])
print(broker.pop(["default"], "w"))
"""


def test_a_socket_that_was_deleted_is_made_again(sites: Path, lease: Lease) -> None:
    lease.socket.unlink()
    until(lease.is_running)


def test_a_keeper_that_is_told_to_stop_takes_the_server_with_it(sites: Path, lease: Lease) -> None:
    embedded = Embedded(sites)
    keeper, server = embedded.keeper, embedded.server
    os.kill(keeper, signal.SIGTERM)
    until(lambda: not alive(keeper) and not alive(server))
    assert ensure_running(sites) is True
    assert lease.is_running()


def test_data_that_cannot_be_read_is_put_aside(sites: Path) -> None:
    data = Places.of(sites).data
    (data / "appendonlydir").mkdir()
    (data / "appendonlydir" / "appendonly.aof.manifest").write_text("this is no manifest\n")
    with acquire(sites) as lease:
        assert lease.is_running()
        assert (data / "unreadable" / "appendonly.aof.manifest").exists()


@pytest.mark.slow
def test_a_server_without_a_keeper_is_adopted(sites: Path) -> None:
    """As off Linux, where a server outlives its keeper."""
    embedded = Embedded(sites)
    orphan = ValkeyServer(Places.of(sites), dies_with_parent=False)
    orphan.start()
    server = embedded.server
    command = [sys.executable, "-m", "doclife.queue.keeper", str(sites)]
    with acquire(sites, start=False) as lease:
        keeper = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        assert keeper.stderr is not None
        assert "keeper.adopted_server" in keeper.stderr.readline()
        assert embedded.keeper == keeper.pid
        assert embedded.server == server
        os.kill(server, signal.SIGKILL)
        until(lambda: not orphan.is_running())  # collects the killed process, which is this one's child
        until(lambda: embedded.server != server and lease.is_running())
    with keeper:
        assert keeper.wait(15) == 0


@pytest.mark.slow
def test_a_server_that_hangs_is_killed_in_the_end(sites: Path) -> None:
    embedded = Embedded(sites)
    lease = acquire(sites)
    keeper, server = embedded.keeper, embedded.server
    os.kill(server, signal.SIGSTOP)
    lease.release()
    until(lambda: not alive(server) and not alive(keeper), seconds=30)


def test_a_second_keeper_leaves_at_once(sites: Path, lease: Lease) -> None:
    embedded = Embedded(sites)
    keeper = embedded.keeper
    second = subprocess.run(
        [sys.executable, "-m", "doclife.queue.keeper", str(sites)], cwd=ROOT, timeout=30, check=False
    )
    assert second.returncode == 0
    assert embedded.keeper == keeper
    assert alive(keeper)
    assert lease.is_running()


def test_a_server_that_hangs_holds_a_commit_up_for_a_moment_and_only_once(sites: Path, broker: Broker) -> None:
    broker.depth("default")
    assert broker.release([Ticket("before")]) == 1
    server = Embedded(sites).server
    os.kill(server, signal.SIGSTOP)
    try:
        start = monotonic()
        with pytest.raises(BrokerUnavailable):
            broker.release([Ticket("job")])
        assert 0.15 < monotonic() - start < 0.6
        start = monotonic()
        for _ in range(100):
            with pytest.raises(BrokerUnavailable, match="asked again in"):
                broker.release([Ticket("job")])
            broker.publish("events", "nobody waits for this")
        assert monotonic() - start < 0.2
        start = monotonic()
        open_broker(Settings(), "site1", sites).close()  # as the first commit of a short command does
        assert monotonic() - start < 0.3
    finally:
        os.kill(server, signal.SIGCONT)

    def released() -> bool:
        try:
            broker.release([Ticket("job")])
        except BrokerUnavailable:  # the call that hung has not ended yet
            return False
        return True

    until(released)
    assert drain(broker) == ["before", "job"], "once, also if the first call arrived after all"


def test_an_unsafe_configuration_is_a_problem(lease: Lease, broker: Broker) -> None:
    assert broker.problems() == []
    with Redis.from_url(lease.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    (problem,) = broker.problems()
    assert "allkeys-lru" in problem


def test_a_server_that_tells_this_user_nothing_is_a_problem_and_no_outage(lease: Lease) -> None:
    with Redis.from_url(lease.url) as admin:
        admin.execute_command("ACL", "SETUSER", "weak", "on", ">any", "~*", "&*", "+@all", "-info")
    broker = RqBroker(lease.url.replace("unix://", "unix://weak:any@"), "site1")
    try:
        (problem,) = broker.problems()
        assert "does not tell about itself" in problem
        assert "weak:any" not in problem
        assert broker.release([Ticket("a")]) == 1
    finally:
        broker.close()
