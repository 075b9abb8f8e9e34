"""What tests/unit/query/test_injection.py says, on PostgreSQL and MariaDB."""

from tests.unit.query.test_injection import *  # noqa: F403 every test and fixture of it
