"""Measuring side by side: variants take turns within one run, medians are compared, ratios are printed.

The machine is shared and noisy: two figures of different runs say nothing about each other, two
of the same round do. Nothing here asserts anything about time.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

#: runs the work `count` times and returns the seconds it took
Timed = Callable[[int], float]


@dataclass
class Measure:
    """One row of design 17: our way and its yardsticks."""

    name: str
    ours: Timed
    #: name -> (its way, the budget as a factor of it; 0: none)
    yardsticks: dict[str, tuple[Timed, float]]
    #: operations in one turn
    count: int = 100
    #: what one operation is divided by (documents in a batch)
    per: int = 1
    #: where it is measured; "": no database has a part in it
    database: str = ""


@dataclass
class Result:
    """What a measure gave, in microseconds per operation."""

    name: str
    database: str
    ours: float
    #: yardstick, its time, the ratio, the budget (0: none)
    rows: list[tuple[str, float, float, float]] = field(default_factory=list)


def run(measure: Measure, *, rounds: int) -> Result:
    """Runs a measure in `rounds` turns of all its variants after one warm-up turn."""
    variants = {"doclife": measure.ours} | {name: way for name, (way, _) in measure.yardsticks.items()}
    times: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(rounds + 1):
        for name, way in variants.items():
            gc.collect()
            gc.disable()
            try:
                seconds = way(measure.count)
            finally:
                gc.enable()
            if turn:
                times[name].append(seconds / measure.count / measure.per * 1e6)
    ours = statistics.median(times["doclife"])
    result = Result(measure.name, measure.database, ours)
    for name, (_, budget) in measure.yardsticks.items():
        # the median of the ratios of one round each: what the machine does to both cancels out
        ratio = statistics.median(a / b for a, b in zip(times["doclife"], times[name], strict=True))
        result.rows.append((name, statistics.median(times[name]), ratio, budget))
    return result


def table(results: Sequence[Result]) -> str:
    """Returns the results as a Markdown table."""
    lines = ["| measure | database | doclife µs | yardstick | its µs | ratio | budget |", "|---" * 7 + "|"]
    for result in results:
        start = f"| {result.name} | {result.database} | {result.ours:.2f} |"
        if not result.rows:
            lines.append(f"{start} - | | | |")
        for name, value, ratio, budget in result.rows:
            verdict = "" if not budget else f"≤ {budget:g} {'met' if ratio <= budget else '**missed**'}"
            lines.append(f"{start} {name} | {value:.2f} | {ratio:.2f} | {verdict} |")
    return "\n".join(lines)
