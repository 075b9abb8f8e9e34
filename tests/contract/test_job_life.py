"""The whole life of jobs is the same over every broker: one body over memory, inline, Redis and the embedded Valkey."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from doclife.core import clock
from doclife.doctypes.notification_log import NotificationLog
from doclife.jobs.current import job
from doclife.jobs.enqueue import enqueue
from doclife.jobs.job import is_job_enqueued
from doclife.jobs.listing import list_jobs
from doclife.jobs.manage import cancel_job, retry_job
from doclife.jobs.retry import Retry, RetryJob
from doclife.queue.embedded import acquire
from doclife.site.runtime import Site
from doclife.uow.unit import current_unit
from doclife.worker.loop import WorkerLoop
from doclife.worker.relaying import relay_of
from tests.contract.brokers import ALL
from tests.integration.job_bodies import note
from tests.servers import server_url
from tests.stored import stored

pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module", params=ALL)
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The settings of a site with one of the brokers."""
    with ExitStack() as stack:
        if request.param in ("memory", "inline"):
            yield {"queue": request.param}
            return
        if request.param == "valkey":
            url = stack.enter_context(acquire(tmp_path_factory.mktemp("sites"))).url
        else:
            url = server_url("redis")
        yield {"queue": "rq", "redis_url": url}


@pytest.fixture
def doclife_settings(backend: dict[str, Any]) -> dict[str, Any]:
    return backend


@pytest.fixture
def site(committed_site: Site, tmp_path: Path) -> Iterator[Site]:
    # all sites of tests have one name, and this server is not this test's alone
    committed_site.name = f"life-{tmp_path.parent.name}-{tmp_path.name}"[:60]
    yield committed_site
    committed_site.broker.clear()
    if url := getattr(committed_site.broker, "url", ""):
        with Redis.from_url(url) as client:
            assert not list(client.scan_iter(match=f"*{committed_site.name}*", count=1000))


class Life:
    """A site whose jobs run when the test says so, or with their commit."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.inline = site.settings.queue == "inline"

    def run(self, *, after: timedelta = timedelta()) -> None:
        """Does everything that is due, and what comes of it; `after` moves the clock before."""
        with clock.travel(by=after):
            relay_of(self.site, "relay").round()
            WorkerLoop(self.site, burst=True).run()
            relay_of(self.site, "relay", grace_s=0).round()
            while self.site.broker.depth("default"):  # an id whose job has run already, of a release that took long
                assert WorkerLoop(self.site, burst=True).run() == 0

    def states(self) -> dict[str, str]:
        return {row.label or row.method.rpartition(".")[2]: row.status for row in list_jobs(self.site.database)}


@pytest.fixture
def life(site: Site) -> Life:
    return Life(site)


@pytest.fixture
def notes(site: Site) -> Any:
    return lambda: [row[0] for row in stored_of(site, "subject")]


def stored_of(site: Site, column: str) -> list[Any]:
    with site.work():
        return sorted(stored("Notification Log", column))


def note_and_enqueue(key: str) -> None:
    note(key)
    enqueue(note, key=f"{key}, then")


def fail_at_first(key: str) -> None:
    note(f"{key} {job.attempt}")
    if job.attempt == 1:
        raise ValueError("no paper")


def ask_again(key: str) -> None:
    note(f"{key} {job.attempt}")
    if job.attempt < 3:
        raise RetryJob(after=60)


def always_fail(key: str) -> None:
    note(key)
    raise ValueError("never any paper")


def after_success(job_id: str, result: Any) -> None:
    note("succeeded")


def after_failure(job_id: str, error: str) -> None:
    note("failed")


def test_a_job_runs_once_and_what_it_enqueues_follows(life: Life, notes: Any) -> None:
    with life.site.work():
        job = enqueue(note_and_enqueue, key="a")
        assert job.status() == "staged"
        current_unit().commit()
        assert job.status() == ("finished" if life.inline else "queued")
    life.run()
    life.run()
    assert notes() == ["a", "a, then"]
    assert set(life.states().values()) == {"finished"}


def test_nothing_comes_of_what_is_rolled_back(life: Life, notes: Any) -> None:
    with life.site.work():
        enqueue(note, key="gone")
        unit = current_unit()
        with suppress(ZeroDivisionError), unit.savepoint():
            enqueue(note, key="gone too")
            _ = 1 / 0
        unit.rollback()
        enqueue(note, key="kept")
    life.run()
    assert notes() == ["kept"]


def test_a_failed_job_is_retried_when_its_time_has_come(life: Life, notes: Any) -> None:
    with life.site.work():
        enqueue(fail_at_first, key="a", retry=Retry(max=2, base=100, jitter=False))
    life.run()
    assert notes() == []
    assert set(life.states().values()) == {"queued"}
    life.run(after=timedelta(seconds=90))
    assert notes() == []
    life.run(after=timedelta(seconds=110))
    assert notes() == ["a 2"]


def test_a_job_that_asks_for_another_time_gets_it(life: Life, notes: Any) -> None:
    with life.site.work():
        enqueue(ask_again, key="a")
    life.run()
    life.run(after=timedelta(seconds=70))
    assert notes() == []
    life.run(after=timedelta(seconds=140))
    assert notes() == ["a 3"]


def test_a_job_for_later_waits_for_its_time(life: Life, notes: Any) -> None:
    with life.site.work():
        at = clock.now(life.site.settings.time_zone) + timedelta(hours=1)
        enqueue(note, key="later", run_at=at)
        enqueue(note, key="now")
    life.run()
    assert notes() == ["now"]
    life.run(after=timedelta(minutes=59))
    assert notes() == ["now"]
    life.run(after=timedelta(minutes=61))
    assert notes() == ["later", "now"]


def test_a_cancelled_job_never_runs_and_may_be_retried(life: Life, notes: Any) -> None:
    with life.site.work():
        at = clock.now(life.site.settings.time_zone) + timedelta(hours=1)
        id = enqueue(note, key="cancelled", run_at=at).id
    with life.site.work():
        assert cancel_job(id) == "cancelled"
    life.run(after=timedelta(hours=2))
    assert notes() == []
    with life.site.work():
        retry_job(id)
    life.run(after=timedelta(hours=2))
    assert notes() == ["cancelled"]


def test_a_key_holds_one_open_job(life: Life, notes: Any) -> None:
    at = clock.now(life.site.settings.time_zone) + timedelta(hours=1)
    with life.site.work():
        assert enqueue(note, key="first", job_id="key", run_at=at) is not None
        assert enqueue(note, key="second", job_id="key") is None
    with life.site.work():
        assert is_job_enqueued("key")
        assert enqueue(note, key="third", job_id="key") is None
    life.run(after=timedelta(hours=2))
    with life.site.work():
        assert not is_job_enqueued("key")
        assert enqueue(note, key="fourth", job_id="key") is not None
    life.run()
    assert notes() == ["first", "fourth"]


def test_what_follows_an_end_follows_it(life: Life, notes: Any) -> None:
    with life.site.work():
        enqueue(note, key="good", on_success=after_success, on_failure=after_failure)
    life.run()
    assert notes() == ["good", "succeeded"]
    with life.site.work():
        enqueue(always_fail, key="bad", on_success=after_success, on_failure=after_failure)
    life.run()
    assert notes() == ["failed", "good", "succeeded"]
    assert sorted(life.states().values()) == ["failed", "finished", "finished", "finished"]


def test_the_user_is_the_one_who_asked(life: Life) -> None:
    with life.site.work(user="Guest"):
        enqueue(note_user)
    life.run()
    assert stored_of(life.site, "owner") == [("Guest",)]


def note_user() -> None:
    NotificationLog(subject="by", for_user="Administrator").insert(ignore_permissions=True)


def test_the_front_and_the_priority_of_queues(life: Life) -> None:
    with life.site.work():
        for key, queue, at_front in [("1", "long", False), ("2", "default", False), ("3", "default", True)]:
            enqueue(note, key=key, queue=queue, at_front=at_front)
        enqueue(note, key="4", queue="short")
    life.run()
    ran = [subject for _, subject in sorted(stored_rows(life.site))]
    # with the commit they run in the order of their release, whatever their queue
    assert ran == (["1", "2", "3", "4"] if life.inline else ["4", "3", "2", "1"])


def stored_rows(site: Site) -> list[Any]:
    with site.work():
        return list(stored("Notification Log", "creation", "subject"))


def test_a_broker_that_forgets_everything_loses_no_job(life: Life, notes: Any) -> None:
    with life.site.work():
        enqueue(note, key="a")
        enqueue(note, key="b")
    life.site.broker.clear()
    life.run()
    assert notes() == ["a", "b"]
