"""Where log lines go."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from doclife.core import log


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_program_that_configures_nothing_keeps_its_stdout() -> None:
    lines = "log.get_logger().info('a'); log.get_logger().warning('lease_lost', job='7')"
    done = subprocess.run(
        [sys.executable, "-c", f"from doclife.core import log; {lines}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert [word for word in ("lease_lost", "job=7", "warning") if word not in done.stderr] == []
    assert done.stderr.count("\n") == 1


def test_a_program_that_has_configured_structlog_is_left_alone() -> None:
    lines = "structlog.configure(processors=[structlog.processors.JSONRenderer()]); from doclife.core import log"
    done = subprocess.run(
        [sys.executable, "-c", f"import structlog; {lines}; log.get_logger().info('a')"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"event": "a"}


def test_quiet_lines_go_where_stderr_is_at_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    log.stay_quiet()
    log.get_logger().error("broken")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "broken" in captured.err


@pytest.mark.parametrize(("level", "shown"), [("info", ["b", "c"]), ("warning", ["c"])])
def test_a_piped_log_is_json_from_its_level_on(level: str, shown: list[str]) -> None:
    stream = io.StringIO()
    log.configure(level, stream=stream)
    logger = log.get_logger()
    logger.debug("a")
    logger.info("b")
    logger.warning("c", job="7")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == shown
    assert json.loads(stream.getvalue().splitlines()[-1])["job"] == "7"
