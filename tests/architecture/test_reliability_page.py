"""The page about reliability names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/reliability.md").read_text().splitlines()
    if line.startswith("|")
]
#: number -> file of the test
WINDOWS = {int(row[0]): row[-1] for row in ROWS if row[0].isdigit() and len(row) == 6}


def test_each_way_to_crash_has_a_test():
    assert list(WINDOWS) == list(range(1, 23))
    for number, file in WINDOWS.items():
        if file.startswith("windows/"):
            assert f"\ndef test_{number}_" in (TESTS / "integration" / file).read_text(), (number, file)
        else:
            assert (TESTS / file).exists(), (number, file)


def test_what_goes_wrong_elsewhere_has_a_test():
    named = {row[0]: row[1] for row in ROWS if len(row) == 2 and not set(row[1]) <= set("-")}
    assert len(named) > 15
    for failure, where in named.items():
        files = re.findall(r"[\w/]+\.py", where)
        assert all((TESTS / file).exists() for file in files), (failure, where)
        assert files or re.search(r"rows? \d", where) or where == "test here", (failure, where)
