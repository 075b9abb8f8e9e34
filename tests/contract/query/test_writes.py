"""What tests/unit/query/test_writes.py says, on PostgreSQL and MariaDB."""

from tests.unit.query.test_writes import *  # noqa: F403 every test and fixture of it
