"""Whatever happens to the broker, a commit is neither failed nor held up by it, and its jobs run."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from redis import Redis
from structlog.testing import capture_logs

from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable
from doclife.doctypes.notification_log import NotificationLog
from doclife.jobs.enqueue import enqueue
from doclife.jobs.listing import list_jobs
from doclife.jobs.realtime import publish_realtime
from doclife.queue.embedded import acquire
from doclife.site.runtime import Site
from doclife.worker.loop import WorkerLoop
from doclife.worker.relaying import relay_of
from doclife.worker.scheduler import SchedulerLoop
from tests.contract.brokers import until
from tests.contract.proxy import Proxy, proxy_of
from tests.integration.job_bodies import note

#: seconds; what is promised of one commit with all that follows from it
LONGEST_S = 0.3
#: on a machine that others keep busy a process may not get its turn in time
TRIES = 3

pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that only these tests have."""
    with acquire(tmp_path_factory.mktemp("sites")) as lease:
        yield lease.url


@pytest.fixture
def direct(server: str) -> Iterator[Redis]:
    with Redis.from_url(server, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def proxy(direct: Redis, server: str) -> Iterator[Proxy]:
    with proxy_of(server) as proxy:
        yield proxy


@pytest.fixture
def doclife_settings(proxy: Proxy) -> dict[str, str]:
    return {"queue": "rq", "redis_url": proxy.url}


def commit(site: Site, *keys: str) -> float:
    """Commits a document with jobs and messages; returns the seconds it took from COMMIT on."""
    with site.work() as context:
        NotificationLog(subject="document", for_user="Administrator").insert()
        for key in keys:
            enqueue(note, key=key)
        for n in range(20):
            publish_realtime("said", n, after_commit=True)
        start = monotonic()
        context.unit.commit()
        return monotonic() - start


def waiting(site: Site) -> int:
    return len(list_jobs(site.database, status=["queued"], limit=1000))


def notes(site: Site) -> list[str]:
    subject = NotificationLog.__table__.c.subject
    with site.database.reading() as connection:
        query = sa.select(subject).where(subject != "document").order_by(subject)
        return list(connection.execute(query).scalars())


@contextmanager
def no_answer_from_name_server(_proxy: Proxy, _direct: Redis) -> Iterator[None]:
    """Looking up a name has no timeout of its own; there is no real name server here that could hang."""
    gate, look_up = threading.Event(), socket.getaddrinfo

    def hanging(*arguments, **named):
        gate.wait(30)
        return look_up(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", hanging)
        _proxy.cut()
        yield
        gate.set()


def going_wrong(wrong: Callable[[Proxy], None]) -> Callable[[Proxy, Redis], object]:
    @contextmanager
    def outage(proxy: Proxy, _direct: Redis) -> Iterator[None]:
        wrong(proxy)
        yield
        proxy.heal()

    return outage


@contextmanager
def out_of_memory(_proxy: Proxy, direct: Redis) -> Iterator[None]:
    direct.config_set("maxmemory", "1")
    yield
    direct.config_set("maxmemory", "0")


@contextmanager
def a_replica(_proxy: Proxy, direct: Redis) -> Iterator[None]:
    direct.replicaof("127.0.0.1", "1")
    yield
    direct.replicaof("NO", "ONE")


@contextmanager
def a_new_password(proxy: Proxy, direct: Redis) -> Iterator[None]:
    direct.config_set("requirepass", "secret")
    proxy.cut()
    yield
    direct.config_set("requirepass", "")


OUTAGES = {
    "refused": going_wrong(Proxy.refuse),
    "silent": going_wrong(Proxy.swallow),
    "silent on new connections": going_wrong(lambda proxy: (proxy.swallow(), proxy.cut())),
    "unreachable": going_wrong(Proxy.fill),
    "slow": going_wrong(lambda proxy: (proxy.delay(0.12), proxy.cut())),
    "slower than anyone waits": going_wrong(lambda proxy: proxy.delay(0.7)),
    "byte by byte": going_wrong(lambda proxy: proxy.trickle(0.1)),
    "cut in the middle of an answer": going_wrong(Proxy.cut_answers),
    "no broker at all": going_wrong(lambda proxy: proxy.say("HTTP/1.1 400 Bad Request")),
    "a number that is none": going_wrong(lambda proxy: proxy.say(":many")),
    "loading": going_wrong(lambda proxy: proxy.say("-LOADING Valkey is loading the dataset in memory")),
    "out of connections": going_wrong(lambda proxy: proxy.say("-ERR max number of clients reached")),
    "without a name server": no_answer_from_name_server,
    "out of memory": out_of_memory,
    "a read-only replica": a_replica,
    "a new password": a_new_password,
}


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES.keys())
@pytest.mark.parametrize("used", [True, False], ids=["used before", "never used"])
def test_commits_go_on_and_nothing_is_lost(
    committed_site: Site, proxy: Proxy, direct: Redis, outage: Callable[..., object], used: bool
) -> None:
    site = committed_site
    keys = ["a", "b"] if used else []
    if used:
        commit(site, "a", "b")
    with outage(proxy, direct):
        for attempt in range(TRIES):
            site.broker.link.breaker.reset()  # so that the first one finds out about it again
            during = [(f"{attempt} during {n}", f"{attempt} during {n} too") for n in range(3)]
            took = [commit(site, *each) for each in during]
            keys += [key for each in during for key in each]
            if max(took) < LONGEST_S:
                break
        assert max(took) < LONGEST_S
        assert waiting(site) == len(keys)
    until(site.broker.ping)
    commit(site, "after")
    assert WorkerLoop(site, burst=True).run() == len(keys) + 1
    assert notes(site) == sorted([*keys, "after"])
    assert waiting(site) == 0


def test_many_threads_and_sites_wait_once_each(committed_site: Site, proxy: Proxy) -> None:
    other = Site(committed_site.name, committed_site.sites_dir, committed_site.settings)
    try:
        for site in (committed_site, other):
            commit(site, "before")
        proxy.swallow()
        committed = 2
        for _ in range(TRIES):
            for site in (committed_site, other):
                site.broker.link.breaker.reset()
            ready = threading.Barrier(8)

            def work(number: int) -> list[float]:
                site = (committed_site, other)[number % 2]
                ready.wait(10)  # noqa: B023 the threads end before the next one is made
                return [commit(site, f"{number} {n}") for n in range(4)]

            with ThreadPoolExecutor(8) as pool:
                took = sorted(seconds for each in pool.map(work, range(8)) for seconds in each)
            committed += 32
            # whoever comes after the first ones finds it known to be down
            if took[-1] < LONGEST_S and took[15] < LONGEST_S / 3:
                break
        assert took[-1] < LONGEST_S
        assert took[15] < LONGEST_S / 3
        assert waiting(committed_site) == committed
    finally:
        other.close()


def test_another_data_set_gives_each_job_once(committed_site: Site, proxy: Proxy, direct: Redis) -> None:
    """As after a restore: ids of jobs that have ended, ids of nobody, and nothing of what waits."""
    commit(committed_site, "old")
    (old,) = [job.id for job in list_jobs(committed_site.database, status=["queued"], limit=10)]
    assert WorkerLoop(committed_site, burst=True).run() == 1
    commit(committed_site, "new", "newer")
    direct.swapdb(0, 1)
    queue = f"rq:queue:{committed_site.name}:default"
    direct.rpush(queue, old, "of-nobody", old)
    proxy.cut()
    until(committed_site.broker.ping)
    # what waits is missed and pushed; what the server holds without reason is taken and dropped
    relay = relay_of(committed_site, "relay", grace_s=0)
    assert relay.round()["missing"] == 2
    assert relay.round()["missing"] == 0
    assert committed_site.broker.depth("default") == 5
    assert WorkerLoop(committed_site, burst=True).run() == 2
    assert notes(committed_site) == ["new", "newer", "old"]
    while committed_site.broker.depth("default"):  # what is left is of jobs that have ended, or of none
        assert WorkerLoop(committed_site, burst=True).run() == 0
    assert list(direct.scan_iter(match="*of-nobody*")) == []


def test_many_jobs_in_one_commit_follow_behind_it(committed_site: Site, proxy: Proxy) -> None:
    commit(committed_site)
    proxy.delay(0.01)  # slow, but far from what is taken for down, on a busy machine too
    with committed_site.work() as context:
        for n in range(3000):  # six calls of the broker
            enqueue(note, key=f"{n}")
        start = monotonic()
        context.unit.commit()
        took = monotonic() - start
    until(lambda: committed_site.broker.depth("default") == 3000)
    assert not committed_site.backlog, "the broker was slow, not down"
    start = monotonic()
    commit(committed_site, "one")
    assert monotonic() - start < took + LONGEST_S


def test_what_is_wrong_with_the_server_is_told_when_workers_and_schedulers_start(
    committed_site: Site, direct: Redis
) -> None:
    direct.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with capture_logs() as logs:
            WorkerLoop(committed_site, burst=True).run()
            scheduler = SchedulerLoop(committed_site)
            scheduler.stop()
            scheduler.run()
    finally:
        direct.config_set("maxmemory-policy", "noeviction")
    told = [line["problem"] for line in logs if line["event"] == "broker_problem"]
    assert len(told) == 2
    assert all("Set `maxmemory-policy noeviction`" in each for each in told)


def test_a_full_server_is_emptied_and_jobs_that_it_did_not_take_run(committed_site: Site, direct: Redis) -> None:
    site = committed_site
    commit(site, "before", "before too")
    direct.config_set("maxmemory", "1")
    try:
        commit(site, "refused")
        assert site.broker.depth("default") == 2
        with capture_logs() as logs:
            assert WorkerLoop(site, burst=True).run() == 3
        assert site.broker.depth("default") == 0
        assert [line["event"] for line in logs].count("broker.refuses") <= 1
        with pytest.raises(BrokerUnavailable, match=r"OOM|maxmemory"):
            site.broker.pop(["default"], "w")  # so that its worker looks into the table
        assert not site.broker.link.breaker.is_open
        assert any("is full" in problem for problem in site.broker.problems())
    finally:
        direct.config_set("maxmemory", "0")
    assert notes(site) == ["before", "before too", "refused"]
    commit(site, "after")
    assert WorkerLoop(site, burst=True).run() == 1
    assert list(direct.scan_iter(match="rq:job:*")) == []
