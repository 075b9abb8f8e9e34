"""The processes of the main job, started through doclife's command line as a person would start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from doclife import DoclifeError

#: seconds a process may take to end after it was asked to
STOP_S = 20
LOG_LINES = 15


class CommandFailed(DoclifeError):
    """A command of doclife did not do what it was asked."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass
class Processes:
    """The commands and processes of one sites folder."""

    sites_dir: Path
    site: str
    #: where what the processes print is kept
    logs: Path
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, *arguments: str) -> str:
        """Runs a command to its end and returns what it prints.

        Raises:
            CommandFailed: with the command's last words and exit code.
        """
        process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            self._command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for this process, which then ends the others in its own order
        )
        try:
            output, errors = process.communicate()
        except BaseException:
            _end(process, signal.SIGINT)  # it tidies up behind itself
            raise
        if process.returncode:
            raise CommandFailed(_last_words(errors or output) or f"{arguments[0]} failed", process.returncode)
        return output

    def start(self, name: str, *arguments: str) -> int:
        """Starts a process that runs until `stop`, or until this process is gone, and returns its id."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with self._log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own program, no shell
                self._command("--site", self.site, *arguments, "--parent", str(os.getpid())),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self._running[name].pid

    def pid(self, name: str) -> int:
        """Returns the id of a process that was started."""
        return self._running[name].pid

    def check(self) -> None:
        """Makes sure that every process is alive.

        Raises:
            CommandFailed: one is not; the message has its last words.
        """
        for name, process in self._running.items():
            code = process.poll()
            if code is not None:
                raise CommandFailed(f"the {name} has ended by itself with {code}. Its last words:\n{self.tail(name)}")

    def tail(self, name: str) -> str:
        """Returns the last lines that a process has printed."""
        lines = self._log(name).read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:]) or "(it has printed nothing)"

    def stop(self) -> None:
        """Asks every process to end, and kills those that do not."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            _end(process, signal.SIGTERM)
        self._running.clear()

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "doclife.cli", "--sites-dir", str(self.sites_dir), *arguments]

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def _last_words(text: str) -> str:
    """Returns what a command says about its failure as one line; of a traceback the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        lines = lines[-1:]
    return " ".join(lines).removeprefix("Error: ")


def _end(process: subprocess.Popen[Any], number: signal.Signals) -> None:
    """Asks a process to end; kills it, with those it has started, when it does not. It leads a session of its own."""
    process.send_signal(number)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
