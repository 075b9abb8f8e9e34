"""Measuring side by side: variants take turns within one run, medians are compared, ratios are printed.

The machine is shared and noisy: two figures of different runs say nothing about each other, two
of the same round do. Turns are short, so that what the machine does meets all variants of a round
alike. Nothing here asserts anything about time.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

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
    #: turns of each variant; a quick run has few
    rounds: int = 31


@dataclass
class Result:
    """What a measure gave, in microseconds per operation."""

    name: str
    database: str
    ours: float
    #: of the fastest turn
    least: float
    rows: list[Row] = field(default_factory=list)


class Row(NamedTuple):
    """A yardstick beside it."""

    yardstick: str
    its: float
    #: the median of the rounds' own ratios: what the machine does to both cancels out
    ratio: float
    #: of the fastest turns, for a machine that does other things too
    least: float
    #: 0: none
    budget: float


def run(measure: Measure, *, rounds: int) -> Result:
    """Runs a measure in `rounds` turns of all its variants after one warm-up turn."""
    variants = {"doclife": measure.ours} | {name: way for name, (way, _) in measure.yardsticks.items()}
    times: dict[str, list[float]] = {name: [] for name in variants}
    gc.collect()
    gc.freeze()  # what stands already is not looked through in each turn
    gc.disable()
    try:
        for turn in range(rounds + 1):
            for name, way in variants.items():
                seconds = way(measure.count)
                if turn:
                    times[name].append(seconds / measure.count / measure.per * 1e6)
                gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
    ours = statistics.median(times["doclife"])
    least = min(times["doclife"])
    result = Result(measure.name, measure.database, ours, least)
    for name, (_, budget) in measure.yardsticks.items():
        ratio = statistics.median(a / b for a, b in zip(times["doclife"], times[name], strict=True))
        result.rows.append(Row(name, statistics.median(times[name]), ratio, least / min(times[name]), budget))
    return result


def table(results: Sequence[Result]) -> str:
    """Returns the results as a Markdown table."""
    heads = ("measure", "database", "doclife µs", "yardstick", "its µs", "ratio", "of minima", "budget")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for result in results:
        start = f"| {result.name} | {result.database} | {result.ours:.2f} |"
        if not result.rows:
            lines.append(f"{start} - | | | | |")
        for row in result.rows:
            verdict = "" if not row.budget else f"≤ {row.budget:g} {'met' if row.ratio <= row.budget else '**missed**'}"
            lines.append(f"{start} {row.yardstick} | {row.its:.2f} | {row.ratio:.2f} | {row.least:.2f} | {verdict} |")
    return "\n".join(lines)
