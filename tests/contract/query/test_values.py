"""What tests/unit/query/test_values.py says, on PostgreSQL and MariaDB."""

from tests.unit.query.test_values import *  # noqa: F403 every test and fixture of it
