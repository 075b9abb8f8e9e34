"""What tests/unit/query/test_sql.py says, on PostgreSQL and MariaDB."""

from tests.unit.query.test_sql import *  # noqa: F403 every test and fixture of it
