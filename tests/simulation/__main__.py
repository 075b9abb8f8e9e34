"""`make simulate`: every frequency word and 200 random expressions, two years minute by minute, in four time zones."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from zoneinfo import ZoneInfo, available_timezones

from tests.simulation.compare import compare
from tests.simulation.cron_model import Span
from tests.simulation.expressions import APPS, WORDS, random_expression
from tests.simulation.plants import PLANTS, planted

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
#: expressions of which each rule for the days of changes decides one
TELLING = ("0 0 * * *", "30 2 * * *", "*/20 0-2 * * *", "20 */3 * * *", "0 * * * *")
START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--expressions", type=int, default=200, help="how many random ones")
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument(
        "--everywhere", action="store_true", help="instead, the changes of clocks in every zone there is"
    )
    parser.add_argument("--show", action="store_true", help="print the random expressions")
    parser.add_argument("--plant", choices=PLANTS, default="", help="a defect, which the simulation must find")
    options = parser.parse_args()
    with planted(options.plant):
        return (everywhere if options.everywhere else simulate)(options)


def everywhere(options: argparse.Namespace) -> int:
    """Prints what is found around three changes of the clock in each zone; returns 1 where a plan differs."""
    random = Random(options.seed)
    changes = total = wrong = 0
    for zone in sorted(available_timezones()):
        found = list(_changes(ZoneInfo(zone)))
        for eve in random.sample(found, min(3, len(found))):
            span = Span(zone, eve, 4)
            changes += 1
            for expression in (*TELLING, *(random_expression(random) for _ in range(5))):
                result = compare(expression, expression, span, random)
                total += result.runs
                if result.missed or result.wrong:
                    wrong += 1
                    print(result, flush=True)
    print(
        f"{changes} changes of clocks (seed {options.seed}): {total} runs compared, {wrong} plans differ from the model"
    )
    return 1 if wrong or not total else 0


def _changes(zone: ZoneInfo) -> Iterator[datetime]:
    """Yields a day before each change of a zone's clock from 1975 to 2036."""
    day, moment = timedelta(days=1), datetime(1975, 1, 1, tzinfo=UTC)
    while moment.year < 2037:
        if moment.astimezone(zone).utcoffset() != (moment + day).astimezone(zone).utcoffset():
            yield moment - day
        moment += day


def simulate(options: argparse.Namespace) -> int:
    """Prints how the plans compare with the model; returns 1 where one differs."""
    random = Random(options.seed)
    drawn = [random_expression(random) for _ in range(options.expressions)]
    if options.show:
        print("\n".join(drawn))
    meanings = WORDS | {each: each for each in (*APPS, *drawn)}
    wrong = total = never = 0
    for zone in ZONES:
        began = perf_counter()
        span = Span(zone, START, options.days)
        runs = 0
        for expression, meaning in meanings.items():
            result = compare(expression, meaning, span, random)
            runs += result.runs
            never += not result.runs
            if result.missed or result.wrong:
                wrong += 1
                print(result, flush=True)
        total += runs
        print(
            f"{zone}: {len(meanings)} expressions, {span.minutes} minutes, {len(span.gaps)} gaps, {runs} runs compared "
            f"in {perf_counter() - began:.0f} s",
            flush=True,
        )
    print(
        f"{len(WORDS)} words, {len(APPS)} expressions of apps and {len(drawn)} random ones (seed {options.seed}), "
        f"{len(ZONES)} zones, {options.days} days: {total} runs compared, "
        f"{wrong} plans differ from the model; {never} plans had no run"
    )
    return 1 if wrong or not total else 0


if __name__ == "__main__":
    sys.exit(main())
