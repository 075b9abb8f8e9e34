"""Messages to whoever looks on: fire and forget, they never fail the caller."""

from __future__ import annotations

import math
from typing import Any

from doclife.core import json
from doclife.core.context import Context, current
from doclife.core.errors import DoclifeError, brief
from doclife.core.log import get_logger
from doclife.queue.protocol import Broker
from doclife.uow.unit import UnitOfWork

MESSAGE_NOT_SENT = "realtime_message_not_sent"
PROGRESS = "progress"
MSGPRINT = "msgprint"

_SENT = "realtime_sent"

log = get_logger(__name__)


def channel(site: str) -> str:
    """Returns the broker's channel of a site's messages."""
    return f"doclife:realtime:{site}"


def publish_realtime(
    event: str,
    message: Any = None,
    *,
    user: str | None = None,
    doctype: str | None = None,
    docname: str | None = None,
    room: str | None = None,
    task_id: str | None = None,
    after_commit: bool = False,
) -> None:
    """Sends a message to the users who listen now; whatever keeps it from being sent is logged.

    Args:
        event: name of the event in the browser.
        message: JSON data; None: {}.
        user: to this user alone.
        doctype: with `docname` to who looks at this document, without it at the list.
        docname: name of the document.
        room: any room, instead of the above; none of them: to everybody on the site.
        task_id: to who waits for this task; always at once.
        after_commit: send it if the open transaction commits, when it does, and one of several that are the same.
    """
    context = current()
    if event == MSGPRINT and not (user or doctype or room or task_id):
        user = context.user
    where = room or (f"task_progress:{task_id}" if task_id else _room(user, doctype, docname))
    try:
        payload = json.dumps({"event": event, "message": {} if message is None else message, "room": where})
    except Exception as error:  # noqa: BLE001 a message is an app's own objects: whatever they raise fails nobody
        log.warning(MESSAGE_NOT_SENT, event_name=str(event), reason=f"{type(error).__name__}: {error}")
        return
    if after_commit and not task_id:
        unit: UnitOfWork = context.unit
        sent = _sent_with(context, unit.serial)

        def send_once() -> None:
            if payload not in sent:
                sent.add(payload)
                _send(context, payload)

        unit.add_callback("after_commit", send_once)
    else:
        _send(context, payload)


def publish_progress(
    percent: float,
    title: str | None = None,
    description: str | None = None,
    *,
    doctype: str | None = None,
    docname: str | None = None,
    task_id: str | None = None,
) -> None:
    """Shows how far the running work is: to its user at once, in the job's row with its next commit.

    Args:
        percent: 0 to 100.
        title: heading of the progress bar.
        description: what is being done.
        doctype: with `docname`: show it at this document instead.
        docname: name of the document.
        task_id: show it to who waits for this task instead.
    """
    context = current()
    try:
        done = float(percent)
    except (TypeError, ValueError, OverflowError):
        done = math.nan
    if not math.isfinite(done):
        log.warning(MESSAGE_NOT_SENT, event_name=PROGRESS, reason=f"percent is a number, not {brief(percent)}")
        return
    progress = {
        "percent": int(done) if done.is_integer() else done,
        "title": None if title is None else str(title),
        "description": None if description is None else str(description),
    }
    if context.job is not None:
        context.job.progress = progress
    message = progress | ({"doctype": doctype, "docname": docname} if doctype else {})
    user = None if doctype and docname else context.user
    publish_realtime(PROGRESS, message, user=user, doctype=doctype, docname=docname, task_id=task_id)


def _sent_with(context: Context, serial: int) -> set[str]:
    """Returns what the commit of this transaction has sent: messages that a rollback has taken are not in it."""
    known: tuple[int, set[str]] | None = context.local.get(_SENT)
    if known is None or known[0] != serial:
        known = context.local[_SENT] = (serial, set())
    return known[1]


def _room(user: str | None, doctype: str | None, docname: str | None) -> str:
    if user:
        return f"user:{user}"
    if doctype:
        return f"doc:{doctype}/{docname}" if docname else f"doctype:{doctype}"
    return "all"


def _send(context: Context, payload: str) -> None:
    try:
        broker: Broker = context.site.broker
        broker.publish(channel(context.site.name), payload)
    except DoclifeError as error:  # the broker could not even be opened
        log.debug(MESSAGE_NOT_SENT, reason=str(error))
