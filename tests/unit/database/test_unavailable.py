"""A database that cannot be reached is one error, whoever asks first."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from doclife.core.errors import DatabaseUnavailable
from doclife.database.engine import can_connect, create_engine, transaction
from doclife.database.link import Database
from doclife.database.migrate import is_empty


@pytest.fixture
def engine(tmp_path):
    return create_engine(f"sqlite:///{tmp_path}/no/folder/site.db")


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda engine: engine.connect(), id="connect"),
        pytest.param(inspect, id="inspect"),
        pytest.param(is_empty, id="is_empty"),
        pytest.param(lambda engine: Database(engine).link().rows("SELECT 1"), id="link"),
        pytest.param(lambda engine: Database(engine).link().execute(text("SELECT 1")), id="statement"),
        pytest.param(lambda engine: transaction(engine).__enter__(), id="transaction"),
    ],
)
def test_the_error_names_the_database_and_the_reason(engine, tmp_path, ask):
    with pytest.raises(DatabaseUnavailable) as caught:
        ask(engine)
    assert str(caught.value) == (
        f"the database sqlite:///{tmp_path}/no/folder/site.db cannot be reached: unable to open database file; "
        "see db_url in the settings"
    )


def test_no_password_is_shown():
    engine = create_engine("postgresql://shop:secret@127.0.0.1:1/x")
    with pytest.raises(DatabaseUnavailable, match=r"postgresql\+psycopg://shop:\*\*\*@127\.0\.0\.1:1/x") as caught:
        engine.connect()
    assert "secret" not in str(caught.value)


def test_can_connect(engine):
    assert not can_connect(engine)
    assert can_connect(create_engine("sqlite://"))


def test_a_statement_that_fails_keeps_its_own_error():
    with create_engine("sqlite://").connect() as connection, pytest.raises(OperationalError, match="no such table"):
        connection.execute(text("SELECT * FROM missing"))
