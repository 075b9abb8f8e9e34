"""What tests/unit/query/test_refusals.py says, on PostgreSQL and MariaDB."""

from tests.unit.query.test_refusals import *  # noqa: F403 every test and fixture of it
