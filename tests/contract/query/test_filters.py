"""What tests/unit/query/test_filters.py says, on PostgreSQL and MariaDB."""

from tests.unit.query.test_filters import *  # noqa: F403 every test and fixture of it
