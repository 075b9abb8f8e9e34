"""Messages to the user, and refusals: `msgprint`, `throw` and the texts they show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from doclife.core.context import current, current_or_none
from doclife.core.errors import DoclifeError, ValidationError

#: a text, or several lines of it
Message = str | Sequence[str]


def _(text: str, lang: str | None = None, context: str | None = None) -> str:
    """Returns a text in the user's language: the text itself, as doclife has no translations yet.

    Args:
        text: as written in the code, with its placeholders; format the result.
        lang: accepted for Frappe's signature.
        context: accepted for Frappe's signature.
    """
    return text


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
    """
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
) -> None:
    """Adds a message for the user to the answer of the request or command.

    Args:
        msg: a text; several lines as a list.
        title: heading of the dialog.
        raise_exception: raise too: a class, or True for ValidationError.
        as_table: hint for the desk: `msg` is rows.
        as_list: hint: show the lines as a list.
        indicator: blue, green, orange, red or yellow.
        alert: a passing notice instead of a dialog.
        primary_action: hint.
        is_minimizable: hint.
        wide: hint.
    Order: inside a context. With `flags.mute_messages` nothing is shown.
    """
    _show(
        msg,
        title=title,
        indicator=indicator,
        raise_exception=bool(raise_exception),
        alert=alert,
        as_table=as_table,
        as_list=as_list,
        is_minimizable=is_minimizable,
        wide=wide,
        primary_action=primary_action,
    )
    if raise_exception:
        raise _error(ValidationError if raise_exception is True else raise_exception, msg, title)


def _show(msg: Message, **options: Any) -> None:
    context = current()
    if not context.flags.mute_messages:
        context.messages.append({"message": _text(msg)} | {key: value for key, value in options.items() if value})


def _text(msg: Message) -> str:
    return msg if isinstance(msg, str) else "\n".join(map(str, msg))


def _error(exc: type[Exception], msg: Message, title: str | None) -> Exception:
    return exc(_text(msg), title=title) if issubclass(exc, DoclifeError) else exc(_text(msg))
