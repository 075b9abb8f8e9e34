"""What writers note of their transactions, in files of their own: it must be true without doclife's help.

A line before the transaction says what it is to do, a line after it how it ended. Between the two
the document of each frame decides: it is there or not.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.chaos.plan import PlannedTransaction, transaction_of


class Journal:
    """The file of one writer process."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()

    def note(self, word: str, **facts: Any) -> None:
        """Writes a line, and returns when it is on the disk."""
        line = json.dumps({"word": word, **facts}).encode() + b"\n"
        with self._lock:
            os.write(self._fd, line)
            os.fsync(self._fd)


@dataclass
class Told:
    """What all writers have told of one transaction."""

    plan: PlannedTransaction
    #: "committed", "rolled back", "error", or "": nobody has heard of it again
    outcome: str = ""
    error: str = ""
    #: jobs that enqueue or the commit has dropped as duplicates
    dropped: set[str] = field(default_factory=set)
    #: jobs that somebody wanted to cancel, with the status that they had then, or "": nobody has heard
    cancelled: dict[str, str] = field(default_factory=dict)


def read(paths: Iterable[Path]) -> dict[str, Told]:
    """Returns what journals tell, by the tag of the transaction."""
    told: dict[str, Told] = {}
    for path in paths:
        for line in path.read_bytes().split(b"\n")[:-1]:  # what is after the last end of line was torn by a kill
            facts = json.loads(line)
            word = facts.pop("word")
            if word == "plan":
                plan = transaction_of(facts["plan"])
                told[plan.tag] = Told(plan)
                continue
            one = told[facts["tag"]]
            if word == "cancel":
                one.cancelled[facts["key"]] = facts["status"]
            elif word == "dropped":
                one.dropped.update(facts["keys"])
            else:
                one.outcome, one.error = word, facts.get("error", "")
    return told
