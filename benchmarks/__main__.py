"""Runs the benchmarks and prints their tables: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path

from benchmarks import databases, documents, growth, harness, imports, jobs, memory, statements, ticks
from benchmarks.harness import Measure, Result

_PARTS = ("documents", "growth", "ticks", "imports", "jobs", "counts")


def main(arguments: list[str] | None = None) -> int:
    """Runs what was asked for; the exit code says only whether everything ran."""
    options = _options(arguments)
    runner = Runner(options.only, quick=options.quick)
    names = databases.answering(options.db)
    if "documents" in options.parts or "counts" in options.parts:
        runner.documents(names, options.parts)
    for part, module in (("growth", growth), ("ticks", ticks)):
        for name in names if part in options.parts else ():
            with ExitStack() as stack:
                runner.run(module.measures(stack, name, quick=options.quick), name)
    if "imports" in options.parts:
        runner.run([imports.measure(quick=options.quick)])
    if "jobs" in options.parts:
        runner.jobs(names)
    text = runner.text()
    print(text)
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text + "\n")
        options.out.with_suffix(".json").write_text(json.dumps(runner.data(), indent=1) + "\n")
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds: shows that everything runs")
    parser.add_argument(
        "--db",
        type=lambda text: _known(text, databases.NAMES),
        default=[],
        metavar="NAMES",
        help=f"among {', '.join(databases.NAMES)}; default: those that answer",
    )
    parser.add_argument(
        "--parts",
        type=lambda text: _known(text, _PARTS),
        default=list(_PARTS),
        metavar="PARTS",
        help=f"among {', '.join(_PARTS)}; default: all",
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="measures whose name has this text")
    parser.add_argument("--out", type=Path, help="write the table to this file, and the figures beside it as JSON")
    return parser.parse_args(arguments)


def _known(text: str, names: Sequence[str]) -> list[str]:
    wanted = [part for part in text.split(",") if part]
    for part in wanted:
        if part not in names:
            raise argparse.ArgumentTypeError(f"{part!r} is none of {', '.join(names)}")
    return wanted


class Runner:
    """Runs measures and keeps what they gave."""

    def __init__(self, only: str, *, quick: bool) -> None:
        self.only, self.quick = only, quick
        self.results: list[Result] = []
        self.versions = [f"{name} {metadata.version(name)}" for name in ("doclife", "SQLAlchemy")]
        self.lines: list[str] = []
        self.counts: dict[str, list[tuple[str, int | None, int, int]]] = {}
        self.trips: dict[str, dict[str, int]] = {}

    def run(self, measures: Iterable[Measure], database: str = "") -> None:
        """Runs those that were asked for."""
        for measure in measures:
            measure.database = database
            if self.only in measure.name:
                print(f"{database:9} {measure.name} ...", file=sys.stderr, flush=True)
                self.results.append(harness.run(measure, rounds=3 if self.quick else measure.rounds))

    def documents(self, names: Sequence[str], parts: Sequence[str]) -> None:
        """Measures documents on each database, and dispatch once."""
        for position, name in enumerate(names):
            with documents.bench_site(name) as site:
                self.versions.append(databases.version(site.database.engine))
                if "documents" in parts:
                    self.run(documents.measures(site, documents.yardstick(site), quick=self.quick), name)
                    if position == 0:
                        self.run([documents.one_more_handler(site, quick=self.quick)])
                        self.run([growth.dispatch(site, quick=self.quick)])
                if "counts" in parts and not self.only:
                    self.counts[name] = [*statements.statements(site), *ticks.statements(site)]
                    if name != "sqlite":
                        self.trips[name] = statements.round_trips(site)

    def jobs(self, names: Sequence[str]) -> None:
        """Runs the job rows on each database, those that have no yardstick, and looks at the memory of workers once."""
        for name in names:
            with jobs.job_bench(name) as bench:
                self.run(jobs.measures(bench), name)
                if self.only in jobs.LATENCY:
                    self.lines.append(jobs.latency_line(bench.site, quick=self.quick))
        if self.only in memory.NAME and memory.is_possible():
            self.lines += memory.lines(quick=self.quick)

    def text(self) -> str:
        """Returns the tables."""
        lines = [
            f"Python {platform.python_version()}, {', '.join(self.versions)}; {platform.machine()}. Microseconds per "
            "operation, medians of interleaved rounds; a ratio is the median of the rounds' own ratios.",
        ]
        if self.results:
            lines += ["", harness.table(self.results), *self.lines]
        if self.counts:
            lines += ["", statements.table(self.counts, self.trips)]
        return "\n".join(lines)

    def data(self) -> dict[str, object]:
        """Returns the figures for other programs."""
        return {
            "versions": self.versions,
            "results": [dataclasses.asdict(result) for result in self.results],
            "statements": self.counts,
            "round_trips": self.trips,
        }


if __name__ == "__main__":
    sys.exit(main())
