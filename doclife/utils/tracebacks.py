"""The traceback of the exception being handled, as text."""

from __future__ import annotations

import sys
import traceback


def get_traceback() -> str:
    """Returns the traceback of the exception being handled; "" when there is none."""
    error = sys.exception()
    return "" if error is None else "".join(traceback.format_exception(error))
