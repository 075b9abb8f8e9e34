"""The cursor of the driver that a link runs hot statements on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection


def hot_cursor(connection: Connection) -> Any:
    """Returns a cursor of the driver: its own, or where that is slow, one that does the same faster."""
    if connection.dialect.driver == "psycopg":
        from doclife.database.postgres import PostgresCursor  # the driver is an extra

        return PostgresCursor(connection.connection.driver_connection)  # type: ignore[arg-type]
    return connection.connection.cursor()
