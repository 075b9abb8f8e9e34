"""The worker whose jobs run in processes of their own: what it shares with the other kind, and what is its own."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from doclife.core.clock import monotonic
from doclife.core.errors import UnknownQueueError
from doclife.doctypes.user import Role
from doclife.jobs import retry
from doclife.jobs.enqueue import enqueue
from doclife.outbox import workers
from doclife.outbox.cancel import cancel
from doclife.queue.protocol import Ticket
from doclife.schema.tables import background_job
from doclife.worker import fork as fork_module
from doclife.worker import timeout
from doclife.worker.fork import ForkLoop
from doclife.worker.presence import liveness
from doclife.worker.run import run_claimed
from tests.contract.brokers import until
from tests.contract.databases import only_on
from tests.unit.worker import horses

pytestmark = [
    pytest.mark.slow_on_servers,
    # pytest has threads; a worker has one
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def _enqueue(site, body, **terms):
    with site.work():
        return enqueue(body, **terms).id


def _job(site, id):
    with site.database.reading() as connection:
        return connection.execute(sa.select(background_job).where(background_job.c.name == id)).mappings().one()


def _statuses(site, *ids):
    return [_job(site, id)["status"] for id in ids]


def _left(site):
    """What the jobs have left, in the order in which they ran."""
    table = Role.__table__
    with site.database.reading() as connection:
        query = sa.select(table.c.role_name).where(table.c.role_name.like("r-%")).order_by(table.c.creation)
        return [name.removeprefix("r-") for name in connection.execute(query).scalars()]


def test_burst_runs_what_is_due_by_priority_each_in_a_process_of_its_own(committed_site):
    for n, queue in enumerate(["long", "default", "short"]):
        _enqueue(committed_site, horses.leave_pid, queue=queue, n=n)
    assert ForkLoop(committed_site, burst=True).run() == 3
    left = [each.split("-") for each in _left(committed_site)]
    assert [n for n, _ in left] == ["2", "1", "0"]
    pids = {int(pid) for _, pid in left}
    assert len(pids) == 3
    assert os.getpid() not in pids
    assert ForkLoop(committed_site, burst=True).run() == 0
    assert committed_site.broker.workers == {}
    assert workers.registered(committed_site.database) == []


def test_jobs_end_as_with_the_other_kind(committed_site):
    good = _enqueue(committed_site, horses.follow, name="first")
    bad = _enqueue(committed_site, horses.fail, name="never", on_failure=horses.after)
    again = _enqueue(committed_site, horses.fail_once, name="twice")
    assert ForkLoop(committed_site, burst=True).run() == 6
    assert sorted(_left(committed_site)) == ["after Traceback (most recent call la", "first", "first, then", "twice-2"]
    assert _statuses(committed_site, good, bad, again) == ["finished", "failed", "finished"]
    assert [_job(committed_site, id)["attempt"] for id in (good, bad, again)] == [1, 1, 2]


@pytest.mark.one_database
def test_a_worker_serves_its_queues_alone_and_ends_after_so_many_jobs(committed_site):
    for n, queue in enumerate(["long", "default", "short", "default"]):
        _enqueue(committed_site, horses.leave, queue=queue, text=str(n))
    assert ForkLoop(committed_site, ["default", "long"], max_jobs=2).run() == 2
    assert _left(committed_site) == ["1", "3"]
    with pytest.raises(UnknownQueueError, match="Did you mean 'short'"):
        ForkLoop(committed_site, ["shrot"])


@pytest.mark.one_database
def test_an_id_that_is_delivered_twice_runs_once(committed_site):
    id = _enqueue(committed_site, horses.leave, text="once")
    committed_site.broker.release([Ticket(id)], again=True)
    committed_site.broker.release([Ticket("unknown")])
    assert ForkLoop(committed_site, burst=True).run() == 1
    assert _left(committed_site) == ["once"]


@pytest.mark.one_database
def test_while_the_broker_is_down_jobs_are_taken_from_the_table(committed_site):
    committed_site.broker.down = True
    for n, queue in enumerate(["long", "short", "default"]):
        _enqueue(committed_site, horses.leave, queue=queue, text=str(n))
    assert ForkLoop(committed_site, burst=True).run() == 3
    assert _left(committed_site) == ["1", "2", "0"]


def test_a_job_whose_horse_dies_runs_again_at_once_and_its_worker_lives_on(committed_site):
    id = _enqueue(committed_site, horses.die, name="late", to_attempt=2)
    other = _enqueue(committed_site, horses.leave, text="other")
    assert ForkLoop(committed_site, burst=True).run() == 4
    assert sorted(_left(committed_site)) == ["late", "other"]
    job = _job(committed_site, id)
    assert (job["status"], job["attempt"], job["kills"], job["fence"]) == ("finished", 3, 2, 3)
    assert _statuses(committed_site, other) == ["finished"]


@pytest.mark.one_database
def test_a_job_that_kills_its_horse_three_times_is_dead(committed_site):
    id = _enqueue(committed_site, horses.die, name="never", on_failure=horses.after)
    assert ForkLoop(committed_site, burst=True).run() == 4
    job = _job(committed_site, id)
    assert (job["status"], job["attempt"], job["kills"]) == ("failed", 3, 3)
    assert _left(committed_site) == ["after its worker died while it ran 3"]


@pytest.mark.one_database
def test_a_job_that_runs_too_long_is_interrupted_in_its_horse(committed_site):
    id = _enqueue(committed_site, horses.wait, timeout=1)
    assert ForkLoop(committed_site, burst=True).run() == 1
    job = _job(committed_site, id)
    assert (job["status"], job["kills"]) == ("failed", 0)
    assert "JobTimedOut: ran longer than 1 s" in job["error"]


@pytest.mark.slow
@pytest.mark.one_database
def test_a_job_that_swallows_its_timeout_loses_its_horse_and_dies_the_third_time(committed_site, monkeypatch):
    monkeypatch.setattr(timeout, "GRACE_S", 0.3)
    id = _enqueue(committed_site, horses.cannot_be_stopped, timeout=1)
    _enqueue(committed_site, horses.leave, text="other")
    assert ForkLoop(committed_site, burst=True).run() == 4
    job = _job(committed_site, id)
    assert (job["status"], job["kills"]) == ("failed", 3)
    assert _left(committed_site) == ["other"]


@pytest.mark.one_database
def test_a_process_that_ends_without_a_word_has_not_done_its_job(committed_site):
    id = _enqueue(committed_site, horses.vanish, name="second")
    assert ForkLoop(committed_site, burst=True).run() == 2
    assert _left(committed_site) == ["second"]
    assert (_job(committed_site, id)["attempt"], _job(committed_site, id)["kills"]) == (2, 1)


@pytest.mark.one_database
def test_what_a_job_does_to_its_process_stays_there(committed_site):
    before = Path.cwd()
    _enqueue(committed_site, horses.spoil)
    _enqueue(committed_site, horses.fail_once, name="retried")
    assert ForkLoop(committed_site, burst=True).run() == 3
    assert _left(committed_site) == ["retried-2"]
    assert Path.cwd() == before
    assert retry.DEFAULT_MAX > 0


@only_on("postgres", "mariadb")
def test_a_horse_has_a_connection_of_its_own(committed_site):
    with committed_site.work() as context:
        asked = "pg_backend_pid()" if committed_site.database.dialect == "postgresql" else "connection_id()"
        mine = context.unit.link.execute(sa.text(f"SELECT {asked}")).scalar()
    for _ in range(2):
        _enqueue(committed_site, horses.leave_connection)
    assert ForkLoop(committed_site, burst=True).run() == 2
    left = _left(committed_site)
    assert len({*left, str(mine)}) == 3
    with committed_site.work() as context:  # and nobody has said goodbye on this one
        assert context.unit.link.execute(sa.text(f"SELECT {asked}")).scalar() == mine


class _Running:
    """A worker in a thread, with a job that waits for ever."""

    def __init__(self, site, tmp_path):
        self.site, self.began = site, tmp_path / "began"
        self.id = _enqueue(site, horses.say_and_wait, name="never", began=str(self.began))
        self.loop = ForkLoop(site, max_jobs=1)
        self.thread = threading.Thread(target=self.loop.run)

    def __enter__(self):
        self.thread.start()
        until(lambda: self.began.exists() and self.began.read_text() != "")
        self.horse = int(self.began.read_text())
        return self

    def __exit__(self, *_error):
        self.loop.stopping.set()
        with suppress(ProcessLookupError):
            os.kill(self.horse, signal.SIGKILL)
        self.thread.join()


@pytest.mark.one_database
@pytest.mark.doclife_settings(worker_grace=0.1)
def test_a_job_that_outlasts_the_grace_is_given_back_and_does_not_count(committed_site, tmp_path):
    with _Running(committed_site, tmp_path) as running:
        running.loop.stop()
        running.thread.join()
    job = _job(committed_site, running.id)
    assert (job["status"], job["attempt"], job["kills"]) == ("queued", 0, 0)
    assert _left(committed_site) == []


@pytest.mark.one_database
@pytest.mark.doclife_settings(worker_grace=0.1)
def test_a_horse_that_does_not_listen_is_killed_and_its_job_given_back(committed_site, tmp_path, monkeypatch):
    monkeypatch.setattr(fork_module, "LAST_S", 0.2)
    monkeypatch.setattr(fork_module, "GIVE_BACK_S", 0.2)
    with _Running(committed_site, tmp_path) as running:
        os.kill(running.horse, signal.SIGSTOP)
        start = monotonic()
        running.loop.stop()
        running.thread.join()
        assert monotonic() - start < 5
    job = _job(committed_site, running.id)
    assert (job["status"], job["attempt"], job["kills"]) == ("queued", 0, 0)


@pytest.mark.one_database
def test_a_horse_that_is_killed_before_the_grace_is_over_counts(committed_site, tmp_path):
    with _Running(committed_site, tmp_path) as running:
        running.loop.stop()
        os.kill(running.horse, signal.SIGKILL)
        running.thread.join()
    job = _job(committed_site, running.id)
    assert (job["status"], job["attempt"], job["kills"]) == ("queued", 1, 1)


@pytest.mark.one_database
def test_a_running_job_is_cancelled_and_says_where_it_is(committed_site, tmp_path):
    with _Running(committed_site, tmp_path) as running:
        alive = liveness(committed_site)
        worker = _job(committed_site, running.id)["worker"]
        assert alive.ask(worker, {"stack": running.id})
        until(lambda: alive.answered(worker) is not None)
        assert "in say_and_wait" in alive.answered(worker)
        assert cancel(committed_site.database, committed_site.broker, alive, running.id) == "cancelled"
        running.thread.join()
    assert _statuses(committed_site, running.id) == ["cancelled"]
    assert _left(committed_site) == []


@pytest.mark.slow
@pytest.mark.one_database
def test_a_relay_that_dies_is_started_again(committed_site, monkeypatch):
    monkeypatch.setattr(fork_module, "RELAY_PAUSE_S", 0.0)
    loop = ForkLoop(committed_site)
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        until(lambda: loop._relay != 0)
        first = loop._relay
        os.kill(first, signal.SIGKILL)
        until(lambda: loop._relay not in (0, first))
    finally:
        loop.stop()
        thread.join()
    assert loop._relay == 0


@pytest.mark.one_database
def test_a_horse_ends_with_its_worker(committed_site, tmp_path):
    """On Linux by the signal that the kernel sends; elsewhere its pulse looks at its parent."""
    site = committed_site
    id = _enqueue(site, horses.say_and_wait, name="never", began=str(tmp_path / "began"))
    worker = os.fork()
    if not worker:
        try:
            ForkLoop(site).run()
        finally:
            os._exit(1)
    until(lambda: (tmp_path / "began").exists() and (tmp_path / "began").read_text() != "")
    horse = int((tmp_path / "began").read_text())
    name = _job(site, id)["worker"]
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    until(lambda: not Path(f"/proc/{horse}").exists())
    assert liveness(site).dead([name]) == {name}


def test_both_kinds_run_claimed_jobs_by_the_same_function():
    assert fork_module.run_claimed is run_claimed
