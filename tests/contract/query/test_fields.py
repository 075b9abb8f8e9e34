"""What tests/unit/query/test_fields.py says, on PostgreSQL and MariaDB."""

from tests.unit.query.test_fields import *  # noqa: F403 every test and fixture of it
