"""What tests/unit/query/test_signatures.py says, on PostgreSQL and MariaDB."""

from tests.unit.query.test_signatures import *  # noqa: F403 every test and fixture of it
