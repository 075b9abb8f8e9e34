"""The processes of a run: started, replaced when they die, found when somebody is to die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from doclife.core.clock import monotonic

ROOT = Path(__file__).parents[3]
START = "tests.integration.chaos.start"


@dataclass
class Role:
    """A process that is started again whenever it ends."""

    #: supervisor, worker, scheduler, writer
    kind: str
    #: returns the arguments of its n-th life
    arguments: Callable[[int], list[str]]
    process: subprocess.Popen[Any] | None = None
    lives: int = 0
    start_at: float = 0


class Found(NamedTuple):
    """A process of the run, whoever started it."""

    pid: int
    parent: int
    #: supervisor, worker, child (of a worker), scheduler, writer, keeper, server
    kind: str
    #: when it was started; grows
    started: int


class Processes:
    """All processes of one sites folder."""

    def __init__(
        self, sites_dir: Path, folder: Path, environment: dict[str, str], *, through: Sequence[str] = (START,)
    ) -> None:
        """Knows its processes by the folder in their command.

        Args:
            sites_dir: a folder that no other process works on.
            folder: for their log.
            environment: more variables for them.
            through: module through which they start, and its own arguments; none: as they are.
        """
        self._through = through
        self.sites_dir = sites_dir
        self.log = folder / "processes.log"
        self._environment = {**os.environ, **environment}
        self.roles: list[Role] = []

    def add(self, role: Role) -> None:
        """Has a process kept running."""
        self.roles.append(role)

    def keep_up(self) -> None:
        """Starts what does not run."""
        for role in self.roles:
            if role.process is not None and role.process.poll() is None:
                continue
            if role.process is not None:
                role.process, role.start_at = None, monotonic() + 0.3
            if monotonic() >= role.start_at:
                role.lives += 1
                with self.log.open("ab") as log:
                    role.process = subprocess.Popen(
                        [sys.executable, "-m", *self._through, *role.arguments(role.lives)],
                        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment,
                    )  # fmt: skip

    def end(self, kinds: tuple[str, ...], timeout_s: float) -> None:
        """Ends processes as a deployment does, and does not start them again; kills what does not end in time."""
        ending = [role for role in self.roles if role.kind in kinds]
        self.roles = [role for role in self.roles if role.kind not in kinds]
        for role in ending:
            if role.process is not None and role.process.poll() is None:
                role.process.terminate()
        deadline = monotonic() + timeout_s
        for role in ending:
            if role.process is not None:
                try:
                    role.process.wait(max(deadline - monotonic(), 0.1))
                except subprocess.TimeoutExpired:
                    role.process.kill()
                    role.process.wait()

    def kill_all(self) -> None:
        """Kills whatever is left of the run."""
        self.roles = []
        for _ in range(50):
            found = list(self.found())
            if not found:
                return
            for each in found:
                send(each.pid, signal.SIGCONT)
                send(each.pid, signal.SIGKILL)

    def found(self) -> Iterator[Found]:
        """Yields the processes of the run that live."""
        mark = os.fsencode(str(self.sites_dir))
        commands: dict[int, tuple[int, int, str]] = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit() or int(folder.name) == os.getpid():
                continue
            with suppress(OSError):
                command = (folder / "cmdline").read_bytes()
                if mark in command:
                    facts = (folder / "stat").read_text().rpartition(")")[2].split()
                    if facts[0] not in "ZX":
                        text = os.fsdecode(command).replace("\0", " ")
                        commands[int(folder.name)] = int(facts[1]), int(facts[19]), text
        for pid, (parent, started, command) in commands.items():
            if kind := _kind(command, commands.get(parent, (0, 0, ""))[2]):
                yield Found(pid, parent, kind, started)


def _kind(command: str, parent: str) -> str:
    if "valkey-server" in command:
        return "server"
    if "doclife.queue.keeper" in command:
        return "keeper"
    if "doclife.worker.scheduler" in command:
        return "scheduler"
    if "tests.integration.chaos.writer" in command:
        return "writer"
    if "doclife.worker.main" not in command:
        return ""
    if "--workers" in command:
        return "supervisor"
    return "child" if command == parent else "worker"


def send(pid: int, number: int) -> bool:
    """Sends a signal and returns whether the process was there."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
