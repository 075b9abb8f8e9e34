"""`make failover`: kills the leading scheduler again and again, and says whether a run was missed or doubled."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.contract.databases import BACKENDS
from tests.integration.failover.run import Options, run, summary
from tests.servers import server_url


def main() -> int:
    parser = argparse.ArgumentParser(prog="make failover", description=__doc__)
    parser.add_argument("--db", choices=BACKENDS, default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--duration", type=float, default=60, help="seconds in which leaders are killed")
    parser.add_argument("--keep", action="store_true", help="keep site and logs")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="doclife-failover-"))
    print(f"site and logs are in {folder}", flush=True)
    result = run(
        Options(
            database=options.db,
            server="" if options.db == "sqlite" else server_url(options.db),
            seed=options.seed,
            duration=options.duration,
            say=lambda line: print(line, flush=True),
        ),
        folder,
    )
    print(summary(result))
    wrong = bool(result.report.faults or result.tracebacks) or not result.takeovers
    if not wrong and not options.keep:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
