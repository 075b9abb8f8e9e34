"""What tests/unit/query/test_select.py says, on PostgreSQL and MariaDB."""

from tests.unit.query.test_select import *  # noqa: F403 every test and fixture of it
