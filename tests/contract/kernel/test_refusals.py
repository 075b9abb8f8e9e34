"""What is said of a statement that names what the database does not have, on every database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from doclife.core.errors import DataError

HINT = "the site is not migrated: doclife migrate"

SERIES = sa.table("tabSeries", sa.column("name"), sa.column("nowhere"))


@pytest.mark.parametrize(
    "statement",
    [
        sa.select(sa.text("1")).select_from(sa.table("tabNowhere")),
        sa.select(SERIES.c.nowhere),
        sa.insert(SERIES).values(name="x", nowhere=1),
    ],
    ids=["table", "column", "column of an insert"],
)
def test_a_name_that_is_missing_may_be_a_migration_that_is(context, statement):
    with pytest.raises(DataError, match=HINT) as caught:
        context.unit.link.execute(statement)
    assert "nowhere" in str(caught.value).lower()


def test_other_refusals_do_not_speak_of_migrations(context):
    with pytest.raises(DataError, match="the database refused a statement: ") as caught:
        context.unit.link.execute(sa.text("SELEKT 1"))
    assert HINT not in str(caught.value)
