"""What floors above need of whatever runs a statement."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import CursorResult, Executable


class Executes(Protocol):
    """What runs a statement: a unit's link, or a connection."""

    def execute(self, statement: Executable, params: Any = None, /) -> CursorResult[Any]:
        """Runs a SQLAlchemy statement."""
        ...
