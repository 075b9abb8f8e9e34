"""The cursor of the driver that a link runs hot statements on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection


def hot_cursor(connection: Connection) -> Any:
    """Returns a cursor of the driver: its own, or where that is slow, one that does the same faster."""
    if connection.dialect.driver == "psycopg":
        from doclife.database.postgres import PostgresCursor  # the driver is an extra

        driver_connection: Any = connection.connection.driver_connection  # psycopg's; SQLAlchemy knows no driver
        return PostgresCursor(driver_connection)
    return connection.connection.cursor()
