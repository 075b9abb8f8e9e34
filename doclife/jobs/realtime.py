"""Messages to whoever looks on: fire and forget, they never fail the caller."""

from __future__ import annotations

from typing import Any

from doclife.core import json
from doclife.core.context import Context, current
from doclife.core.errors import DoclifeError
from doclife.core.log import get_logger
from doclife.queue.protocol import Broker
from doclife.uow.unit import UnitOfWork

MESSAGE_NOT_SENT = "realtime_message_not_sent"
PROGRESS = "progress"

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
    after_commit: bool = False,
) -> None:
    """Sends a message to the users who listen now.

    Args:
        event: name of the event in the browser.
        message: JSON data.
        user: to this user alone.
        doctype: with `docname` to who looks at this document, without it at the list.
        docname: name of the document.
        room: any room, instead of the above; none of them: to everybody on the site.
        after_commit: send it if the open transaction commits, when it does.
    """
    context = current()
    where = room or _room(user, doctype, docname)
    try:
        payload = json.dumps({"event": event, "message": message, "room": where})
    except (TypeError, ValueError, DoclifeError) as error:
        log.warning(MESSAGE_NOT_SENT, event_name=event, reason=str(error))
        return
    if after_commit:
        unit: UnitOfWork = context.unit
        unit.add_callback("after_commit", lambda: _send(context, payload))
    else:
        _send(context, payload)


def publish_progress(
    percent: float,
    title: str | None = None,
    description: str | None = None,
    *,
    doctype: str | None = None,
    docname: str | None = None,
) -> None:
    """Shows how far the running work is: to its user at once, in the job's row with its next commit.

    Args:
        percent: 0 to 100.
        title: heading of the progress bar.
        description: what is being done.
        doctype: with `docname`: show it at this document instead.
        docname: name of the document.
    """
    context = current()
    progress = {"percent": percent, "title": title, "description": description}
    if context.job is not None:
        context.job.progress = progress
    message = progress | ({"doctype": doctype, "docname": docname} if doctype else {})
    user = None if doctype and docname else context.user
    publish_realtime(PROGRESS, message, user=user, doctype=doctype, docname=docname)


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
