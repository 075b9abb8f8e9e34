"""The names of events: what exists, and what its handlers are given besides document and name."""

from __future__ import annotations

from collections.abc import Collection

from doclife.core.errors import UnknownEventError, nearest

#: event -> names of its further arguments
EVENTS: dict[str, tuple[str, ...]] = {
    "before_insert": (),
    "before_naming": (),
    "autoname": (),
    "before_validate": (),
    "validate": (),
    "before_save": (),
    "before_submit": (),
    "before_cancel": (),
    "before_update_after_submit": (),
    "before_discard": (),
    "before_change": (),
    "before_rename": ("old", "new", "merge"),
    "after_insert": (),
    "on_update": (),
    "on_submit": (),
    "on_cancel": (),
    "on_update_after_submit": (),
    "on_discard": (),
    "on_change": (),
    "on_trash": (),
    "after_delete": (),
    "after_rename": ("old", "new", "merge"),
    "onload": (),
    "before_print": ("settings",),
}

#: names people expect, and what they mean here (reference 3.6)
_MISTAKEN = {
    "after_save": "on_update",
    "after_update": "on_update",
    "after_submit": "on_submit",
    "after_cancel": "on_cancel",
    "before_delete": "on_trash",
    "before_trash": "on_trash",
    "on_delete": "after_delete",
    "before_update": "before_save",
    "on_insert": "after_insert",
    "on_save": "on_update",
    "on_validate": "validate",
}


def check_event(name: str, custom: Collection[str] = (), *, where: str = "") -> None:
    """Refuses an event that does not exist.

    Args:
        name: the event.
        custom: names that apps declare in `custom_events`.
        where: what names it, for the message.
    Raises:
        UnknownEventError: the message has the name that was probably meant.
    """
    if name in EVENTS or name in custom:
        return
    meant = _MISTAKEN.get(name)
    hint = f" Did you mean {meant!r}?" if meant else nearest(name, [*EVENTS, *custom])
    raise UnknownEventError(
        f"{where + ': ' if where else ''}no event {name!r}.{hint} An event of your own is declared in "
        "hooks.py: custom_events = [...]",
        event=name,
    )
