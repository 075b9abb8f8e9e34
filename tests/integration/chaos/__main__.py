"""`make chaos`: kills whatever there is while jobs are written and run, and says whether one was lost or run twice."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.contract.databases import BACKENDS
from tests.integration.chaos.run import Options, run, summary
from tests.servers import server_url

#: fewer committed jobs prove nothing
FEWEST = 200


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--db", choices=BACKENDS, default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--duration", type=float, default=60, help="seconds with faults")
    parser.add_argument("--late", type=float, default=90, help="seconds to wait for late doubles")
    parser.add_argument("--mean", type=float, default=1.2, help="seconds between two faults")
    parser.add_argument("--real-times", action="store_true", help="wait for the dead as long as an installation does")
    parser.add_argument("--plant", default="", help="a defect of plants.py, which the run must find")
    parser.add_argument("--keep", action="store_true", help="keep site, journals and logs")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="doclife-chaos-"))
    print(f"site, journals and logs are in {folder}", flush=True)
    result = run(
        Options(
            database=options.db,
            server="" if options.db == "sqlite" else server_url(options.db),
            seed=options.seed,
            duration=options.duration,
            late=options.late,
            mean=options.mean,
            real_times=options.real_times,
            plant=options.plant,
            say=lambda line: print(line, flush=True),
        ),
        folder,
    )
    print(summary(result))
    wrong = bool(result.report.faults) or result.report.committed < FEWEST or not result.killed
    if not wrong and not options.keep:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
