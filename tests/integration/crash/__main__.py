"""`make crash`: kills processes in the middle of nested saves, and says what it has found."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from doclife.core.clock import monotonic
from tests.contract.databases import BACKENDS
from tests.integration.crash.run import Plan, killer
from tests.servers import server_url


def main() -> int:
    parser = argparse.ArgumentParser(prog="make crash", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="victims on each database")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--db", choices=[*BACKENDS, "all"], default="all")
    options = parser.parse_args()
    summaries = []
    for database in BACKENDS if options.db == "all" else [options.db]:
        start = monotonic()
        server = "" if database == "sqlite" else server_url(database)
        with (
            tempfile.TemporaryDirectory(prefix="doclife-crash-") as folder,
            killer(Path(folder), database, server, options.seed) as one,
        ):
            for n in range(options.runs):
                one.kill(Plan.draw(options.seed, n))
                one.look()
                if one.report.faults:
                    break
                if n % 20 == 19:
                    print(f"{database}: {n + 1} killed", flush=True)
            for point, number in sorted(one.report.last_seen.items()):
                print(f"{database}: {number:4} last seen at {point}")
            summaries.append(one.report.summary() | {"seconds": round(monotonic() - start, 1)})
    print(json.dumps(summaries[0] if len(summaries) == 1 else summaries))
    return 1 if any(each["faults"] for each in summaries) else 0


if __name__ == "__main__":
    sys.exit(main())
