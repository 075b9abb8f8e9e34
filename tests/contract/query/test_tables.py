"""What tests/unit/query/test_tables.py says, on PostgreSQL and MariaDB."""

from tests.unit.query.test_tables import *  # noqa: F403 every test and fixture of it
