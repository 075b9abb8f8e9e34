"""When a column of a database is the declared one."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from doclife.database import types
from doclife.database.compare import plain_default, spelling

POSTGRES, MARIADB, SQLITE = postgresql.dialect(), mysql.dialect(), sqlite.dialect()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (None, None),
        ("NULL", None),
        ("0", "0"),
        ("'0'", "0"),
        ("0.000000", "0"),
        ("'300'", "300"),
        ("'0'::numeric", "0"),
        ("'Draft'::character varying", "Draft"),
        ("'5'::numeric(21, 6)", "5"),
        ("'it''s'", "it's"),
        ("''", ""),
        ("CURRENT_TIMESTAMP", "current_timestamp"),
        ("(CURRENT_TIMESTAMP)", "current_timestamp"),
        ("current_timestamp(6)", "current_timestamp"),
        ("now()", "current_timestamp"),
        ("'NaN'", "NaN"),
        ("'Now'", "Now"),
    ],
)
def test_defaults_are_the_same_on_every_database(text, plain):
    assert plain_default(text) == plain


@pytest.mark.parametrize(
    ("found", "declared", "dialect"),
    [
        (sa.REAL(), types.AmountType(), SQLITE),
        (sa.DATETIME(), types.UtcDateTime(), SQLITE),
        (sa.INTEGER(), types.BigInt(), SQLITE),
        (sa.VARCHAR(140, collation="C"), types.ShortText(140), POSTGRES),
        (sa.NUMERIC(21, 6), types.AmountType(), POSTGRES),
        (mysql.DECIMAL(21, 6), types.AmountType(), MARIADB),
        (mysql.BIGINT(display_width=20), types.BigInt(), MARIADB),
        (mysql.SMALLINT(display_width=6), types.CheckType(), MARIADB),
        (mysql.DATETIME(fsp=6), types.NaiveDateTime(), MARIADB),
    ],
)
def test_the_same_type_has_one_spelling(found, declared, dialect):
    assert spelling(found, dialect) == spelling(declared, dialect)


@pytest.mark.parametrize(
    ("found", "declared", "dialect"),
    [
        (sa.VARCHAR(140), types.ShortText(140), POSTGRES),  # the collation of the database
        (sa.VARCHAR(140, collation="C"), types.ShortText(141), POSTGRES),
        (mysql.DATETIME(), types.NaiveDateTime(), MARIADB),  # without microseconds
        (mysql.VARCHAR(140, charset="utf8mb4", collation="utf8mb4_general_ci"), types.ShortText(140), MARIADB),
        (sa.NUMERIC(21, 6), types.AmountType(21, 2), POSTGRES),
    ],
)
def test_another_type_has_another(found, declared, dialect):
    assert spelling(found, dialect) != spelling(declared, dialect)
