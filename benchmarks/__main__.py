"""Runs the benchmarks and prints one table: `python -m benchmarks [--quick] [--only TEXT] [--out FILE]`."""

from __future__ import annotations

import argparse
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from benchmarks import documents, harness, imports, jobs, statements
from benchmarks.yardsticks import Yardstick


def main(arguments: list[str] | None = None) -> int:
    """Runs what was asked for; the exit code says only whether everything ran."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds: shows that everything runs")
    parser.add_argument("--only", default="", metavar="TEXT", help="measures whose name has this text")
    parser.add_argument("--out", type=Path, help="write the table to this file too")
    options = parser.parse_args(arguments)
    lines = [_machine(), ""]
    results = []
    with documents.bench_site() as site, tempfile.TemporaryDirectory() as folder:
        for measure in _measures(site, Yardstick(f"{folder}/yardstick.db"), quick=options.quick):
            if options.only in measure.name:
                print(f"{measure.name} ...", file=sys.stderr, flush=True)
                results.append(harness.run(measure, rounds=3 if options.quick else 9))
        started = _jobs(results, options.only, quick=options.quick)
        lines += [harness.table(results), *started]
        if not options.only:
            lines += ["", statements.table(site)]
    text = "\n".join(lines)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n")
    return 0


def _measures(site: documents.Site, yardstick: Yardstick, *, quick: bool) -> Iterator[harness.Measure]:
    yield from documents.measures(site, yardstick, quick=quick)
    yield imports.measure(quick=quick)


def _jobs(results: list[harness.Result], only: str, *, quick: bool) -> list[str]:
    """Runs the job rows, which need a broker, and returns the one that has no yardstick."""
    with jobs.job_bench() as bench:
        for measure in jobs.measures(bench):
            if only in measure.name:
                print(f"{measure.name} ...", file=sys.stderr, flush=True)
                results.append(harness.run(measure, rounds=3 if quick else 9))
        return [jobs.latency_line(bench.site, quick=quick)] if only in jobs.LATENCY else []


def _machine() -> str:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("doclife", "SQLAlchemy"))
    return (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}; {platform.machine()}. "
        "Microseconds per operation, medians of interleaved rounds; a ratio is the median of the rounds' own ratios."
    )


if __name__ == "__main__":
    sys.exit(main())
