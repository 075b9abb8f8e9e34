"""`make rivals`: two processes submit invoices of the same outlets at once, and the books are looked at."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.contract.databases import BACKENDS
from tests.integration.rivals.run import compete
from tests.integration.rivals.worker import KINDS
from tests.servers import server_url


def main() -> int:
    parser = argparse.ArgumentParser(prog="make rivals", description=__doc__)
    parser.add_argument("--runs", type=int, default=500, help="transactions of each of the two processes")
    parser.add_argument("--db", choices=[*BACKENDS, "all"], default="all")
    parser.add_argument("--mode", choices=[*KINDS, "mixed", "all"], default="all")
    options = parser.parse_args()
    results = []
    for database in BACKENDS if options.db == "all" else [options.db]:
        server = "" if database == "sqlite" else server_url(database)
        for mode in KINDS if options.mode == "all" else [options.mode]:
            with tempfile.TemporaryDirectory(prefix="doclife-rivals-") as folder:
                found = compete(Path(folder), server, mode, options.runs, reader=mode == "one")
            results.append({"db": database} | found)
            print(f"{database}, {mode}: {found}", flush=True)
    print(json.dumps(results[0] if len(results) == 1 else results))
    return 0 if not any(each["faults"] or each["surfaced"] for each in results) else 1


if __name__ == "__main__":
    sys.exit(main())
