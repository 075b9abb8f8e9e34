"""Numbers of a series are given out once and without a gap, whatever eight processes do at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from doclife.schema.tables import metadata, series
from tests.contract.databases import MARKED, fresh_engine
from tests.integration.counting_processes import CLASSES, CountedEntry, CountedVoucher

pytestmark = pytest.mark.slow_on_servers

ROOT = Path(__file__).parents[2]
PROCESSES = 8


@pytest.fixture(params=MARKED)
def engine(request, tmp_path):
    with fresh_engine(request.param, tmp_path) as made:
        metadata.create_all(made, [series, *(cls.__table__ for cls in CLASSES)])
        yield made


def run(engine, *options):
    """Runs the processes and returns what each of them has committed."""
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.integration.counting_processes", "--url", url, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert len(results) == PROCESSES
    assert [each["error"] for each in results if "error" in each] == [], done.stderr
    return results


def check(engine, results):
    """Checks names, tables and counters against each other."""
    names = [name for each in results for name in each["names"]]
    assert len(names) == len(set(names)), "a name was given out twice"
    numbered = [name for name in names if not name.startswith("Counted Entry")]
    numbers: dict[str, list[int]] = {}
    for name in numbered:
        prefix, _, number = name.rpartition("-")
        numbers.setdefault(f"{prefix}-", []).append(int(number))
    for prefix, taken in numbers.items():
        assert sorted(taken) == list(range(1, len(taken) + 1)), f"{prefix} has a gap"
    with engine.connect() as connection:
        counters = dict(connection.execute(sa.select(series.c.name, series.c.current)).all())
        vouchers = set(connection.scalars(sa.select(CountedVoucher.__table__.c.name)))
        entries = set(connection.scalars(sa.select(CountedEntry.__table__.c.name)))
    highest = counters.pop("autoincrement:Counted Entry", 0)
    assert {prefix: current for prefix, current in counters.items() if current} == {
        prefix: len(taken) for prefix, taken in numbers.items()
    }
    assert vouchers <= set(numbered)
    assert all(name.startswith("A-") for name in set(numbered) - vouchers), "these are numbers without a document"
    assert {f"Counted Entry {name}" for name in entries} == set(names) - set(numbered)
    assert max(map(int, entries), default=0) <= highest


def test_one_series_at_a_time(engine):
    results = run(engine, "--seed", "1", "--firsts", "12")
    check(engine, results)
    # a transaction of one series waits for its turn; it loses against nobody, not even for the first number ever
    assert sum(each["conflicts"] for each in results) == 0


def test_several_series_in_one_transaction(engine):
    """They meet in either order: the database ends one of two that wait for each other, and it is run again."""
    check(engine, run(engine, "--seed", "2", "--firsts", "0", "--transactions", "5", "--mixed"))


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.parametrize("seed", ["11", "12", "13"])
def test_one_series_at_a_time_for_long(engine, seed):
    results = run(engine, "--seed", seed, "--firsts", "60", "--transactions", "250")
    check(engine, results)
    assert sum(each["conflicts"] for each in results) == 0


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.parametrize("seed", ["21", "22"])
def test_several_series_in_one_transaction_for_long(engine, seed):
    # PostgreSQL takes a second to find out that two wait for each other
    check(engine, run(engine, "--seed", seed, "--firsts", "0", "--transactions", "25", "--mixed"))
