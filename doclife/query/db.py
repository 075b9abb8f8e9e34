"""The one `db` object."""

from __future__ import annotations

from doclife.query.database import Db

db = Db()
