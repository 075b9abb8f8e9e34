"""Messages to the user, and refusals: `msgprint`, `throw` and the texts they show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from doclife.core.context import current, current_or_none
from doclife.core.errors import DoclifeError, NotSupported, ValidationError

#: a text, several lines of it, or the rows of a table
Message = str | Sequence[str] | Sequence[Sequence[Any]]


def _(msg: str, lang: str | None = None, context: str | None = None) -> str:
    """Returns a text in the user's language: the text itself, as doclife has no translations yet.

    Args:
        msg: as written in the code, with its placeholders; format the result.
        lang: accepted for Frappe's signature.
        context: accepted for Frappe's signature.
    """
    return msg


def throw(
    msg: Message,
    exc: type[Exception] = ValidationError,
    title: str | None = None,
    is_minimizable: bool = False,
    wide: bool = False,
    as_list: bool = False,
    primary_action: Any = None,
) -> NoReturn:
    """Refuses: shows a red message and raises `exc`.

    Args:
        msg: what is wrong; several lines as a list.
        exc: class of the exception.
        title: heading of the dialog.
        is_minimizable: a hint for the desk, as are the following.
        wide: hint.
        as_list: show the lines as a list.
        primary_action: hint.
    Raises:
        TypeError: `exc` is no class of exceptions.
    """
    if not isinstance(exc, type) or not issubclass(exc, Exception):
        raise TypeError(f"throw(..., exc=...) takes a class of exceptions, such as ValidationError, not {exc!r}")
    if current_or_none() is not None:
        _show(
            msg,
            title=title,
            indicator="red",
            raise_exception=True,
            is_minimizable=is_minimizable,
            wide=wide,
            as_list=as_list,
            primary_action=primary_action,
        )
    raise _error(exc, msg, title)


def msgprint(
    msg: Message,
    title: str | None = None,
    raise_exception: bool | type[Exception] = False,
    as_table: bool = False,
    as_list: bool = False,
    indicator: str | None = None,
    alert: bool = False,
    primary_action: Any = None,
    is_minimizable: bool = False,
    wide: bool = False,
    *,
    realtime: bool = False,
) -> None:
    """Adds a message for the user to the answer of the request or command.

    Args:
        msg: a text; several lines as a list.
        title: heading of the dialog.
        raise_exception: raise too: a class, or True for ValidationError.
        as_table: `msg` is rows, and stays a list in the message.
        as_list: `msg` is lines that are shown as a list, and stays one in the message.
        indicator: blue, green, orange, red or yellow; red is the default where something is raised.
        alert: a passing notice instead of a dialog.
        primary_action: hint.
        is_minimizable: hint.
        wide: hint.
        realtime: taken for Frappe's sake; refused, as `publish_realtime` does that.
    Raises:
        NotSupported: `realtime` is set.
    Order: inside a context. With `flags.mute_messages` nothing is shown.
    """
    if realtime:
        raise NotSupported(
            "msgprint(realtime=True): what must reach the user before the answer does is sent by "
            "publish_realtime('msgprint', message, user=session.user)"
        )
    _show(
        msg,
        title=title,
        indicator=indicator or ("red" if raise_exception else None),
        raise_exception=bool(raise_exception),
        alert=alert,
        as_table=as_table,
        as_list=as_list,
        is_minimizable=is_minimizable,
        wide=wide,
        primary_action=primary_action,
    )
    if raise_exception:
        raise _error(raise_exception if isinstance(raise_exception, type) else ValidationError, msg, title)


def get_message_log() -> list[dict[str, Any]]:
    """Returns the messages of the open context, oldest first."""
    return list(current().messages)


def clear_messages() -> None:
    """Takes back every message of the open context."""
    current().messages.clear()


def clear_last_message() -> None:
    """Takes back the last message: of an error, say, that was caught."""
    del current().messages[-1:]


def _show(msg: Message, *, as_list: bool = False, as_table: bool = False, **options: Any) -> None:
    context = current()
    if context.flags.mute_messages:
        return
    message: Any = _text(msg)
    if (as_list or as_table) and isinstance(msg, (list, tuple)):
        message = [list(row) if as_table and not isinstance(row, str) else row for row in msg]
        options |= {"as_table": as_table, "as_list": as_list}
    context.messages.append({"message": message} | {key: value for key, value in options.items() if value})


def _text(msg: Message) -> str:
    if not isinstance(msg, (list, tuple)):
        return "" if msg is None else str(msg)
    return "\n".join(line if isinstance(line, str) else ", ".join(map(str, line)) for line in msg)


def _error(exc: type[Exception], msg: Message, title: str | None) -> Exception:
    return exc(_text(msg), title=title) if issubclass(exc, DoclifeError) else exc(_text(msg))
