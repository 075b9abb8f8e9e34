"""Whoever uses the embedded server for long sees to it that there is one: a new keeper within five seconds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from doclife.core.clock import monotonic
from doclife.core.errors import ConfigError
from doclife.core.locks import FileLock
from doclife.core.settings import Settings
from doclife.queue import Broker, Ticket, open_broker
from doclife.queue.embedded_broker import EmbeddedBroker
from doclife.queue.places import Places, answers
from doclife.queue.rq_backend import RqBroker
from tests.contract.brokers import until
from tests.integration.embedded_processes import ROOT, Embedded, alive

#: seconds that are promised
WITHIN_S = 5
IDS = [f"job-{n}" for n in range(20)]


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "sites"
    folder.mkdir()
    yield folder
    if (folder / ".valkey").exists():
        Embedded(folder).gone()


@pytest.fixture
def broker(sites: Path) -> Iterator[Broker]:
    """The broker of a process that runs for long: this one."""
    broker = open_broker(Settings(), "site1", sites, start=True)
    yield broker
    broker.close()


def drain(broker: Broker) -> list[str]:
    taken = []
    while (id := broker.pop(["default"], "w")) is not None:
        taken.append(id)
        broker.done(id, "w")
    return taken


def back(sites: Path) -> None:
    """Waits for a server, which must answer in time."""
    start = monotonic()
    until(lambda: answers(Places(sites.resolve()).socket()))
    assert monotonic() - start < WITHIN_S


@contextmanager
def nobody_looks(embedded: Embedded) -> Iterator[None]:
    """Keeps new keepers from coming up for the block."""
    lock = FileLock(embedded.places.keeper)
    until(lock.take)
    try:
        yield
    finally:
        lock.close()


@pytest.mark.parametrize("killed", [["keeper"], ["keeper", "server"], ["server", "keeper"]], ids="+".join)
def test_a_new_keeper_is_there_within_five_seconds_and_has_the_data(
    sites: Path, broker: Broker, killed: list[str]
) -> None:
    embedded = Embedded(sites)
    pids = {"keeper": embedded.keeper, "server": embedded.server}
    broker.release([Ticket(id) for id in IDS])
    for name in killed:
        with suppress(ProcessLookupError):  # the server goes with its keeper
            os.kill(pids[name], signal.SIGKILL)
    until(lambda: not alive(pids["server"]))
    back(sites)
    assert embedded.keeper != pids["keeper"]
    until(broker.ping)
    assert drain(broker) == IDS


@pytest.mark.slow
def test_of_many_processes_one_elects(sites: Path) -> None:
    embedded = Embedded(sites)
    with ExitStack() as stack:
        users = [stack.enter_context(long_running(sites)) for _ in range(4)]
        for user in users:
            assert user.stdout is not None
            assert user.stdout.readline() == "runs\n"
        server = embedded.server
        until(lambda: "keeper.started" in embedded.places.log.read_text())
        embedded.kill(embedded.keeper)
        until(lambda: not alive(server))
        back(sites)
        for user in users:
            user.kill()
    until(lambda: embedded.places.log.read_text().count("keeper.started") == 2)


LONG_RUNNING = """
import sys
from pathlib import Path
from doclife.core.settings import Settings
from doclife.queue import open_broker
broker = open_broker(Settings(), "site1", Path(sys.argv[1]), start=True)
print("runs", flush=True)
sys.stdin.readline()
"""


@contextmanager
def long_running(sites: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", LONG_RUNNING, str(sites)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
def test_after_everything_was_killed_the_next_user_has_the_data(sites: Path) -> None:
    embedded = Embedded(sites)
    with long_running(sites) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == "runs\n"
        broker = open_broker(Settings(), "site1", sites)
        broker.release([Ticket(id) for id in IDS])
        keeper, server = embedded.keeper, embedded.server
        os.kill(server, signal.SIGSTOP)  # so that it cannot write anything more before the kill
        for pid in (user.pid, keeper, server):
            os.kill(pid, signal.SIGKILL)
        broker.close()
        until(lambda: not alive(keeper) and not alive(server))
    broker = open_broker(Settings(), "site1", sites, start=True)
    assert drain(broker) == IDS
    broker.close()


def test_a_short_command_elects_nobody(sites: Path) -> None:
    embedded = Embedded(sites)
    starter = open_broker(Settings(), "site1", sites, start=True)
    broker = open_broker(Settings(), "site1", sites)
    assert broker.ping()
    starter.close()
    embedded.kill(embedded.keeper)
    until(lambda: not broker.ping())
    assert not any(each.name == "election" and each.is_alive() for each in alive_threads(starter))
    assert broker.ping() is False
    broker.close()


def alive_threads(broker: Broker) -> list[threading.Thread]:
    """Returns this process's threads once the one of a closed broker has ended."""
    until(lambda: all(each.name != "election" for each in threading.enumerate()))
    return threading.enumerate()


def test_what_keeps_it_down_is_told_once_and_tried_until_it_is_gone(
    sites: Path, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    embedded = Embedded(sites)
    keeper, server = embedded.keeper, embedded.server
    os.kill(keeper, signal.SIGSTOP)
    embedded.kill(server)
    until(lambda: not broker.ping())
    embedded.kill(keeper)
    with nobody_looks(embedded):
        start = monotonic()
        for _ in range(50):
            broker.publish("events", "to nobody")
        assert monotonic() - start < 0.3
    back(sites)


def test_a_broker_that_cannot_be_started_is_tried_again(sites: Path, capsys: pytest.CaptureFixture[str]) -> None:
    socket = Places.of(sites).socket()
    socket.mkdir(parents=True)  # the server cannot make its socket there
    broker = open_broker(Settings(), "site1", sites, start=True)
    try:
        assert broker.ping() is False
        assert "broker.embedded_not_started" in "".join(capsys.readouterr())
        socket.rmdir()
        back(sites)
        until(broker.ping)
    finally:
        broker.close()


def test_a_socket_whose_folder_went_is_made_elsewhere(
    sites: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a log-out, which takes the user's runtime folder away."""
    runtime = tmp_path_factory.getbasetemp().parent / "gone"
    runtime.mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    broker = open_broker(Settings(), "site1", sites, start=True)
    try:
        assert isinstance(broker, RqBroker)
        assert str(runtime) in broker.url
        broker.release([Ticket("a")])
        server = Embedded(sites).server
        shutil.rmtree(runtime)
        until(lambda: str(runtime) not in broker.url and not alive(server))
        until(broker.ping)
        assert broker.release([Ticket("b")]) == 1
    finally:
        broker.close()


def test_data_that_was_deleted_begins_anew(sites: Path, broker: Broker) -> None:
    keeper, server = Embedded(sites).keeper, Embedded(sites).server
    (sites / ".valkey").rename(sites / "away")
    start = monotonic()
    until(lambda: not alive(keeper) and not alive(server))
    until(broker.ping)
    assert monotonic() - start < WITHIN_S
    assert broker.release([Ticket("a")]) == 1
    assert drain(broker) == ["a"]


@pytest.mark.slow
def test_a_deleted_sites_folder_does_not_come_back(sites: Path, broker: Broker) -> None:
    keeper = Embedded(sites).keeper
    shutil.rmtree(sites)
    until(lambda: not alive(keeper))
    until(lambda: not broker.ping())
    threading.Event().wait(1.2)  # one look of the election
    assert not sites.exists()


def test_a_folder_of_someone_else_is_refused(sites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = Places.of(sites).data
    assert list(data.iterdir()) == []
    monkeypatch.setattr(os, "geteuid", lambda: data.stat().st_uid + 1)
    with pytest.raises(ConfigError, match="belongs to user"):
        open_broker(Settings(), "site1", sites, start=True)
    data.rmdir()


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o770])
def test_a_data_folder_that_others_can_enter_is_refused(sites: Path, mode: int) -> None:
    (sites / ".valkey").mkdir()
    (sites / ".valkey").chmod(mode)
    with pytest.raises(ConfigError, match="chmod 700"):
        open_broker(Settings(), "site1", sites, start=True)
    (sites / ".valkey").rmdir()


def test_a_process_that_forks_leaves_it_to_its_children(sites: Path) -> None:
    before = set(threading.enumerate())
    broker = open_broker(Settings(), "site1", sites, start=True)
    assert isinstance(broker, EmbeddedBroker)
    broker.release([Ticket("a")])
    assert {each.name for each in set(threading.enumerate()) - before} == {"election", "broker"}
    broker.rest()
    assert set(threading.enumerate()) <= before
    keeper, server = Embedded(sites).keeper, Embedded(sites).server
    child = os.fork()
    if not child:
        broker.keep_running(wait=False)
        signal.pause()
        os._exit(0)
    try:
        Embedded(sites).kill(keeper)
        until(lambda: not alive(server))
        back(sites)
        until(broker.ping)
        assert drain(broker) == ["a"]
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        broker.close()


def test_a_broker_that_is_closed_while_it_elects_starts_nothing(sites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = EmbeddedBroker("site1", sites)
    asked, go = threading.Event(), threading.Event()

    def is_running() -> bool:
        asked.set()
        go.wait(30)
        return False

    monkeypatch.setattr(broker._lease, "is_running", is_running)
    before = set(threading.enumerate())
    broker.keep_running(wait=False)
    assert asked.wait(30)
    (election,) = set(threading.enumerate()) - before
    broker.close()
    go.set()
    election.join(30)
    assert not election.is_alive()
    for place in (Places.of(sites).users, Places.of(sites).keeper):
        lock = FileLock(place)
        assert lock.take(), f"somebody has {place.name}"
        lock.close()
