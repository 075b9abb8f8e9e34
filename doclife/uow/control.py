"""Why a transaction may not be ended here: the message names who called, and during what."""

from __future__ import annotations

from doclife.core.context import current_or_none


def refusal(verb: str, *, ending: str, in_progress: bool) -> str:
    """Returns the message.

    Args:
        verb: commit or rollback.
        ending: the moment whose callbacks are running, or "".
        in_progress: whether an operation or a savepoint is.
    """
    context = current_or_none()
    where = context.handler if context is not None else ""
    doing = context.operations[-1] if context is not None and context.operations else None
    return (
        f"{verb}() was called"
        + (f" by {where}" if where else "")
        + (
            f" during {doing[2]} of {doing[0]} {doing[1] or '(new)'}"
            if doing
            else " inside a savepoint"
            if in_progress
            else f" by a {ending} callback"
        )
        + "; an operation is committed as a whole by whoever began it. Move the call to a job or an "
        "after_commit callback"
    )
