"""Any declarations can become any others: makemigrations and migrate always arrive, and the way back too."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table

from doclife.database import types
from doclife.database.autogenerate import revision
from doclife.database.drift import check
from doclife.database.engine import create_engine
from doclife.database.migrate import AppHistory, downgrade, is_empty, upgrade
from doclife.database.naming import NAMING_CONVENTION

TEXTS = [types.ShortText(20), types.ShortText(140), types.LongText(), types.UtcDateTime(), types.Date()]
NUMBERS = [types.AmountType(), types.CheckType(), types.BigInt(), types.Double()]

column = st.one_of(
    st.fixed_dictionaries({"kind": st.sampled_from(TEXTS)}, optional={"index": st.just(True), "unique": st.just(True)}),
    st.fixed_dictionaries(
        {"kind": st.sampled_from(NUMBERS), "nullable": st.booleans(), "server_default": st.sampled_from(["0", "5"])},
        optional={"index": st.just(True)},
    ),
)
tables = st.dictionaries(
    st.sampled_from(["tabA", "tabB b"]),
    st.dictionaries(st.sampled_from(["one", "two", "three"]), column, max_size=3),
    max_size=2,
)


def _metadata(declared: dict[str, dict[str, dict[str, object]]]) -> MetaData:
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    for name, columns in declared.items():
        made = [
            Column(column, options["kind"], **{key: value for key, value in options.items() if key != "kind"})
            for column, options in columns.items()
        ]
        Table(name, metadata, Column("name", types.ShortText(), primary_key=True), *made, info={"app": "shop"})
    return metadata


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(tables, min_size=1, max_size=3))
def test_from_anything_to_anything_and_back(states):
    with tempfile.TemporaryDirectory() as folder:
        history = AppHistory("shop", Path(folder))
        engine = create_engine(f"sqlite:///{folder}/site.db")
        written = []
        for declared in states:
            metadata = _metadata(declared)
            path = revision(metadata, [history], "shop", "next")
            upgrade(engine, metadata, [history])
            assert check(engine, metadata, [history]) == []
            assert revision(metadata, [history], "shop", "nothing") is None
            if path is not None:
                written.append((path, declared))
        while written:
            path, _ = written.pop()
            before = written[-1] if written else (None, {})
            downgrade(engine, _metadata({}), history, f"shop_{len(written):04}" if written else "base")
            path.unlink()
            assert check(engine, _metadata(before[1]), [history]) == []
        assert is_empty(engine)
        engine.dispose()
