"""Processes that insert into the same series at the same time: run as a program, which forks them and prints JSON.

Each process begins with all others on the first number ever of some series, then runs transactions of its own
choice: documents that stay, documents whose insert fails, savepoints and whole transactions that are undone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

from doclife.core.context import Context, activate
from doclife.core.errors import ValidationError
from doclife.core.settings import Settings
from doclife.database.engine import create_engine
from doclife.database.link import Database
from doclife.events.registry import Registry
from doclife.model.document import Document
from doclife.model.naming import getseries
from doclife.query.db import db
from doclife.schema.fieldtypes import Check, Data
from doclife.schema.meta import Meta
from doclife.uow.retry import retry_on_conflict
from doclife.uow.unit import UnitOfWork

#: series that all processes have in common
SERIES = ["A-.####", "B-.YYYY.-.####", "C-.####"]
#: seconds until all processes are at the same place
PATIENCE = 60


class CountedVoucher(Document):
    """A document of a series that it chooses itself."""

    meta = Meta(autoname="naming_series:")
    naming_series = Data()
    fails = Check()

    def validate(self) -> None:
        """Fails where that is wanted, after the number was taken."""
        if self.fails:
            raise ValidationError("it was to fail")


class CountedEntry(Document):
    """A document with a number as name."""

    meta = Meta(autoname="autoincrement")


CLASSES: list[Any] = [CountedVoucher, CountedEntry]


class Undo(Exception):
    """What undoes a savepoint or a transaction."""


@contextmanager
def opened(url: str) -> Iterator[Context]:
    """Opens a context on a site of these types over a database."""
    doctypes = {cls.meta.doctype: cls for cls in CLASSES}
    database = Database(create_engine(url, busy_timeout=PATIENCE))
    site = SimpleNamespace(
        name="counting",
        settings=Settings(),
        doctypes=doctypes,
        registry=Registry([], doctypes),
        plans={},
        cache={},
        database=database,
    )
    context = Context(site)
    context.unit = UnitOfWork(database, strict=True)
    with activate(context):
        try:
            yield context
        finally:
            context.unit.close()
            database.close()


class Process:
    """One process: what it does, and what came of it."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.names: list[str] = []
        self.conflicts = 0

    def first_number(self, series: str, *, stays: bool) -> None:
        """Takes a number of a series that has none yet."""
        self._transact([("insert", series)], stays=stays)

    def transaction(self, *, mixed: bool) -> None:
        """Runs a transaction of one series, or of several in any order."""
        one = self.choose.choice(SERIES)
        steps = [
            (self.choice(), self.choose.choice([*SERIES, ""]) if mixed else one)
            for _ in range(self.choose.randint(1, 4))
        ]
        self._transact(steps, stays=self.choose.random() < 0.7)

    def choice(self) -> str:
        """Returns what to do with one document."""
        return self.choose.choices(["insert", "fail", "undo", "number"], [6, 2, 2, 1])[0]

    def _transact(self, steps: list[tuple[str, str]], *, stays: bool) -> None:
        runs = 0

        def work() -> list[str]:
            nonlocal runs
            runs += 1
            made = [name for step, series in steps for name in self._step(step, series)]
            if not stays:
                raise Undo
            return made

        with suppress(Undo):
            self.names += retry_on_conflict(work, attempts=30, pause=0.005)
        self.conflicts += runs - 1

    def _step(self, step: str, series: str) -> list[str]:
        if step == "number" and series == "A-.####":
            return [f"A-{getseries('A-', 4)}"]  # a number of its own, for no document
        try:
            with db.savepoint():
                doc = CountedVoucher(naming_series=series, fails=step == "fail") if series else CountedEntry()
                doc.insert()
                if step == "undo":
                    raise Undo
        except (Undo, ValidationError):
            return []
        return [f"{doc.doctype} {doc.name}" if not series else doc.name]


def _run(url: str, number: int, options: argparse.Namespace, barrier: Any, results: Any) -> None:
    process = Process(options.seed * 1000 + number)
    try:
        with opened(url):
            for n in range(options.firsts):
                barrier.wait(PATIENCE)
                process.first_number(f"FIRST-{n}-.###", stays=(number + n) % 3 != 0)
            barrier.wait(PATIENCE)
            for _ in range(options.transactions):
                process.transaction(mixed=options.mixed)
        results.put({"names": process.names, "conflicts": process.conflicts})
    except BaseException as error:
        results.put({"error": f"{type(error).__name__}: {error}", "names": [], "conflicts": process.conflicts})
        raise


def main(arguments: list[str]) -> None:
    """Forks the processes and prints what each of them has committed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    for name, default in (("seed", 0), ("processes", 8), ("firsts", 3), ("transactions", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--mixed", action="store_true")
    options = parser.parse_args(arguments)
    fork = multiprocessing.get_context("fork")
    barrier, results = fork.Barrier(options.processes), fork.SimpleQueue()
    children = [
        fork.Process(target=_run, args=(options.url, n, options, barrier, results)) for n in range(options.processes)
    ]
    for child in children:
        child.start()
    print(json.dumps([results.get() for _ in children]))
    for child in children:
        child.join()


if __name__ == "__main__":
    main(sys.argv[1:])
