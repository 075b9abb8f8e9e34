"""The traceback of the exception being handled, as text."""

from __future__ import annotations

import sys
import traceback


def get_traceback(with_context: bool = False) -> str:
    """Returns the traceback of the exception being handled; "" when there is none.

    Args:
        with_context: taken for Frappe's sake; local variables are never shown, they may be secrets.
    """
    error = sys.exception()
    return "" if error is None else "".join(traceback.format_exception(error))
