"""Being known as a worker, and being told to stop."""

from __future__ import annotations

import os
import signal
import threading

from doclife.core.clock import monotonic
from doclife.core.locks import FileLock
from doclife.jobs.enqueue import enqueue
from doclife.jobs.listing import list_jobs
from doclife.outbox import workers
from doclife.outbox.claim import claim
from doclife.outbox.workers import FileLocks, Heartbeats, liveness_of
from doclife.queue.memory import MemoryBroker
from doclife.worker import presence, timeout
from doclife.worker import pulse as pulsing
from doclife.worker.main import stop_on_signals
from doclife.worker.presence import beat, new_name, present
from doclife.worker.pulse import Pulse
from doclife.worker.relaying import relay_of
from doclife.worker.stopping import StopFlag
from doclife.worker.timeout import JobTimedOut, TimeLimit
from tests.contract.brokers import until
from tests.contract.databases import only_on
from tests.unit.worker import bodies


def test_a_worker_is_present_for_the_block(committed_site):
    with present(committed_site, queues=["default"], isolation="inproc") as name:
        assert workers.registered(committed_site.database) == [name]
        assert presence.liveness(committed_site).dead([name]) == set()
    assert workers.registered(committed_site.database) == []
    assert presence.liveness(committed_site).dead([name]) == {name}


def test_names_differ_and_fit_rq():
    names = {new_name() for _ in range(100)}
    assert len(names) == 100
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") for name in names)


def test_a_worker_whose_row_was_removed_comes_back_with_its_next_beat(committed_site, monkeypatch):
    monkeypatch.setitem(presence._liveness, committed_site, Heartbeats(committed_site.database))
    with present(committed_site, queues=["default"], isolation="inproc") as name:
        workers.unregister(committed_site.database, name)
        beat(committed_site, name, queues=["default"], isolation="inproc")
        beat(committed_site, name, queues=["default"], isolation="inproc")
        assert workers.registered(committed_site.database) == [name]


@only_on("sqlite")
def test_on_sqlite_the_living_hold_a_file(committed_site, tmp_path):
    assert isinstance(liveness_of(committed_site.database, tmp_path), FileLocks)
    with present(committed_site, queues=["default"], isolation="inproc") as name:
        assert FileLocks(committed_site.folder / "workers").dead([name]) == set()
    assert list((committed_site.folder / "workers").iterdir()) == []


@only_on("postgres", "mariadb")
def test_on_servers_the_living_renew_their_rows(committed_site, tmp_path):
    """Workers of other hosts hold no file here."""
    assert isinstance(liveness_of(committed_site.database, tmp_path), Heartbeats)


def test_a_signal_sets_the_flag_and_ends_the_wait():
    flag = StopFlag()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        stop_on_signals(flag.set)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
        start = monotonic()
        flag.wait(30)
        assert flag.is_set()
        assert monotonic() - start < 5
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_the_pulse_beats_at_the_broker_and_in_the_row(monkeypatch):
    monkeypatch.setattr(pulsing, "BEAT_S", 0.01)
    monkeypatch.setattr(pulsing, "HEARTBEAT_S", 0.02)
    broker, beats = MemoryBroker("site"), []
    broker.register_worker("w", ["default"])
    with Pulse("w", broker, lambda: beats.append(1), parent=0, stop=StopFlag()) as pulse:
        until(lambda: len(beats) > 2)
        pulse.watch(TimeLimit(100))
        until(lambda: broker.workers["w"]["state"] == "busy")
        broker.down = True
        count = len(beats)
        until(lambda: len(beats) > count)  # the row is kept although the broker is down
        broker.down = False
        pulse.watch(None)
        until(lambda: broker.workers["w"]["state"] == "idle")


def test_a_worker_without_its_supervisor_is_told_to_stop(monkeypatch):
    monkeypatch.setattr(pulsing, "BEAT_S", 0.01)
    stop = StopFlag()
    with Pulse("w", MemoryBroker("site"), lambda: None, parent=os.getppid() + 1, stop=stop):
        until(stop.is_set)


def test_the_time_is_up_again_and_again_until_the_block_ends(monkeypatch):
    monkeypatch.setattr(timeout, "REPEAT_S", 0.03)
    before = signal.getsignal(signal.SIGALRM)
    raised = []
    with TimeLimit(0.02):
        while len(raised) < 3:
            try:
                threading.Event().wait(5)
            except JobTimedOut as error:
                raised.append(str(error))
    assert raised == ["ran longer than 0.02 s"] * 3
    assert signal.getsignal(signal.SIGALRM) is before


def test_a_disarmed_limit_raises_nothing():
    with TimeLimit(0.02) as limit:
        limit.disarm()
        threading.Event().wait(0.05)


def test_outside_the_main_thread_nothing_is_interrupted():
    outcome = []

    def work():
        with TimeLimit(0.01) as limit:
            threading.Event().wait(0.05)
            outcome.append(limit.kill_at > monotonic())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert outcome == [True]


@only_on("sqlite")
def test_what_a_worker_has_forked_does_not_hold_its_file(committed_site):
    """A process that a job has left behind must not make a dead worker look alive."""
    alive = FileLocks(committed_site.folder / "workers")
    alive.hold("w-1")
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(write)
        os.read(read, 1)  # until the test has ended
        os._exit(0)
    assert alive.dead(["w-1"]) == set()
    alive._held.pop("w-1").close()  # what the operating system does when it dies
    until(lambda: alive.dead(["w-1"]) == {"w-1"})
    os.close(write)
    os.waitpid(child, 0)
    os.close(read)


@only_on("sqlite")
def test_nothing_is_left_of_a_worker_that_was_killed(committed_site, monkeypatch):
    monkeypatch.setattr(workers, "LOOK_S", 0.01)
    site, folder = committed_site, committed_site.folder / "workers"
    alive = FileLocks(folder)
    with site.work():
        id = enqueue(bodies.look).id
    for name in ("w-1", "w-2", "w-3"):
        alive.hold(name)
        workers.register(site.database, name, pid=1, queues=["default"], isolation="inproc")
    claimed = claim(site.database, id, "w-1")
    alive.ask("w-1", {"cancel": id, "fence": claimed.fence})
    alive.ask("w-2", {"stack": "a job that it does not run"})
    alive.answer("w-2", "none")
    for name in ("w-1", "w-2"):
        alive._held.pop(name).close()  # what the operating system does when it is killed
    relay_of(site, "supervisor").rescuer.bury(["w-1", "w-2"])
    assert [each.name for each in folder.iterdir()] == ["w-3"]
    assert workers.registered(site.database) == ["w-3"]
    assert [job.status for job in list_jobs(site.database)] == ["cancelled"]  # as it was asked
    alive.forget("w-3")
    FileLocks(folder).forget("w-3")
    assert alive.dead(["w-3"]) == set()  # it lives
    alive.let_go("w-3")


def test_a_file_that_was_removed_while_it_was_waited_for_is_no_lock(tmp_path, monkeypatch):
    first, second = FileLocks(tmp_path), FileLocks(tmp_path)
    first.hold("w")
    holders = [first]

    class OpenedBefore(FileLock):
        def take(self, *, shared=False):
            if holders:
                holders.pop().let_go("w")
            return super().take(shared=shared)

    monkeypatch.setattr(workers, "FileLock", OpenedBefore)
    second.hold("w")
    assert FileLocks(tmp_path).dead(["w"]) == set()
    second.let_go("w")
    assert list(tmp_path.iterdir()) == []
