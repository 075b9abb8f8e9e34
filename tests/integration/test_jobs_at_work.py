"""Looking at jobs that run in worker processes, and stopping them, as people do it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from doclife.cli.main import cli
from tests.contract.brokers import until
from tests.integration import job_bodies
from tests.integration.worker_processes import SECONDS, Workers

pytestmark = [pytest.mark.slow, pytest.mark.doclife_settings(queue="rq")]


@pytest.fixture(params=["inproc", "fork"])
def isolation(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture(autouse=True)
def logs_where_they_were() -> Iterator[None]:
    yield
    structlog.reset_defaults()  # the commands send them where they want them


def _doclife(workers: Workers, *words: str) -> Result:
    site = workers.site
    return CliRunner().invoke(cli, ["--sites-dir", str(site.sites_dir), "--site", site.name, *words])


def test_a_running_job_is_seen_and_stopped(workers: Workers, tmp_path: Path) -> None:
    began, go = tmp_path / "began", tmp_path / "go"
    id = workers.enqueue(job_bodies.note_and_wait, key="never", began=str(began), go=str(go), job_id="slow")
    workers.start("--workers", "2")
    until(began.exists, SECONDS)
    until(lambda: workers.job(id)["status"] == "started", SECONDS)

    stack = _doclife(workers, "jobs", "show", "slow", "--stack")
    assert stack.exit_code == 0, stack.output
    assert "in note_and_wait" in stack.stdout
    assert stack.stdout.index("in note_and_wait") < stack.stdout.index("in _wait"), "the innermost last"

    def busy() -> list[tuple[bool, str, str]]:
        found = json.loads(_doclife(workers, "doctor", "--json").stdout)
        assert {each["kind"] for each in found["problems"]} <= {"no-scheduler"}
        return [(each["alive"], each["isolation"], each["job"]) for each in found["workers"] if each["job"]]

    assert busy() == [(True, workers.isolation, id)]

    cancelled = _doclife(workers, "jobs", "cancel", id)
    assert (cancelled.exit_code, cancelled.stdout) == (0, "1 job cancelled\n"), cancelled.output
    assert (workers.job(id)["status"], workers.job(id)["ended_key"]) == ("cancelled", "slow")
    assert workers.notes == []

    go.touch()
    assert _doclife(workers, "jobs", "retry", "slow").stdout == "1 job run again\n"
    workers.until_ended(id)
    assert (workers.notes, workers.job(id)["status"], workers.job(id)["fence"]) == (["never"], "finished", 2)
