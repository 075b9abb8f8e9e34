"""`import doclife` beside `import sqlalchemy`, each in a fresh interpreter, less the interpreter itself."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

from benchmarks.harness import Measure, Timed


def _run(statement: str) -> float:
    begun = perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return perf_counter() - begun


def _imports(module: str) -> Timed:
    def way(count: int) -> float:
        return max(sum(_run(f"import {module}") - _run("pass") for _ in range(count)), 0.0)

    return way


def measure(*, quick: bool) -> Measure:
    """Returns the measure of design 17."""
    yardsticks = {"import sqlalchemy": (_imports("sqlalchemy"), 0.2)}
    return Measure("import doclife", _imports("doclife"), yardsticks, 1 if quick else 3, rounds=9)
