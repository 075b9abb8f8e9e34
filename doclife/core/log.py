"""Logs: structlog over the standard library, JSON when piped, request and job ids in every line."""

from __future__ import annotations

import logging
import sys
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger


def get_logger(name: str = "app") -> FilteringBoundLogger:
    """Returns the logger of a module; event names are constants of the calling module."""
    return cast(FilteringBoundLogger, structlog.get_logger(name))


def app_logger(
    module: str | None = None,
    with_more_info: bool = False,
    allow_site: bool = True,
    filter: object = None,
    max_size: int = 0,
    file_count: int = 0,
) -> FilteringBoundLogger:
    """Returns a logger for an app: `logger("shop").info("sold", items=3)`.

    Args:
        module: its name; default "app".
        with_more_info, allow_site, filter, max_size, file_count: taken for Frappe's sake. Lines go where those of
            doclife go, with the ids of request and job.
    """
    return get_logger(module or "app")


def _drop_below_warning(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    if method in ("debug", "info"):
        raise structlog.DropEvent
    return event


def stay_quiet() -> None:
    """Sends warnings and errors to stderr, as they come, and nothing anywhere else.

    This holds in programs that use doclife without `configure`: their stdout is their own.
    """
    structlog.configure(
        processors=[
            _drop_below_warning,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=False),
        ],
        # asked anew for each line: tests and programs replace sys.stderr
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def configure(level: str = "info", *, stream: TextIO | None = None, json_lines: bool | None = None) -> None:
    """Sends logs of doclife and of the standard library to `stream` (default stderr).

    Args:
        level: debug, info, warning, error.
        json_lines: True, False, or None: JSON unless the stream is a terminal.
    """
    out = stream if stream is not None else sys.stderr
    as_json = json_lines if json_lines is not None else not out.isatty()
    number = getattr(logging, level.upper())
    logging.basicConfig(level=max(number, logging.WARNING), stream=out, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=out.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )


if not structlog.is_configured():
    stay_quiet()
