"""Users come and go while keeper and server are killed: whoever asks gets a server, and none is left over."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from doclife.core.clock import monotonic
from tests.integration.embedded_processes import ROOT, Embedded

SECONDS = 12

USER = """
import random, sys, time
from pathlib import Path
from doclife.core.clock import monotonic
from doclife.queue.embedded import acquire
chance = random.Random(int(sys.argv[2]))
served = 0
end = monotonic() + float(sys.argv[3])
while monotonic() < end:
    with acquire(Path(sys.argv[1])):
        served += 1
        time.sleep(chance.random() * 0.3)
    time.sleep(chance.random())
print(served)
"""


@pytest.mark.slow
@pytest.mark.chaos
def test_whoever_asks_gets_a_server(tmp_path: Path) -> None:
    embedded = Embedded(tmp_path)
    chance = random.Random(7)
    users = [
        subprocess.Popen(
            [sys.executable, "-c", USER, str(tmp_path), str(seed), str(SECONDS)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )
        for seed in range(4)
    ]  # fmt: skip
    kills = 0
    end = monotonic() + SECONDS - 2
    while monotonic() < end:
        threading.Event().wait(chance.random())
        victim = chance.choice([embedded.places.keeper, embedded.places.server])
        if not victim.exists() or not victim.read_text():
            continue
        pid = int(victim.read_text())
        with suppress(FileNotFoundError, ProcessLookupError):
            # the number of one that has ended may be another's by now
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if any(str(own).encode() in command for own in (tmp_path, embedded.places.socket())):
                os.kill(pid, chance.choice([signal.SIGKILL, signal.SIGTERM]))
                kills += 1
    assert kills > 5
    for user in users:
        said, _ = user.communicate(timeout=60)
        assert user.returncode == 0
        assert int(said) > 3
    embedded.gone()
