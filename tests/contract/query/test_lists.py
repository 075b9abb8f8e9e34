"""What tests/unit/query/test_lists.py says, on PostgreSQL and MariaDB."""

from tests.unit.query.test_lists import *  # noqa: F403 every test and fixture of it
