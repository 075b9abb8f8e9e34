"""The texts of hot statements on PostgreSQL. What they store is tested in tests/contract/kernel/test_many_rows.py."""

import pytest

pytest.importorskip("psycopg")

from doclife.database.postgres import numbered


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("SAVEPOINT a", b"SAVEPOINT a"),
        (
            "SELECT a FROM b WHERE c = %s::VARCHAR AND d IN (%s, %s)",
            b"SELECT a FROM b WHERE c = $1::VARCHAR AND d IN ($2, $3)",
        ),
        ('SELECT 1 FROM "tab100%% Sure" WHERE a = %s', b'SELECT 1 FROM "tab100% Sure" WHERE a = $1'),
        ('SELECT 1 FROM "tab%%s" WHERE a = %s', b'SELECT 1 FROM "tab%s" WHERE a = $1'),
        ("INSERT INTO é VALUES (%s)", "INSERT INTO é VALUES ($1)".encode()),
    ],
    ids=["none", "some", "percent", "percent-s", "letters"],
)
def test_parameters_are_numbered_in_their_order(given, sent):
    assert numbered(given) == sent
