"""What tests/unit/query/test_restrictions.py says, on PostgreSQL and MariaDB."""

from tests.unit.query.test_restrictions import *  # noqa: F403 every test and fixture of it
